/** Compares pixels or values. */

/** The largest difference and the share of values that differ at all. */
export function countDifferences(a: ArrayLike<number>, b: ArrayLike<number>): { worst: number; share: number } {
  if (a.length !== b.length || a.length === 0) throw new Error(`Cannot compare ${a.length} values with ${b.length}.`)
  let worst = 0
  let different = 0
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs(a[i]! - b[i]!)
    if (difference > 0) different++
    worst = Math.max(worst, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference)
  }
  return { worst, share: different / a.length }
}
