/** Frames as the depth cues keep them, drawn without a camera: a mesh of a head, a face and a room of smooth random texture. */
import { seededRandom } from '@unspoof/core'
import type { DepthFrame } from '../depth-frame.ts'
import { FLAT_PARTS, NOSE } from '../landmarks.ts'
import type { Luma } from '../luma.ts'

export interface Scene {
  /** Half the distance of the eyes, pixels of a frame of 640 x 480. */
  readonly half: number
  /** Radians. */
  readonly yaw?: number
  /** 0 = a plane, 1 = a head. */
  readonly depth?: number
  /** How much larger than at first the room is. */
  readonly room?: number
  /** Seed of what the face looks like: another one for every frame of a person who moves. */
  readonly face?: number
  /** Contrast of the room, grey values. */
  readonly contrast?: number
}

const EYES = { x: 320, y: 200 }

export function scene({ half, yaw = 0, depth = 1, room = 1, face = 1, contrast = 40 }: Scene): DepthFrame {
  return { mesh: mesh(half, yaw, depth), luma: faceImage(half, face), room: roomImage(room, contrast) }
}

/** An ellipsoid with a nose, turned and seen in parallel projection: `x, y, z` of each landmark by turns. */
export function mesh(half: number, yaw: number, depth: number, eyes = EYES): Float64Array {
  const random = seededRandom(7)
  const points = new Float64Array(468 * 3)
  const corners: Record<number, readonly [number, number]> = {
    33: [-1.5, 0],
    133: [-0.5, 0],
    362: [0.5, 0],
    263: [1.5, 0],
    152: [0, 3.9],
    1: [0, 1.3],
    4: [0, 1.2],
    5: [0, 1],
    195: [0, 0.8],
  }
  const flat: readonly number[] = FLAT_PARTS
  const nose: readonly number[] = NOSE
  for (let i = 0; i < 468; i++) {
    // Eyes and brows, or lips; everything else anywhere on the face.
    const any = [4 * random() - 2, 5 * random() - 1.5] as const
    const part = [3.4 * random() - 1.7, random() < 0.6 ? random() - 0.8 : 2 + 0.5 * random()] as const
    const [u, v] = corners[i] ?? (flat.includes(i) ? part : any)
    const z =
      depth * (2.5 * Math.sqrt(Math.max(0, 1 - (u / 2.6) ** 2 - ((v - 0.6) / 3.6) ** 2)) + (nose.includes(i) ? 0.7 : 0))
    points[3 * i] = eyes.x + half * (u * Math.cos(yaw) + z * Math.sin(yaw))
    points[3 * i + 1] = eyes.y + half * v
    points[3 * i + 2] = -z * half
  }
  return points
}

function faceImage(half: number, seed: number): Luma {
  const look = texture(seed, 1.5)
  return image(320, 240, 0.5, (x, y) => 128 + 60 * look((x - EYES.x) / half, (y - EYES.y) / half))
}

function roomImage(growth: number, contrast: number): Luma {
  const walls = texture(5, 80)
  return image(96, 72, 0.15, (x, y) => 128 + contrast * walls((x - 320) / growth, (y - 240) / growth))
}

function image(width: number, height: number, scale: number, at: (x: number, y: number) => number): Luma {
  const data = new Uint8Array(width * height)
  for (let i = 0; i < data.length; i++) data[i] = Math.round(at((i % width) / scale, Math.floor(i / width) / scale))
  return { data, width, height, scale }
}

/** Smooth hills and valleys about as long as `length`, -1..1. */
function texture(seed: number, length: number): (x: number, y: number) => number {
  const random = seededRandom(seed)
  const waves = Array.from({ length: 10 }, () => {
    const angle = 2 * Math.PI * random()
    const pace = ((0.5 + random()) * 2 * Math.PI) / length
    return [pace * Math.cos(angle), pace * Math.sin(angle), 2 * Math.PI * random()] as const
  })
  return (x, y) => Math.tanh(waves.reduce((sum, [a, b, phase]) => sum + Math.sin(a * x + b * y + phase), 0) / 3)
}
