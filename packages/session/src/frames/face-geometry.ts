/** Where a face is and where it looks, from its four key points. */
import type { Face } from '@unspoof/core'

export interface FaceGeometry {
  /** Centre between eyes and mouth, frame pixels. */
  readonly x: number
  readonly y: number
  /** Distance from the eyes' middle to the mouth, pixels: hardly changed by turning the head, so it measures how near the face is. */
  readonly size: number
  /**
   * The nose's place along the line of the eyes, from their middle, in half eye distances: 0 = straight ahead, above 0 = turned to the person's own
   * left. A nose tip stands about 0.9 half eye distances in front of the eyes, so a turn by 25 degrees gives about 0.4 (0.9 tan 25).
   * A flat picture that is turned keeps its nose in the middle.
   */
  readonly yaw: number
}

/** Undefined without key points, or where they are no face. */
export function faceGeometry(face: Face | null | undefined): FaceGeometry | undefined {
  const points = face?.keyPoints
  if (points === undefined) return undefined
  const { rightEye, leftEye, nose, mouth } = points
  const eyesX = leftEye.x - rightEye.x
  const eyesY = leftEye.y - rightEye.y
  const middle = { x: (leftEye.x + rightEye.x) / 2, y: (leftEye.y + rightEye.y) / 2 }
  const eyes = Math.hypot(eyesX, eyesY)
  const size = Math.hypot(mouth.x - middle.x, mouth.y - middle.y)
  const yaw = ((nose.x - middle.x) * eyesX + (nose.y - middle.y) * eyesY) / (eyes * eyes * 0.5)
  if (!(eyes > 0 && size > 0 && Number.isFinite(yaw))) return undefined
  return { x: (middle.x + mouth.x) / 2, y: (middle.y + mouth.y) / 2, size, yaw }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
