/** Margins to calibrated live probabilities and back. */
import type { CardCalibration } from '../model/card.ts'

export function sigmoid(x: number): number {
  return x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))
}

/** Inverse of {@link sigmoid}, for p in (0, 1). */
export function logit(p: number): number {
  return Math.log(p / (1 - p))
}

/**
 * The calibrated log-odds of live. Platt, J. (1999), "Probabilistic outputs for support vector machines".
 * Log-odds add up over models and frames where probabilities do not.
 */
export function calibratedLogit(margin: number, calibration: Pick<CardCalibration, 'slope' | 'offset'>): number {
  return calibration.slope * margin + calibration.offset
}
