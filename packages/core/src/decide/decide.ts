/** From the log-odds of one face to its verdict. */
import { sigmoid } from './calibration.ts'
import { grantLive } from './grant.ts'
import { type Reason, reason } from './reasons.ts'
import type { Verdict } from './result.ts'

export interface Evidence {
  /** Calibrated log-odds of live, one a crop of the face; the first is the face as it is. */
  readonly logits: readonly number[]
  /** `live` needs at least this probability, in (0, 1). */
  readonly threshold: number
  /** `spoof` needs a probability below this, at most the threshold; between the two the verdict is `retry`. @default the threshold */
  readonly spoofBelow?: number | undefined
  /** Crops that agree less than this are `unstable`, 0..1. */
  readonly minStability: number
  /** What the quality gates found; any of them makes the verdict `retry`. */
  readonly reasons: readonly Reason[]
}

export interface Decision {
  readonly verdict: Exclude<Verdict, 'not-checked'>
  readonly liveProbability: number | null
  readonly stability: number | null
  readonly reasons: readonly Reason[]
}

/**
 * Gates first, then stability, then the thresholds. Fails closed: a `live` needs a finite probability that reaches a
 * valid threshold; everything that is not a number becomes `retry`.
 */
export function decide(evidence: Evidence): Decision {
  const { logits, threshold, spoofBelow = threshold, minStability, reasons } = evidence
  if (reasons.length > 0) return { verdict: 'retry', liveProbability: null, stability: null, reasons }
  const mean = logits.reduce((sum, value) => sum + value, 0) / logits.length
  const probability = sigmoid(mean)
  if (!Number.isFinite(probability) || !(threshold > 0 && threshold < 1)) {
    return { verdict: 'retry', liveProbability: null, stability: null, reasons: [reason('undecided')] }
  }
  const stability = stabilityOf(logits)
  const decided = { liveProbability: probability, stability }
  if (stability !== null && !(stability >= minStability)) {
    return { ...decided, verdict: 'retry', reasons: [reason('unstable', { value: stability, bound: minStability })] }
  }
  const live = grantLive({ probability, threshold })
  if (live !== undefined) return { ...decided, verdict: live, reasons: [] }
  if (probability >= spoofBelow) return { ...decided, verdict: 'retry', reasons: [reason('uncertain')] }
  return { ...decided, verdict: 'spoof', reasons: [reason('attack-suspected')] }
}

/**
 * How well the crops agree: 1 minus the range of their probabilities, 0..1. `null` for one crop.
 * The range and not the deviation: one crop that says the opposite must be seen however many agree.
 */
export function stabilityOf(logits: readonly number[]): number | null {
  if (logits.length < 2) return null
  const probabilities = logits.map(sigmoid)
  return 1 - (Math.max(...probabilities) - Math.min(...probabilities))
}

const SEVERITY: Readonly<Record<Verdict, number>> = { live: 0, 'not-checked': 1, retry: 2, spoof: 3 }

/** The verdict that counts where several faces or pictures were judged: spoof, then retry, then not-checked, then live. */
export function worstVerdict(verdicts: readonly Verdict[]): Verdict {
  return verdicts.reduce<Verdict>(
    (worst, verdict) => (SEVERITY[verdict] > SEVERITY[worst] ? verdict : worst),
    verdicts[0] ?? 'not-checked',
  )
}
