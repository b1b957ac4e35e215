/** Bootstrap over clusters: ten pictures of one person are not ten people. */

import { seededRandom } from '@unspoof/core'
import type { Interval } from './intervals.ts'
import type { Presentation } from './presentation.ts'

export interface Bootstrap {
  /** @default 2000 */
  readonly resamples?: number
  /** Printed with every interval, so that it can be reproduced. @default 20260301 */
  readonly seed?: number
  /** 0..1. @default 0.95 */
  readonly confidence?: number
}

export const BOOTSTRAP_DEFAULTS = { resamples: 2000, seed: 20_260_301, confidence: 0.95 } as const

/** With fewer clusters than this an interval over clusters means little, and only counts are shown. */
export const MIN_CLUSTERS = 20

/** The cluster number of each presentation, and how many clusters there are. */
export function clustersOf(presentations: readonly Presentation[]): {
  readonly of: Uint32Array
  readonly count: number
} {
  const numbers = new Map<string, number>()
  let count = 0
  const of = Uint32Array.from(presentations, ({ cluster }) => {
    // An empty cell of a table is not a person.
    if (cluster === undefined || cluster === '') return count++
    const known = numbers.get(cluster)
    if (known !== undefined) return known
    numbers.set(cluster, count)
    return count++
  })
  return { of, count }
}

/** True where the presentations come from fewer than 20 clusters (and not each from its own): only counts can be shown. */
export function hasFewClusters(presentations: readonly Presentation[]): boolean {
  const { count } = clustersOf(presentations)
  return count < MIN_CLUSTERS && count < presentations.length
}

/**
 * Percentile interval of a statistic when whole clusters are drawn with replacement. `statistic` gets a weight for each
 * presentation (how often its cluster was drawn); resamples for which it is NaN (a class got lost) are left out.
 * @returns `null` when fewer than half of the resamples gave a number.
 */
export function bootstrapInterval(
  presentations: readonly Presentation[],
  statistic: (weights: Float64Array) => number,
  options: Bootstrap = {},
): Interval | null {
  const { resamples, seed, confidence } = { ...BOOTSTRAP_DEFAULTS, ...options }
  const { of, count } = clustersOf(presentations)
  const random = seededRandom(seed)
  const drawn = new Float64Array(count)
  const weights = new Float64Array(presentations.length)
  const values: number[] = []
  for (let r = 0; r < resamples; r++) {
    drawn.fill(0)
    for (let c = 0; c < count; c++) drawn[Math.floor(random() * count)]! += 1
    for (let i = 0; i < weights.length; i++) weights[i] = drawn[of[i]!]!
    const value = statistic(weights)
    if (!Number.isNaN(value)) values.push(value)
  }
  if (values.length < resamples / 2) return null
  values.sort((a, b) => a - b)
  const tail = (1 - confidence) / 2
  return [quantile(values, tail), quantile(values, 1 - tail)]
}

/** Linear between the two nearest ranks of a sorted list, as numpy does by default. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  const place = q * (sorted.length - 1)
  const below = Math.floor(place)
  const above = Math.min(below + 1, sorted.length - 1)
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!)
}

/** Interval of an error rate over clusters; `null` where clusters are too few, or say nothing because each holds one. */
export function clusteredInterval(
  presentations: readonly Presentation[],
  wrong: readonly boolean[],
  options?: Bootstrap,
): { readonly clusters: number; readonly interval: Interval | null } {
  const clusters = clustersOf(presentations).count
  if (clusters < MIN_CLUSTERS || clusters === presentations.length) return { clusters, interval: null }
  const interval = bootstrapInterval(
    presentations,
    (weights) => {
      let errors = 0
      let n = 0
      for (let i = 0; i < weights.length; i++) {
        n += weights[i]!
        if (wrong[i]) errors += weights[i]!
      }
      return errors / n
    },
    options,
  )
  return { clusters, interval }
}

export interface DesignEffect {
  /** How much more alike the presentations of one cluster are than any two, -1..1, at least 0 here. */
  readonly intraclassCorrelation: number
  /** 1 + (m - 1) * ICC, with m the size of the cluster a presentation is in, on average. */
  readonly designEffect: number
  /** How many independent presentations the n are worth. */
  readonly effectiveN: number
}

/** Design effect of correct and wrong answers over clusters, from the analysis of variance. */
export function designEffect(presentations: readonly Presentation[], wrong: readonly boolean[]): DesignEffect {
  const n = presentations.length
  const { of, count } = clustersOf(presentations)
  const sizes = new Float64Array(count)
  const errors = new Float64Array(count)
  for (let i = 0; i < n; i++) {
    sizes[of[i]!]! += 1
    if (wrong[i]) errors[of[i]!]! += 1
  }
  const independent = { intraclassCorrelation: 0, designEffect: 1, effectiveN: n }
  if (count < 2 || count === n) return independent
  const mean = errors.reduce((sum, e) => sum + e, 0) / n
  let between = 0
  let within = 0
  let squares = 0
  for (let c = 0; c < count; c++) {
    const rate = errors[c]! / sizes[c]!
    between += sizes[c]! * (rate - mean) ** 2
    within += sizes[c]! * rate * (1 - rate)
    squares += sizes[c]! ** 2
  }
  const meanBetween = between / (count - 1)
  const meanWithin = within / (n - count)
  const typicalSize = (n - squares / n) / (count - 1)
  const denominator = meanBetween + (typicalSize - 1) * meanWithin
  if (denominator === 0) return independent
  const icc = Math.min(1, Math.max(0, (meanBetween - meanWithin) / denominator))
  const effect = 1 + (squares / n - 1) * icc
  return { intraclassCorrelation: icc, designEffect: effect, effectiveN: n / effect }
}
