/** How much two frames differ. */

/** Mean absolute difference of two luma grids, 0..255. */
export function meanDifference(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!)
  return sum / a.length
}
