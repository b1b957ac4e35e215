/** Exact intervals of error rates, and how many presentations a claim needs. */
import { LivenessError } from '@unspoof/core'
import { inverseIncompleteBeta } from './beta.ts'

/** Lower and upper end of an interval, 0..1. */
export type Interval = readonly [lower: number, upper: number]

function checkCounts(errors: number, n: number): void {
  if (!Number.isInteger(errors) || !Number.isInteger(n) || errors < 0 || n < 1 || errors > n) {
    throw new LivenessError('DATA_INVALID', 'Expected integer counts with 0 <= errors <= n and n >= 1.')
  }
}

/**
 * Two-sided Clopper-Pearson interval of `errors` out of `n`.
 * @param confidence 0..1, 0.95 unless told.
 * @throws LivenessError DATA_INVALID when the counts are not integers with 0 <= errors <= n, n >= 1.
 */
export function clopperPearson(errors: number, n: number, confidence = 0.95): Interval {
  checkCounts(errors, n)
  const tail = (1 - confidence) / 2
  return [
    errors === 0 ? 0 : inverseIncompleteBeta(tail, errors, n - errors + 1),
    errors === n ? 1 : inverseIncompleteBeta(1 - tail, errors + 1, n - errors),
  ]
}

/**
 * One-sided exact upper bound: with this confidence the true rate is at most this. What a claim "at most x" stands on.
 * @throws LivenessError DATA_INVALID as {@link clopperPearson}.
 */
export function upperBound(errors: number, n: number, confidence = 0.95): number {
  checkCounts(errors, n)
  return errors === n ? 1 : inverseIncompleteBeta(confidence, errors + 1, n - errors)
}

/** The claims a report may make, weakest first, 0..1. */
export const CLAIMS = [0.15, 0.1, 0.07, 0.05, 0.02, 0.01, 0.005, 0.001] as const

/** The strongest of {@link CLAIMS} ("at most x") that these counts carry, or `null` where they carry none. */
export function strongestClaim(errors: number, n: number, confidence = 0.95): number | null {
  const bound = upperBound(errors, n, confidence)
  return CLAIMS.findLast((claim) => bound <= claim) ?? null
}

/**
 * How many presentations are needed to claim "at most `rate`" with `errors` errors among them: the exact form of the rule
 * of three (0 errors: 299 for 1 %).
 * @throws LivenessError DATA_INVALID when rate is not inside (0, 1) or errors is not a whole number.
 */
export function presentationsNeeded(rate: number, errors = 0, confidence = 0.95): number {
  if (!(rate > 0 && rate < 1) || !Number.isInteger(errors) || errors < 0) {
    throw new LivenessError('DATA_INVALID', 'Expected a rate inside (0, 1) and a whole number of errors.')
  }
  let high = errors + 1
  while (upperBound(errors, high, confidence) > rate) high *= 2
  let low = Math.max(errors, Math.floor(high / 2))
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (upperBound(errors, Math.max(middle, 1), confidence) > rate) low = middle
    else high = middle
  }
  return high
}

/** The largest number of errors among `n` that still carries the claim "at most `rate`", or -1 where even 0 does not. */
export function errorsAllowed(rate: number, n: number, confidence = 0.95): number {
  let errors = -1
  while (errors + 1 < n && upperBound(errors + 1, n, confidence) <= rate) errors++
  return errors
}
