/** What the depth cues keep of a frame: a mesh, and grey images that are too small to show more than the movement. */
import type { Face, FaceLandmarker, Frame } from '@unspoof/core'
import type { Eyes } from './grid.ts'
import { EYE_CORNERS } from './landmarks.ts'
import { type Luma, lumaOf } from './luma.ts'

export interface DepthFrame {
  /** `x, y, z` of each landmark by turns, frame pixels. */
  readonly mesh: Float64Array
  /** At most 320 pixels a side: for the face. */
  readonly luma: Luma
  /** The background, at most 96 pixels a side. */
  readonly room: Luma
}

const FACE_SIDE = 320
const ROOM_SIDE = 96
/** A mesh that the network itself doubts is none. */
const MIN_SCORE = 0.5

/**
 * Undefined where no mesh is found. Reads the frame's pixels and keeps about 90 kB. Takes 8 ms of one core.
 * @throws LivenessError MODEL_OUTPUT, CLOSED
 */
export async function depthFrame(
  landmarker: Pick<FaceLandmarker, 'locate'>,
  frame: Frame,
  face: Face | null,
): Promise<DepthFrame | undefined> {
  if (face === null) return undefined
  const found = await landmarker.locate(frame, face)
  if (found === undefined || found.score < MIN_SCORE) return undefined
  return { mesh: found.points, luma: lumaOf(frame, FACE_SIDE), room: lumaOf(frame, ROOM_SIDE) }
}

/** The eyes in pixels of one of the frame's images: middles between the corners. */
export function eyesIn(mesh: Float64Array, { scale }: Luma): Eyes {
  const middle = ([a, b]: readonly [number, number], axis: number): number =>
    ((mesh[3 * a + axis]! + mesh[3 * b + axis]!) / 2) * scale
  const right = { x: middle(EYE_CORNERS.right, 0), y: middle(EYE_CORNERS.right, 1) }
  const left = { x: middle(EYE_CORNERS.left, 0), y: middle(EYE_CORNERS.left, 1) }
  const distance = Math.hypot(left.x - right.x, left.y - right.y)
  return {
    x: (left.x + right.x) / 2,
    y: (left.y + right.y) / 2,
    half: distance / 2,
    axis: { x: (left.x - right.x) / distance, y: (left.y - right.y) / distance },
  }
}
