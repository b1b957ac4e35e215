/** The only place where `live` is made. A lint (scripts/lint/live-literal.grit) refuses the literal everywhere else. */
import type { Reason } from './reasons.ts'

export interface LiveClaim {
  /** Calibrated P(live), 0..1; `null` where no model ran. */
  readonly probability: number | null
  /** Of the operating point, in (0, 1). */
  readonly threshold: number
  /** Whatever speaks against `live`: quality gates, other faces, a failed challenge. Any of them refuses. */
  readonly objections?: readonly Reason[]
}

/**
 * Grants `live`, or `undefined` where the claim does not hold. It fails closed: NaN, infinite values, probabilities above 1
 * and thresholds outside (0, 1) grant nothing.
 *
 * @example
 * const live = grantLive({ probability, threshold: point.threshold, objections })
 * return { verdict: live ?? 'retry', reasons: objections }
 */
export function grantLive({ probability, threshold, objections = [] }: LiveClaim): 'live' | undefined {
  if (objections.length > 0 || probability === null) return undefined
  if (!Number.isFinite(probability) || !Number.isFinite(threshold) || threshold <= 0 || threshold >= 1) return undefined
  // biome-ignore lint/plugin: this is the place.
  return probability >= threshold && probability <= 1 ? 'live' : undefined
}
