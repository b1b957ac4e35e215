/** Is one model better than another on the same pictures? Paired tests, because both saw the same presentations. */
import { LivenessError } from '@unspoof/core'
import { incompleteBeta } from './beta.ts'
import { type Bootstrap, bootstrapInterval, hasFewClusters } from './bootstrap.ts'
import { areaUnder, curveOf, rank } from './curve.ts'
import type { Interval } from './intervals.ts'
import type { Presentation } from './presentation.ts'

export interface McNemar {
  /** Presentations that only the first, and only the second model got wrong. */
  readonly onlyFirst: number
  readonly onlySecond: number
  /** Exact two-sided p-value, 0..1. 6 : 0 is the least that reaches p < 0.05. */
  readonly p: number
}

/**
 * Exact McNemar test of two lists of "got it wrong" for the same presentations, in the same order. It takes
 * presentations for independent: with {@link hasFewClusters | few clusters} its p-value means nothing.
 */
export function mcnemar(firstWrong: readonly boolean[], secondWrong: readonly boolean[]): McNemar {
  if (firstWrong.length !== secondWrong.length) {
    throw new LivenessError('DATA_INVALID', 'Expected both models to have judged the same presentations.')
  }
  let onlyFirst = 0
  let onlySecond = 0
  firstWrong.forEach((wrong, i) => {
    if (wrong && !secondWrong[i]) onlyFirst++
    else if (!wrong && secondWrong[i]) onlySecond++
  })
  const n = onlyFirst + onlySecond
  const k = Math.min(onlyFirst, onlySecond)
  // P(X <= k) for X ~ Binomial(n, 1/2) is I_{1/2}(n - k, k + 1).
  const p = n === 0 ? 1 : Math.min(1, 2 * incompleteBeta(0.5, n - k, k + 1))
  return { onlyFirst, onlySecond, p }
}

export interface AucDifference {
  /** AUC of the first minus AUC of the second. */
  readonly difference: number
  /** 95 % bootstrap over clusters; `null` where resamples keep losing a class, or clusters are too few. Better means: 0 is outside. */
  readonly interval: Interval | null
  /** Presentations both models answered. */
  readonly n: number
}

/**
 * Difference of two models' AUC on the presentations both answered.
 * @throws LivenessError DATA_INVALID when the lists differ in length, label or cluster; DATA_TOO_FEW when a class is missing.
 */
export function aucDifference(
  first: readonly Presentation[],
  second: readonly Presentation[],
  options?: Bootstrap,
): AucDifference {
  if (
    first.length !== second.length ||
    first.some((p, i) => p.label !== second[i]!.label || p.cluster !== second[i]!.cluster)
  ) {
    throw new LivenessError('DATA_INVALID', 'Expected both models to have judged the same presentations.')
  }
  const shared = [...first.keys()].filter((i) => first[i]!.score !== null && second[i]!.score !== null)
  const a = shared.map((i) => first[i]!)
  const b = shared.map((i) => second[i]!)
  const rankA = rank(a)
  const rankB = rank(b)
  const difference = (weights?: Float64Array) => areaUnder(curveOf(rankA, weights)) - areaUnder(curveOf(rankB, weights))
  const interval = hasFewClusters(a) ? null : bootstrapInterval(a, difference, options)
  return { difference: difference(), interval, n: a.length }
}

/** Holm's correction of several p-values, in the order given: compare each with 0.05. */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[a]! - pValues[b]!)
  const adjusted = new Array<number>(pValues.length)
  let highest = 0
  order.forEach((index, place) => {
    highest = Math.max(highest, Math.min(1, (pValues.length - place) * pValues[index]!))
    adjusted[index] = highest
  })
  return adjusted
}
