/** From judged faces to the result of the image. */
import { worstVerdict } from '../decide/decide.ts'
import type { Reason } from '../decide/reasons.ts'
import {
  type FaceResult,
  type LivenessResult,
  type OperatingPoint,
  type Timings,
  VERDICT_CODES,
  type Verdict,
} from '../decide/result.ts'
import type { Face } from '../face/face.ts'
import type { DecodedImage } from './image.ts'

export interface ResultParts {
  readonly image: DecodedImage
  readonly results: readonly FaceResult[]
  /** Reasons of the whole image, where no face was judged. */
  readonly reasons?: readonly Reason[]
  readonly point: OperatingPoint
  readonly models: LivenessResult['model']
  readonly timings: Timings
}

/** The face with the worst verdict speaks for the image; an image without a judged face is `retry`. */
export function resultOf({ image, results, reasons = [], point, models, timings }: ResultParts): LivenessResult {
  const verdict: Verdict = results.length === 0 ? 'retry' : worstVerdict(results.map((result) => result.verdict))
  const judged = results.find((result) => result.verdict === verdict)
  const why = judged?.reasons ?? reasons
  return {
    verdict,
    code: VERDICT_CODES[verdict],
    liveProbability: judged?.liveProbability ?? null,
    stability: judged?.stability ?? null,
    reasons: [...why, ...(image.notes ?? [])],
    hint: verdict === 'live' ? '' : (why[0]?.hint ?? ''),
    face: judged?.face ?? null,
    faces: results,
    signals: judged?.signals ?? null,
    model: models,
    operatingPoint: point,
    timings,
    image: sizeOf(image),
  }
}

function sizeOf({ frame, sha256 }: DecodedImage): LivenessResult['image'] {
  if (frame === undefined) return null
  return { width: frame.width, height: frame.height, ...(sha256 === undefined ? {} : { sha256 }) }
}

/** A face that no model judged. */
export function unjudged(face: Face, reasons: readonly Reason[]): FaceResult {
  return { verdict: 'retry', face, liveProbability: null, stability: null, reasons, signals: null }
}
