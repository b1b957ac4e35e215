/** A drawn room with a drawn person in it, as a camera would see them: the tests' own bona fide and its forgeries. */
import { boxFromCorners, createFrame, type Face, type Frame, seededRandom } from '@unspoof/core'
import sharp, { type Sharp } from 'sharp'

export interface Scene {
  /** Seed of the room behind the person. */
  readonly room: number
  /** Seed of the person's looks. */
  readonly person: number
  /** Centre between the eyes, as shares of width and height. */
  readonly x: number
  readonly y: number
  /** Half eye distance, as a share of the width. */
  readonly size: number
  /** In half eye distances; above 0 = the person's own left, which is the right of an unmirrored picture. */
  readonly yaw: number
  /** Seed of the sensor's noise. */
  readonly noise: number
}

export const SCENE: Scene = { room: 1, person: 1, x: 0.5, y: 0.42, size: 0.07, yaw: 0, noise: 1 }

export interface Drawn {
  readonly frame: Frame
  readonly face: Face
}

/** Wider than the smallest accepted frame, so that a crop by a pixel is still accepted. */
export const WIDTH = 336
export const HEIGHT = 252

/** Draws a scene. */
export function draw(scene: Scene, width = WIDTH, height = HEIGHT): Drawn {
  const points = pointsOf(scene, width, height)
  const room = texture(scene.room, 14)
  const looks = texture(scene.person + 5000, 40)
  const half = scene.size * width
  const marks = [
    [points.rightEye, 0.35, 90],
    [points.leftEye, 0.35, 90],
    [points.nose, 0.3, -40],
    [points.mouth, 0.5, 60],
  ] as const
  const data = new Uint8Array(width * height * 3)
  let state = (scene.noise * 2654435761) >>> 0
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Face coordinates, in half eye distances from the eyes' middle.
      const u = (x - scene.x * width) / half
      const v = (y - scene.y * height) / half
      const inFace = (u / 2) ** 2 + ((v - 0.9) / 2.7) ** 2 < 1
      // Skin moves with the nose: texture of a turned head is shifted.
      let luma = inFace
        ? 150 + 60 * at(looks, (u - scene.yaw * 0.6) / 5 + 0.5, v / 6 + 0.4)
        : 110 + 110 * at(room, x / width, y / height)
      if (inFace) {
        for (const [point, radius, dark] of marks) {
          const d = ((x - point.x) ** 2 + (y - point.y) ** 2) / (radius * half) ** 2
          if (d < 4) luma -= dark * Math.exp(-d)
        }
      }
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0
      const grain = ((state >>> 24) - 127.5) / 12
      const p = (y * width + x) * 3
      const tint = inFace ? 16 : 0
      data[p] = clamp(luma + grain + tint)
      data[p + 1] = clamp(luma + grain)
      data[p + 2] = clamp(luma + grain - tint)
    }
  }
  const box = boxFromCorners(
    points.rightEye.x - half,
    points.rightEye.y - 1.8 * half,
    points.leftEye.x + half,
    points.mouth.y + 1.4 * half,
  )
  return {
    frame: createFrame({ data, width, height, channels: 3 }),
    face: { box, detectorBox: box, keyPoints: points, score: 0.99 },
  }
}

function clamp(value: number): number {
  return Math.max(0, Math.min(255, value))
}

function pointsOf({ x, y, size, yaw }: Scene, width: number, height: number): NonNullable<Face['keyPoints']> {
  const half = size * width
  const [cx, cy] = [x * width, y * height]
  return {
    rightEye: { x: cx - half, y: cy },
    leftEye: { x: cx + half, y: cy },
    nose: { x: cx + yaw * half, y: cy + half },
    mouth: { x: cx + yaw * half * 0.5, y: cy + 2 * half },
  }
}

/** Points along each side of a texture. */
const TEXTURE = 96
const textures = new Map<string, Float32Array>()

/** Smooth hills and valleys, -1..1. */
function texture(seed: number, hills: number): Float32Array {
  const key = `${seed}:${hills}`
  let values = textures.get(key)
  if (values === undefined) {
    const random = seededRandom(seed)
    const all = Array.from(
      { length: hills },
      () => [random(), random(), 0.05 + 0.2 * random(), random() * 2 - 1] as const,
    )
    values = Float32Array.from({ length: TEXTURE * TEXTURE }, (_, i) => {
      const [x, y] = [(i % TEXTURE) / (TEXTURE - 1), Math.floor(i / TEXTURE) / (TEXTURE - 1)]
      return Math.tanh(
        all.reduce(
          (sum, [hx, hy, radius, height]) =>
            sum + height * Math.exp(-((x - hx) ** 2 + (y - hy) ** 2) / (2 * radius * radius)),
          0,
        ),
      )
    })
    textures.set(key, values)
  }
  return values
}

/** Bilinear, so that moving by less than a pixel moves every pixel. */
function at(values: Float32Array, x: number, y: number): number {
  const fx = Math.min(TEXTURE - 1.001, Math.max(0, x * (TEXTURE - 1)))
  const fy = Math.min(TEXTURE - 1.001, Math.max(0, y * (TEXTURE - 1)))
  const [ix, iy] = [Math.floor(fx), Math.floor(fy)]
  const [wx, wy] = [fx - ix, fy - iy]
  const i = iy * TEXTURE + ix
  return (
    (values[i]! * (1 - wx) + values[i + 1]! * wx) * (1 - wy) +
    (values[i + TEXTURE]! * (1 - wx) + values[i + TEXTURE + 1]! * wx) * wy
  )
}

export async function toJpeg(frame: Frame, quality = 92): Promise<Uint8Array> {
  return new Uint8Array(await raw(frame).jpeg({ quality }).toBuffer())
}

export async function fromJpeg(bytes: Uint8Array): Promise<Frame> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return createFrame({ data: new Uint8Array(data), width: info.width, height: info.height, channels: 3 })
}

export function raw({ data, width, height, channels }: Frame): Sharp {
  return sharp(data, { raw: { width, height, channels } })
}
