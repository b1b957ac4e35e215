/** Finds the faces of an image and asks of each whether it is one. */

import {
  type Candidate,
  CERTAIN_SCORE,
  DOUBTFUL_SCORE,
  facesThatCount,
  hasPlausiblePose,
  sideOf,
} from '../face/choose.ts'
import type { Face, FaceDetector, SecondLook } from '../face/face.ts'
import { iou } from '../image/box.ts'
import type { Frame } from '../image/frame.ts'
import { flatnessOf } from '../quality/flatness.ts'
import { QUALITY_BOUNDS } from '../quality/gates.ts'

/** Second looks at one image: more faces than this are a crowd, whatever some of them are. */
const MAX_SECOND_LOOKS = 6

export interface FoundFaces {
  /** Faces to judge, the largest first. */
  readonly faces: readonly Face[]
  /** What was found and is no face by the second look, the largest first. */
  readonly others: readonly Face[]
}

/** Every face of the image, large and small. */
export async function findAllFaces(detector: FaceDetector, frame: Frame): Promise<FoundFaces> {
  const found = bySize(await detector.detect(frame, { thorough: true }))
  const { candidates, others } = await confirm(detector, frame, found, found.length)
  return { faces: candidates.map(({ face }) => face), others }
}

/** The faces that count where one person is expected: one, or several that are several people. */
export async function findFaces(detector: FaceDetector, frame: Frame): Promise<FoundFaces> {
  const found = bySize(await detector.detect(frame))
  const upright = found.filter(hasPlausiblePose)
  const first = await confirm(detector, frame, upright, MAX_SECOND_LOOKS)
  const largest = first.candidates[0]
  // Without a face that could be judged, the largest one found says by its gates what is wrong.
  if (largest === undefined) return { faces: [], others: found }
  let { candidates } = first
  if (largest.score < DOUBTFUL_SCORE) {
    // A drawing or a thing may stand beside a face that the first look did not reach.
    const rest = bySize(await detector.detect(frame, { thorough: true })).filter(
      (face) => hasPlausiblePose(face) && !candidates.some((known) => isSame(known.face, face)),
    )
    candidates = [...candidates, ...(await confirm(detector, frame, rest, MAX_SECOND_LOOKS)).candidates]
  }
  return { faces: facesThatCount(candidates).map(({ face }) => face), others: first.others }
}

async function confirm(
  detector: FaceDetector,
  frame: Frame,
  faces: readonly Face[],
  limit: number,
): Promise<{ candidates: Candidate[]; others: Face[] }> {
  const candidates: Candidate[] = []
  const others: Face[] = []
  for (const face of faces.slice(0, limit)) {
    const { score, isFace } = await lookAgain(detector, frame, face, CERTAIN_SCORE)
    if (isFace) candidates.push({ face, score })
    else others.push(face)
  }
  return { candidates, others }
}

/**
 * Is there a face at all? A detector without a second look is believed.
 * @param certain from this score of the first look on there is no second one
 */
export async function lookAgain(
  detector: FaceDetector,
  frame: Frame,
  face: Face,
  certain = Number.POSITIVE_INFINITY,
): Promise<SecondLook> {
  if (detector.confirm === undefined) return { score: 1, isFace: true }
  // A program draws even areas; no camera does.
  if (flatnessOf(frame, face.box) > QUALITY_BOUNDS.maxFlatness) return { score: 0, isFace: false }
  return face.score >= certain ? { score: face.score, isFace: true } : detector.confirm(frame, face)
}

function bySize(faces: readonly Face[]): Face[] {
  return faces.toSorted((a, b) => sideOf(b) - sideOf(a))
}

/** Boxes of two looks at one face overlap at least this much. */
const SAME_FACE = 0.3

function isSame(a: Face, b: Face): boolean {
  return iou(a.box, b.box) >= SAME_FACE
}
