/** Everything the report says of one set of presentations, in one call. */
import { type Bootstrap, bootstrapInterval, clustersOf, hasFewClusters } from './bootstrap.ts'
import { type Reliability, reliability } from './calibration.ts'
import { areaUnder, bpcerAtApcer, type CurvePoint, curveOf, equalErrorRate, rank } from './curve.ts'
import type { Interval } from './intervals.ts'
import { groupBy, type Presentation, scored } from './presentation.ts'
import { type RatesAtThreshold, ratesAt } from './rates.ts'

/** Fewer presentations than this in a subgroup print "too few", not a number. */
export const MIN_SUBGROUP = 60

/** A statistic with its 95 % bootstrap interval; `null` where resamples keep losing a class, or clusters are fewer than 20. */
export interface Estimate {
  readonly value: number
  readonly interval: Interval | null
}

/** What compares models before a threshold is chosen. Of scored presentations; optimistic by nature. */
export interface RankingSummary {
  readonly auc: Estimate
  readonly eer: Estimate & { readonly threshold: number }
  /** BPCER at the thresholds with an APCER of at most 10, 5 and 1 %, chosen on the same data. */
  readonly bpcerAt: readonly { readonly apcer: number; readonly bpcer: number; readonly threshold: number }[]
  readonly curve: readonly CurvePoint[]
}

export interface EvaluationSummary {
  readonly counts: {
    readonly live: number
    readonly spoof: number
    /** Presentations without an answer. */
    readonly nonResponse: number
    readonly clusters: number
  }
  /** `null` where only one class was answered: there is nothing to rank. */
  readonly ranking: RankingSummary | null
  /** Error rates at the operating point. */
  readonly rates: RatesAtThreshold
  /** `null` where nothing was answered. */
  readonly reliability: Reliability | null
  /** True with fewer than 20 clusters (of more than one presentation): look at the counts only. */
  readonly fewClusters: boolean
}

export interface SummaryOptions {
  /** Of the operating point, 0..1. */
  readonly threshold: number
  readonly bootstrap?: Bootstrap
}

/**
 * Evaluates presentations at a threshold that was fixed elsewhere.
 * @throws LivenessError DATA_INVALID for labels or scores that are not well-formed.
 */
export function summarize(presentations: readonly Presentation[], options: SummaryOptions): EvaluationSummary {
  const rates = ratesAt(presentations, options.threshold, options.bootstrap)
  const answered = scored(presentations)
  const classes = new Set(answered.map((p) => p.label))
  const live = presentations.filter((p) => p.label === 'live').length
  const clusters = clustersOf(presentations).count
  const fewClusters = hasFewClusters(presentations)
  return {
    counts: {
      live,
      spoof: presentations.length - live,
      nonResponse: presentations.length - answered.length,
      clusters,
    },
    ranking: classes.size === 2 ? summarizeRanking(answered, options.bootstrap, fewClusters) : null,
    rates,
    reliability: answered.length === 0 ? null : reliability(answered),
    fewClusters,
  }
}

function summarizeRanking(
  answered: readonly Presentation[],
  bootstrap: Bootstrap = {},
  fewClusters = false,
): RankingSummary {
  const ranking = rank(answered)
  const curve = curveOf(ranking)
  const eer = equalErrorRate(curve)
  const interval = (statistic: (curve: readonly CurvePoint[]) => number) =>
    fewClusters ? null : bootstrapInterval(answered, (weights) => statistic(curveOf(ranking, weights)), bootstrap)
  return {
    auc: { value: areaUnder(curve), interval: interval(areaUnder) },
    eer: { value: eer.rate, threshold: eer.threshold, interval: interval((c) => equalErrorRate(c).rate) },
    bpcerAt: [0.1, 0.05, 0.01].map((target) => {
      const point = bpcerAtApcer(curve, target)
      return { apcer: target, bpcer: point.bpcer, threshold: point.threshold }
    }),
    curve,
  }
}

/** One group of presentations; `rates` is `null` where the group has fewer than 60. */
export interface Subgroup {
  readonly name: string
  readonly live: number
  readonly spoof: number
  readonly rates: RatesAtThreshold | null
}

/** Error rates by any property of the presentations, such as skin tone, brightness or a column of the table. */
export function subgroups<T extends Presentation>(
  presentations: readonly T[],
  groupOf: (presentation: T) => string,
  options: SummaryOptions,
): Subgroup[] {
  return [...groupBy(presentations, groupOf)].map(([name, group]) => {
    const live = group.filter((p) => p.label === 'live').length
    return {
      name,
      live,
      spoof: group.length - live,
      rates: group.length < MIN_SUBGROUP ? null : ratesAt(group, options.threshold, options.bootstrap),
    }
  })
}
