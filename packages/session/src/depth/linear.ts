/** Small linear algebra for fits with few unknowns. */

/** Solves `a x = b` by Gauss with pivots; undefined where `a` is singular. Both are overwritten. `a` is row by row, n x n. */
export function solve(a: Float64Array, b: Float64Array): Float64Array | undefined {
  const n = b.length
  for (let column = 0; column < n; column++) {
    let pivot = column
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(a[row * n + column]!) > Math.abs(a[pivot * n + column]!)) pivot = row
    }
    const head = a[pivot * n + column]!
    if (!(Math.abs(head) > 1e-12)) return undefined
    for (let k = 0; k < n; k++) {
      const value = a[column * n + k]!
      a[column * n + k] = a[pivot * n + k]!
      a[pivot * n + k] = value
    }
    const value = b[column]!
    b[column] = b[pivot]!
    b[pivot] = value
    for (let row = column + 1; row < n; row++) {
      const factor = a[row * n + column]! / head
      for (let k = column; k < n; k++) a[row * n + k]! -= factor * a[column * n + k]!
      b[row]! -= factor * b[column]!
    }
  }
  for (let row = n - 1; row >= 0; row--) {
    let sum = b[row]!
    for (let k = row + 1; k < n; k++) sum -= a[row * n + k]! * b[k]!
    b[row] = sum / a[row * n + row]!
  }
  return b
}

/** Normal equations of a least squares fit, filled row by row. */
export interface LeastSquares {
  /** Adds `coefficients . x = value` with a weight. */
  add(coefficients: ArrayLike<number>, value: number, weight?: number): void
  /** As `add`, with the coefficients of some unknowns only. */
  addSparse(indices: ArrayLike<number>, coefficients: ArrayLike<number>, value: number, weight?: number): void
  /** The best x; undefined where the rows do not determine it. */
  solve(): Float64Array | undefined
}

export function leastSquares(unknowns: number): LeastSquares {
  const normal = new Float64Array(unknowns * unknowns)
  const right = new Float64Array(unknowns)
  return {
    add(coefficients, value, weight = 1) {
      for (let i = 0; i < unknowns; i++) {
        const scaled = weight * coefficients[i]!
        if (scaled === 0) continue
        for (let j = 0; j < unknowns; j++) normal[i * unknowns + j]! += scaled * coefficients[j]!
        right[i]! += scaled * value
      }
    },
    addSparse(indices, coefficients, value, weight = 1) {
      for (let i = 0; i < indices.length; i++) {
        const scaled = weight * coefficients[i]!
        const row = indices[i]! * unknowns
        for (let j = 0; j < indices.length; j++) normal[row + indices[j]!]! += scaled * coefficients[j]!
        right[indices[i]!]! += scaled * value
      }
    },
    solve: () => solve(normal.slice(), right.slice()),
  }
}
