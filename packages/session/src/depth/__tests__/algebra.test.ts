import { seededRandom } from '@unspoof/core'
import { describe, expect, it } from 'vitest'
import { fitHomography, project } from '../homography.ts'
import { leastSquares, solve } from '../linear.ts'

describe('solve', () => {
  it('finds x again for any matrix that is not singular', () => {
    const random = seededRandom(1)
    for (const n of [1, 2, 3, 8, 20]) {
      const a = Float64Array.from({ length: n * n }, () => random() - 0.5)
      const x = Float64Array.from({ length: n }, () => random() - 0.5)
      const b = Float64Array.from({ length: n }, (_, row) =>
        x.reduce((sum, value, k) => sum + a[row * n + k]! * value, 0),
      )
      const found = solve(a, b)!
      for (let i = 0; i < n; i++) expect(found[i]).toBeCloseTo(x[i]!, 8)
    }
  })

  it('answers undefined for a singular matrix', () => {
    expect(solve(Float64Array.from([1, 2, 2, 4]), Float64Array.from([1, 2]))).toBeUndefined()
    expect(solve(Float64Array.from([Number.NaN]), Float64Array.from([1]))).toBeUndefined()
  })
})

describe('leastSquares', () => {
  it('fits a line through points, whether rows are given whole or by index', () => {
    const whole = leastSquares(2)
    const sparse = leastSquares(2)
    for (const [x, y] of [
      [0, 1],
      [1, 3],
      [2, 5.3],
      [3, 6.7],
    ] as const) {
      whole.add([x, 1], y)
      sparse.addSparse([1, 0], [1, x], y)
    }
    expect(Array.from(whole.solve()!)).toEqual(Array.from(sparse.solve()!))
    expect(whole.solve()![0]).toBeCloseTo(1.94, 9)
    expect(whole.solve()![1]).toBeCloseTo(1.09, 9)
  })

  it('answers undefined where the rows leave something open', () => {
    const fit = leastSquares(2)
    fit.add([1, 1], 3)
    expect(fit.solve()).toBeUndefined()
  })
})

describe('fitHomography', () => {
  it('finds the map of any plane again', () => {
    const random = seededRandom(2)
    for (let round = 0; round < 20; round++) {
      const h = Float64Array.from([1, 0, 0, 0, 1, 0, 0, 0], (value) => value + 0.4 * (random() - 0.5))
      const from = Float64Array.from({ length: 24 }, () => 2 * random() - 1)
      const to = new Float64Array(24)
      for (let i = 0; i < 24; i += 2) {
        const { x, y } = project(h, from[i]!, from[i + 1]!)
        to.set([x, y], i)
      }
      const found = fitHomography(from, to)!
      for (let i = 0; i < 8; i++) expect(found[i]).toBeCloseTo(h[i]!, 6)
    }
  })

  it('answers undefined for points on one line', () => {
    const line = Float64Array.from({ length: 20 }, (_, i) => i >> 1)
    expect(fitHomography(line, line)).toBeUndefined()
  })
})
