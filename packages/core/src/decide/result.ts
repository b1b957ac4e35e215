/** What a check answers, and the part of it a client may see. */
import type { ErrorCode } from '../errors.ts'
import type { Face } from '../face/face.ts'
import type { OperatingPointName } from '../model/card.ts'
import type { Reason, ReasonCode } from './reasons.ts'

export type Verdict = 'live' | 'spoof' | 'retry' | 'not-checked'

export type VerdictCode = 'LIVE' | Extract<ErrorCode, 'SPOOF' | 'RETRY' | 'NOT_CHECKED'>

export interface OperatingPoint {
  readonly name: OperatingPointName | 'custom'
  /** `live` needs a live probability of at least this. */
  readonly threshold: number
  /** `spoof` needs a live probability below this; between the two the verdict is `retry` with `uncertain`. @default the threshold */
  readonly spoofBelow?: number
}

/** What was measured on the picture of the face, for guidance and reports. */
export interface QualitySignals {
  /** Longer side of the canonical face, pixels. */
  readonly faceSide: number
  /** Share of the frame's area, 0..1 (more than 1 where the face reaches outside). */
  readonly faceShare: number
  /** Share of the canonical face outside the frame, 0..1. */
  readonly outside: number
  /** Share of a square around the face, twice its longer side, outside the frame, 0..1: high where an image was cut around the face. */
  readonly surroundingsOutside: number
  /** How much the colour varies over the face, 0 and up: 0 in a grey image, next to nothing in an infrared one. */
  readonly chroma: number
  /** Share of the face's pixels that are even with their neighbours, 0..1: high in drawings. */
  readonly flatness: number
  /** Mean luma of the face, 0..255. */
  readonly brightness: number
  /** Standard deviation of luma, 0..128. */
  readonly contrast: number
  /** Sharpness: variance of the Laplacian of the face's luma at 128 pixels, 0 and up. */
  readonly sharpness: number
  /** The same variance at 64 pixels by that at 16, 0 and up: next to nothing is fine where a tiny face was enlarged. */
  readonly detail: number
  /** Degrees from the eyes' line; undefined without key points. */
  readonly roll: number | undefined
  /** -1..1, from the nose's place between the eyes, 0 = frontal; undefined without key points. */
  readonly yaw: number | undefined
}

/** Milliseconds. */
export interface Timings {
  readonly decode: number
  readonly detect: number
  readonly quality: number
  readonly crop: number
  readonly model: number
  readonly total: number
}

export interface FaceResult {
  readonly verdict: Verdict
  readonly face: Face
  /** Calibrated P(live), 0..1; `null` where no model ran. */
  readonly liveProbability: number | null
  /** 0..1: 1 = every jittered crop says the same; `null` where only one crop was scored. */
  readonly stability: number | null
  readonly reasons: readonly Reason[]
  readonly signals: QualitySignals | null
}

export interface LivenessResult {
  readonly verdict: Verdict
  readonly code: VerdictCode
  /** Calibrated P(live) of the judged face, 0..1; `null` where no model ran. Stays on the server. */
  readonly liveProbability: number | null
  readonly stability: number | null
  readonly reasons: readonly Reason[]
  /** One sentence for the person; empty for `live`. */
  readonly hint: string
  /** The judged face; `null` where there is none. */
  readonly face: Face | null
  /** Every face found, judged or not, best first. */
  readonly faces: readonly FaceResult[]
  readonly signals: QualitySignals | null
  readonly model: readonly { readonly id: string; readonly version: string; readonly variant: string }[]
  readonly operatingPoint: OperatingPoint
  readonly timings: Timings
  readonly image: {
    readonly width: number
    readonly height: number
    /** Lower-case hex of the bytes that were judged; undefined for raw frames. */
    readonly sha256?: string
  } | null
}

/** What a client is told: never a score, a threshold or a stability, which would be an oracle for an attacker. */
export interface ClientResult {
  readonly verdict: Verdict
  readonly code: VerdictCode
  readonly reasons: readonly ReasonCode[]
  readonly hint: string
}

export function toClientResult(result: Pick<LivenessResult, 'verdict' | 'code' | 'reasons' | 'hint'>): ClientResult {
  return { verdict: result.verdict, code: result.code, reasons: result.reasons.map((r) => r.code), hint: result.hint }
}

export const VERDICT_CODES: Readonly<Record<Verdict, VerdictCode>> = {
  live: 'LIVE',
  spoof: 'SPOOF',
  retry: 'RETRY',
  'not-checked': 'NOT_CHECKED',
}
