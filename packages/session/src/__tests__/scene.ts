/** A drawn room with a drawn person in it, as a camera would see them: the tests' own bona fide and its forgeries. */
import { boxFromCorners, createFrame, type Face, type Frame } from '@unspoof/core'
import { seededRandom } from '@unspoof/core/testing'
import sharp from 'sharp'

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

/** Draws a scene of 320 x 240 pixels. */
export function draw(scene: Scene, width = 320, height = 240): Drawn {
  const points = pointsOf(scene, width, height)
  const noise = seededRandom(scene.noise * 7919 + 13)
  const room = blobs(scene.room, 14)
  const looks = blobs(scene.person + 5000, 40)
  const half = scene.size * width
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      // Face coordinates, in half eye distances from the eyes' middle.
      const u = (x - scene.x * width) / half
      const v = (y - scene.y * height) / half
      const inFace = (u / 2) ** 2 + ((v - 0.9) / 2.7) ** 2 < 1
      // Skin moves with the nose: texture of a turned head is shifted.
      let luma = inFace ? 150 + 60 * field(looks, (u - scene.yaw * 0.6) / 5 + 0.5, v / 6 + 0.4) : 110 + 110 * field(room, x / width, y / height)
      for (const [point, radius, dark] of [
        [points.rightEye, 0.35, 90],
        [points.leftEye, 0.35, 90],
        [points.nose, 0.3, -40],
        [points.mouth, 0.5, 60],
      ] as const) {
        const d = ((x - point.x) ** 2 + (y - point.y) ** 2) / (radius * half) ** 2
        if (d < 4) luma -= dark * Math.exp(-d)
      }
      const grain = (noise() + noise() + noise() - 1.5) * 8
      for (let c = 0; c < 3; c++) data[(y * width + x) * 3 + c] = Math.max(0, Math.min(255, luma + grain + (inFace ? [18, 0, -14][c]! : 0)))
    }
  }
  const box = boxFromCorners(points.rightEye.x - half, points.rightEye.y - 1.8 * half, points.leftEye.x + half, points.mouth.y + 1.4 * half)
  return { frame: createFrame({ data, width, height, channels: 3 }), face: { box, detectorBox: box, keyPoints: points, score: 0.99 } }
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

type Blob3 = readonly [x: number, y: number, radius: number, height: number]

function blobs(seed: number, n: number): Blob3[] {
  const random = seededRandom(seed)
  return Array.from({ length: n }, () => [random(), random(), 0.05 + 0.2 * random(), random() * 2 - 1] as const)
}

function field(all: readonly Blob3[], x: number, y: number): number {
  let sum = 0
  for (const [bx, by, radius, height] of all) sum += height * Math.exp(-((x - bx) ** 2 + (y - by) ** 2) / (2 * radius * radius))
  return Math.tanh(sum)
}

export async function toJpeg(frame: Frame, quality = 92): Promise<Uint8Array> {
  return new Uint8Array(await raw(frame).jpeg({ quality }).toBuffer())
}

export async function fromJpeg(bytes: Uint8Array): Promise<Frame> {
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return createFrame({ data: new Uint8Array(data), width: info.width, height: info.height, channels: 3 })
}

export function raw({ data, width, height, channels }: Frame): sharp.Sharp {
  return sharp(data, { raw: { width, height, channels } })
}
