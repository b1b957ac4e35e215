/** Which of the found faces is judged, and which others make an image of several people. */
import { QUALITY_BOUNDS } from '../quality/gates.ts'
import { rollOf, yawOf } from '../quality/pose.ts'
import type { Face } from './face.ts'

/** Faces at least this large beside the largest one, by longer side, are people of their own and not background. */
const COMPARABLE_SIDE = 0.5

/** A smaller face counts as well where its score is higher than that of the largest one by this much. */
const CLEARLY_MORE_FACE = 0.15

/** A score from which a face is beyond doubt: it is not looked at again, and smaller faces are background. */
export const CERTAIN_SCORE = 0.9

/** Below this score a face may be a drawing or a thing: other faces are searched for. Of 315 live faces some 5 in 100 are below. */
export const DOUBTFUL_SCORE = 0.72

/** A face with its score, 0..1: of the second look where there was one. */
export interface Candidate {
  readonly face: Face
  readonly score: number
}

/** Longer side of the canonical face, pixels. */
export function sideOf(face: Face): number {
  return Math.max(face.box.width, face.box.height)
}

/** False for what could not pass the pose gates, such as lettering that lies on its side. */
export function hasPlausiblePose({ keyPoints }: Face): boolean {
  if (keyPoints === undefined) return true
  return Math.abs(rollOf(keyPoints)) <= QUALITY_BOUNDS.maxRoll && Math.abs(yawOf(keyPoints)) <= QUALITY_BOUNDS.maxYaw
}

/**
 * The faces that count, the largest first: those of a comparable size, and smaller ones that are clearly more of a face. One
 * face is judged; several are several people. A decoy beside a face that a viewer would recognise must not hide it.
 * @param candidates whose second look found a face
 */
export function facesThatCount(candidates: readonly Candidate[]): Candidate[] {
  const bySize = candidates.toSorted((a, b) => sideOf(b.face) - sideOf(a.face))
  const largest = bySize[0]
  if (largest === undefined) return []
  const isBeyondDoubt = largest.score >= CERTAIN_SCORE
  return bySize.filter(
    ({ face, score }) =>
      sideOf(face) >= COMPARABLE_SIDE * sideOf(largest.face) ||
      (!isBeyondDoubt && score >= largest.score + CLEARLY_MORE_FACE),
  )
}
