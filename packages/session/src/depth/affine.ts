/** Lays one frame's face over another's by an affine map: Gauss-Newton on the grey values (Lucas and Kanade, 1981). */
import { correlation, type Grid, sampleGrid } from './grid.ts'
import { leastSquares } from './linear.ts'
import { type Luma, lumaAt } from './luma.ts'

const ITERATIONS = 12
/** Iterations on blurred faces, which find the way from farther. */
const COARSE = 4
/** A step that moves the grid by less than this many pixels is the last one. */
const ENOUGH = 0.01

/** `x' = a x + b y + c, y' = d x + e y + f` */
type Affine = readonly number[]

/**
 * How much of one face is left unexplained when the other is moved, scaled, sheared, made brighter and laid over it: 0 = nothing, 1 = all.
 * @param matches where places of `from` lie in `to`, about: `x, y, x, y` by turns, luma pixels.
 */
export function affineResidual(from: Luma, grid: Grid, to: Luma, matches: Float64Array): number {
  const n = grid.points.length / 2
  const templates = [
    sampleGrid(from, grid.points, grid.pitch * 2),
    sampleGrid(from, grid.points, grid.pitch / 2),
  ] as const
  const start = startOf(matches)
  if (start === undefined) return 1
  let warp = start
  const moved = new Float64Array(2 * n)
  const [cx, cy] = [grid.points[n]!, grid.points[n + 1]!]
  const size = grid.pitch * grid.columns
  const pitch = grid.pitch * Math.sqrt(Math.abs(start[0]! * start[4]! - start[1]! * start[3]!))
  const row = new Float64Array(8)
  let best = 1
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    apply(warp, grid.points, moved)
    const coarse = iteration < COARSE
    const template = templates[coarse ? 0 : 1]
    const values = sampleGrid(to, moved, coarse ? pitch * 2 : pitch / 2)
    if (!coarse) best = Math.min(best, 1 - correlation(template, values))
    const fit = leastSquares(8)
    const h = Math.max(0.5, coarse ? pitch * 2 : pitch / 2)
    for (let k = 0; k < n; k++) {
      const [x, y] = [moved[2 * k]!, moved[2 * k + 1]!]
      const gx = (lumaAt(to, x + h, y) - lumaAt(to, x - h, y)) / (2 * h)
      const gy = (lumaAt(to, x, y + h) - lumaAt(to, x, y - h)) / (2 * h)
      const [u, v] = [(grid.points[2 * k]! - cx) / size, (grid.points[2 * k + 1]! - cy) / size]
      row[0] = gx * u
      row[1] = gx * v
      row[2] = gx
      row[3] = gy * u
      row[4] = gy * v
      row[5] = gy
      row[6] = -template[k]!
      row[7] = -1
      fit.add(row, -values[k]!)
    }
    const step = fit.solve()
    if (step === undefined) return best
    warp = [
      warp[0]! + step[0]! / size,
      warp[1]! + step[1]! / size,
      warp[2]! + step[2]! - (step[0]! * cx + step[1]! * cy) / size,
      warp[3]! + step[3]! / size,
      warp[4]! + step[4]! / size,
      warp[5]! + step[5]! - (step[3]! * cx + step[4]! * cy) / size,
    ]
    if (Math.max(...[0, 1, 2, 3, 4, 5].map((i) => Math.abs(step[i]!))) < ENOUGH && !coarse) break
  }
  apply(warp, grid.points, moved)
  return Math.min(best, 1 - correlation(templates[1], sampleGrid(to, moved, pitch / 2)))
}

function apply(warp: Affine, points: Float64Array, to: Float64Array): void {
  const [a, b, c, d, e, f] = warp as [number, number, number, number, number, number]
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i]!, points[i + 1]!]
    to[i] = a * x + b * y + c
    to[i + 1] = d * x + e * y + f
  }
}

function startOf(matches: Float64Array): Affine | undefined {
  const across = leastSquares(3)
  const down = leastSquares(3)
  for (let i = 0; i < matches.length; i += 4) {
    const place = [matches[i]!, matches[i + 1]!, 1]
    across.add(place, matches[i + 2]!)
    down.add(place, matches[i + 3]!)
  }
  const [x, y] = [across.solve(), down.solve()]
  return x === undefined || y === undefined ? undefined : [...x, ...y]
}
