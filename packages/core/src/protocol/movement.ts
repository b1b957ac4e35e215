/** Where a face looks, and how far a movement has come. The server judges by this, and the page shows it. */
import type { Face } from '../face/face.ts'
import type { ChallengeKind } from './wire.ts'

export interface FaceGeometry {
  /** Centre between eyes and mouth, frame pixels. */
  readonly x: number
  readonly y: number
  /** Distance from the eyes' middle to the mouth, pixels. A turn of the head hardly changes it, so it tells how near the face is. */
  readonly size: number
  /**
   * The nose's place along the line of the eyes, from their middle, in half eye distances: 0 is straight ahead, above 0 the
   * person's own left. A nose tip stands about 0.9 half eye distances before the eyes, so a turn by 25 degrees gives 0.4.
   */
  readonly yaw: number
}

/** Bounds of a movement. Yaw is in the unit of {@link FaceGeometry}; sizes are ratios to the held face. */
export const MOVEMENT_BOUNDS = {
  /** Change of yaw that is a turn: about 21 degrees. */
  turn: 0.35,
  /** Growth of the face that is a move closer. */
  growth: 1.2,
  /** Change of yaw that a move closer may bring: about 13 degrees. */
  straight: 0.25,
  /** Change of size, either way, that a turn may bring. */
  sameSize: 1.16,
} as const

/** Undefined without landmarks, or where they are no face. */
export function faceGeometry(face: Pick<Face, 'keyPoints'> | null | undefined): FaceGeometry | undefined {
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

/** What a movement is compared with. */
export interface Baseline {
  /** Median yaw and size of the held faces. */
  readonly yaw: number
  readonly size: number
  /** Size at the end of the movement before, where there was one: nobody has to move back before a turn. */
  readonly sizeBefore?: number | undefined
}

/**
 * How far a face has come on the way to a movement's end, at most 1. From 1 on the face is in position; 0 is where it started,
 * and a face that did something else as well (grew in a turn, turned in a move closer) is below 1 whatever it did.
 */
export function movementProgress(kind: ChallengeKind, face: FaceGeometry, base: Baseline, mirrored = false): number {
  const turned = face.yaw - base.yaw
  if (kind === 'move-closer') {
    const grown = (face.size / base.size - 1) / (MOVEMENT_BOUNDS.growth - 1)
    return limited(grown, Math.abs(turned) < MOVEMENT_BOUNDS.straight)
  }
  const direction = (kind === 'turn-left') !== mirrored ? 1 : -1
  const sameSize = [base.size, base.sizeBefore ?? base.size].some((size) => {
    const ratio = face.size / size
    return Math.max(ratio, 1 / ratio) < MOVEMENT_BOUNDS.sameSize
  })
  return limited((turned * direction) / MOVEMENT_BOUNDS.turn, sameSize)
}

function limited(progress: number, exclusive: boolean): number {
  const shown = Math.min(1, Math.max(0, progress))
  return exclusive ? shown : Math.min(0.95, shown)
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
