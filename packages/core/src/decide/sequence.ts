/** The sequential decision over video frames. */
import type { CheckOptions } from '../options.ts'
import type { Reason } from './reasons.ts'
import type { LivenessResult, Verdict } from './result.ts'

export interface SequenceOptions extends CheckOptions {
  /** Frames judged at most. @default 30 */
  readonly maxFrames?: number
  /** Frames that must be judged before `live` is possible. @default 3 */
  readonly minFrames?: number
  /** Called after each frame, for progress. */
  readonly onFrame?: (result: LivenessResult, index: number) => void
}

export interface SequenceResult {
  readonly verdict: Verdict
  /** Calibrated P(live) of the whole sequence. */
  readonly liveProbability: number | null
  readonly reasons: readonly Reason[]
  readonly hint: string
  /** Frames read, and frames that were judged (not `retry`). */
  readonly frames: { readonly read: number; readonly judged: number }
  readonly results: readonly LivenessResult[]
}
