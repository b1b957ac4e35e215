/** The perspective map of a plane, from pairs of points. */
import { leastSquares } from './linear.ts'

/** `x' = (h0 x + h1 y + h2) / (h6 x + h7 y + 1)`, `y'` likewise with h3 to h5. */
export type Homography = Float64Array

/**
 * The map that takes `from` nearest to `to`; undefined where the points do not determine one. Both are `x, y` by turns and should be near the
 * origin and of size 1 or so. The algebraic error is minimised, which is near the distance where perspective is weak.
 */
export function fitHomography(from: Float64Array, to: Float64Array): Homography | undefined {
  const fit = leastSquares(8)
  for (let i = 0; i < from.length; i += 2) {
    const [x, y, u, v] = [from[i]!, from[i + 1]!, to[i]!, to[i + 1]!]
    fit.add([x, y, 1, 0, 0, 0, -u * x, -u * y], u)
    fit.add([0, 0, 0, x, y, 1, -v * x, -v * y], v)
  }
  return fit.solve()
}

export function project(h: Homography, x: number, y: number): { readonly x: number; readonly y: number } {
  const w = h[6]! * x + h[7]! * y + 1
  return { x: (h[0]! * x + h[1]! * y + h[2]!) / w, y: (h[3]! * x + h[4]! * y + h[5]!) / w }
}
