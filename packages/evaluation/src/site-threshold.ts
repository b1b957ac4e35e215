/** A threshold from live captures alone. */
import { LivenessError, logit, MIN_CAPTURES, sigmoid } from '@unspoof/core'
import { checkPresentations } from './presentation.ts'

export interface SiteThreshold {
  readonly threshold: number
  /** Of the captures, how many lie below the threshold. */
  readonly refused: number
  /** True where the fit would have been more lenient than allowed. */
  readonly isAtLenient: boolean
}

/** Scores closer to 0 and 1 than this are counted as this close. */
const CLOSEST = 0.0025

/** Standard normal quantile of 96 %: 4 % of live people lie below the bound, if their log-odds are normal. */
const QUANTILE = 1.7507

/**
 * The bound below which 4 % of a site's live people are expected: the mean of the log-odds minus 1.75 standard deviations, widened for the
 * few captures as a prediction interval is. Never below `lenient`.
 * @param probabilities live probabilities of distinct captures, 0..1
 * @throws LivenessError DATA_TOO_FEW for fewer than 20; DATA_INVALID for what is no probability
 */
export function fitSiteThreshold(probabilities: readonly number[], lenient: number): SiteThreshold {
  const n = probabilities.length
  if (n < MIN_CAPTURES) {
    throw new LivenessError(
      'DATA_TOO_FEW',
      `Expected at least ${MIN_CAPTURES} distinct live captures but received ${n}.`,
    )
  }
  checkPresentations(probabilities.map((score) => ({ label: 'live', score })))
  const logits = probabilities.map((p) => logit(Math.min(1 - CLOSEST, Math.max(CLOSEST, p))))
  const mean = logits.reduce((sum, value) => sum + value, 0) / n
  const deviation = Math.sqrt(logits.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1))
  const fitted = sigmoid(mean - QUANTILE * deviation * Math.sqrt(1 + 1 / n))
  const threshold = Math.min(1 - CLOSEST, Math.max(fitted, lenient))
  return { threshold, refused: probabilities.filter((p) => p < threshold).length, isAtLenient: fitted < lenient }
}
