/** How rates are written: never more digits than the interval supports, and never "0 %" or "100 %" for a finite n. */
import { MIN_CLUSTERS } from './bootstrap.ts'
import type { Interval } from './intervals.ts'
import type { Rate } from './rates.ts'

/** A share as per cent: two significant digits, at least to the whole per cent. `up` and `down` round outwards for bounds. */
export function formatPercent(share: number, round: 'near' | 'up' | 'down' = 'near'): string {
  const percent = share * 100
  const digits = percent >= 10 || percent === 0 ? 0 : Math.min(6, 1 - Math.floor(Math.log10(percent)))
  return `${roundTo(percent, digits, round)} %`
}

function roundTo(value: number, digits: number, round: 'near' | 'up' | 'down'): string {
  const unit = 10 ** digits
  // 0.07 * 100 is 7.000000000000001: such dust must not be rounded up.
  const scaled = Number((value * unit).toPrecision(12))
  const rounded = round === 'near' ? Math.round(scaled) : round === 'up' ? Math.ceil(scaled) : Math.floor(scaled)
  return String(rounded / unit)
}

/** Decimals of a percentage that an interval of this width (0..1) supports: none from 10 points on, one from 1 point on. */
function decimals([lower, upper]: Interval): number {
  const width = (upper - lower) * 100
  return width >= 10 ? 0 : width >= 1 ? 1 : 2
}

/** The wider of the exact interval and the one over clusters: the one to publish. */
export function widerInterval(rate: Pick<Rate, 'interval' | 'clustered'>): Interval {
  if (rate.clustered === null) return rate.interval
  return [Math.min(rate.interval[0], rate.clustered[0]), Math.max(rate.interval[1], rate.clustered[1])]
}

/**
 * An error rate for people: `4.1 % [2.3, 6.8] (14 of 340)`, `0 of 150 (<= 2 %)`, `12 of 12 (>= 77 %)`. Bounds of the last two
 * are one-sided, 95 %. Presentations of fewer than 20 clusters give counts only: `46 of 54 (7 clusters, too few for a rate)`.
 */
export function formatRate(
  rate: Pick<Rate, 'errors' | 'n' | 'rate' | 'interval' | 'clustered' | 'clusters' | 'upper'>,
): string {
  const { errors, n, clusters } = rate
  if (clusters < MIN_CLUSTERS && clusters < n) {
    return `${errors} of ${n} (${clusters} ${clusters === 1 ? 'cluster' : 'clusters'}, too few for a rate)`
  }
  if (errors === 0) return `0 of ${n} (<= ${formatPercent(rate.upper, 'up')})`
  if (errors === n) return `${n} of ${n} (>= ${formatPercent(0.05 ** (1 / n), 'down')})`
  const interval = widerInterval(rate)
  const digits = decimals(interval)
  const value = (rate.rate * 100).toFixed(digits)
  return `${value} % [${(interval[0] * 100).toFixed(digits)}, ${(interval[1] * 100).toFixed(digits)}] (${errors} of ${n})`
}

/** A statistic in 0..1 such as AUC: `.987 [.979, .993]`; one that has reached its end shows how little data it takes to. */
export function formatShare(value: number, interval: Interval | null): string {
  if (value === 1) return '1 (no overlap)'
  const text = (share: number) => (share >= 1 ? '1' : share >= 0.9995 ? '>.999' : share.toFixed(3).replace(/^0/, ''))
  return interval === null ? text(value) : `${text(value)} [${text(interval[0])}, ${text(interval[1])}]`
}
