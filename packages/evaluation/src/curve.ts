/** ROC and DET points, AUC, EER, and BPCER at a fixed APCER: the numbers that compare models before a threshold is chosen. */
import { LivenessError } from '@unspoof/core'
import { checkPresentations, type Presentation, scored } from './presentation.ts'

/** The error rates of the rule "live when score >= threshold". Rates are 0..1. */
export interface CurvePoint {
  readonly threshold: number
  /** Attack presentations accepted, all species pooled. */
  readonly apcer: number
  /** Bona fide presentations refused. */
  readonly bpcer: number
}

/** Both classes sorted by score, highest first: the shared start of every ranking metric. */
export interface Ranking {
  /** Scores, highest first. */
  readonly scores: Float64Array
  /** 1 = live, 0 = spoof, in the same order. */
  readonly live: Uint8Array
  /** Where each entry was in the list of scored presentations. */
  readonly index: Uint32Array
}

/**
 * Sorts the scored presentations; non-responses are left out.
 * @throws LivenessError DATA_TOO_FEW when there is not at least one scored presentation of each class.
 * @throws LivenessError DATA_INVALID for scores outside 0..1.
 */
export function rank(presentations: readonly Presentation[]): Ranking {
  checkPresentations(presentations)
  const answered = scored(presentations)
  const lives = answered.filter((p) => p.label === 'live').length
  if (lives === 0 || lives === answered.length) {
    throw new LivenessError(
      'DATA_TOO_FEW',
      `Expected scored presentations of both classes but received ${lives} live and ${answered.length - lives} spoof.`,
    )
  }
  const index = Uint32Array.from(answered.keys()).sort((a, b) => answered[b]!.score - answered[a]!.score)
  return {
    scores: Float64Array.from(index, (i) => answered[i]!.score),
    live: Uint8Array.from(index, (i) => (answered[i]!.label === 'live' ? 1 : 0)),
    index,
  }
}

/**
 * The curve of a ranking, one point a distinct score, from "nobody is live" (threshold Infinity) to "everybody is live".
 * `weights` (by position in the list of scored presentations) make it the curve of a resample.
 */
export function curveOf(ranking: Ranking, weights?: ArrayLike<number>): CurvePoint[] {
  const { scores, live, index } = ranking
  let lives = 0
  let spoofs = 0
  for (let i = 0; i < scores.length; i++) {
    const weight = weights === undefined ? 1 : weights[index[i]!]!
    if (live[i] === 1) lives += weight
    else spoofs += weight
  }
  const points: CurvePoint[] = [{ threshold: Number.POSITIVE_INFINITY, apcer: 0, bpcer: 1 }]
  let accepted = 0
  let passed = 0
  for (let i = 0; i < scores.length; i++) {
    const weight = weights === undefined ? 1 : weights[index[i]!]!
    if (live[i] === 1) accepted += weight
    else passed += weight
    if (i + 1 === scores.length || scores[i + 1] !== scores[i]) {
      points.push({ threshold: scores[i]!, apcer: passed / spoofs, bpcer: 1 - accepted / lives })
    }
  }
  return points
}

/**
 * ROC and DET points of scored presentations (non-responses are left out), highest threshold first.
 * @throws LivenessError DATA_TOO_FEW when a class is missing, DATA_INVALID for scores outside 0..1.
 */
export function rocCurve(presentations: readonly Presentation[]): CurvePoint[] {
  return curveOf(rank(presentations))
}

/** Area under the ROC curve (ties count half), 0..1; NaN where a resample has lost a class. */
export function areaUnder(curve: readonly CurvePoint[]): number {
  let area = 0
  for (let i = 1; i < curve.length; i++) {
    const before = curve[i - 1]!
    const here = curve[i]!
    area += (here.apcer - before.apcer) * (1 - (here.bpcer + before.bpcer) / 2)
  }
  return area
}

/**
 * The chance that a live presentation scores higher than an attack, 0..1.
 * @throws LivenessError DATA_TOO_FEW when a class is missing.
 */
export function auc(presentations: readonly Presentation[]): number {
  return areaUnder(rocCurve(presentations))
}

export interface EqualErrorRate {
  /** 0..1. */
  readonly rate: number
  /** A threshold beside which APCER and BPCER cross. */
  readonly threshold: number
}

/**
 * Where APCER equals BPCER. Between two neighbouring points of the curve both rates are interpolated linearly, as if a
 * coin chose between the two thresholds; with few presentations the rate is therefore not a multiple of 1 / n.
 */
export function equalErrorRate(curve: readonly CurvePoint[]): EqualErrorRate {
  for (let i = 1; i < curve.length; i++) {
    const before = curve[i - 1]!
    const here = curve[i]!
    if (here.apcer < here.bpcer) continue
    // The difference APCER - BPCER goes from negative to zero or more on this step.
    const gapBefore = before.bpcer - before.apcer
    const gapHere = here.apcer - here.bpcer
    const share = gapBefore / (gapBefore + gapHere)
    return { rate: before.apcer + share * (here.apcer - before.apcer), threshold: here.threshold }
  }
  return { rate: Number.NaN, threshold: Number.NaN }
}

/**
 * The lowest BPCER among the thresholds whose APCER is at most `apcer`: a rate a real threshold has, not interpolated.
 * The threshold was chosen on the same data, so the rate is optimistic.
 */
export function bpcerAtApcer(curve: readonly CurvePoint[], apcer: number): CurvePoint {
  // 1 / 100 must count as 1 % although neither is exact in binary.
  const within = (point: CurvePoint) => point.apcer <= apcer + 1e-12
  return curve.filter(within).reduce((best, point) => (point.bpcer < best.bpcer ? point : best))
}
