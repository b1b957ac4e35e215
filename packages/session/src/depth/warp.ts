/** Lays one frame's face over another's by a smooth warp: a grid of control points whose places are fitted to the grey values. */
import { correlation, type Grid, sampleGrid } from './grid.ts'
import { leastSquares } from './linear.ts'
import { type Luma, lumaAt } from './luma.ts'

/** Control points a side. */
const SIDE = 6
const CONTROLS = SIDE * SIDE
const ITERATIONS = 8
/** How much neighbours must move alike: low enough that a head's depth is followed, high enough that noise is not. */
const STIFFNESS = 0.02

/** Pairs of places that show the same point of the face: `from` x, `from` y, `to` x, `to` y by turns, luma pixels. */
export type Matches = Float64Array

/**
 * How much of one face is left unexplained when the other is warped smoothly and laid over it, and made brighter or darker: 0 = nothing, 1 = all.
 */
export function warpResidual(from: Luma, grid: Grid, to: Luma, matches: Matches): number {
  const n = grid.columns * grid.rows
  const template = sampleGrid(from, grid.points, grid.pitch / 2)
  const weights = controlWeights(grid)
  const controls = startOf(grid, matches)
  if (controls === undefined) return 1
  const moved = new Float64Array(2 * n)
  let best = 1
  for (let iteration = 0; ; iteration++) {
    place(controls, weights, moved)
    const values = sampleGrid(to, moved, grid.pitch / 2)
    best = Math.min(best, 1 - correlation(template, values))
    if (iteration === ITERATIONS) return best
    const fit = leastSquares(2 * CONTROLS + 2)
    let contrast = 0
    const h = Math.max(0.5, grid.pitch / 2)
    const columns = new Int32Array(10)
    const row = new Float64Array(10)
    columns[8] = 2 * CONTROLS
    columns[9] = 2 * CONTROLS + 1
    for (let k = 0; k < n; k++) {
      const [x, y] = [moved[2 * k]!, moved[2 * k + 1]!]
      const gx = (lumaAt(to, x + h, y) - lumaAt(to, x - h, y)) / (2 * h)
      const gy = (lumaAt(to, x, y + h) - lumaAt(to, x, y - h)) / (2 * h)
      contrast += gx * gx + gy * gy
      for (let c = 0; c < 4; c++) {
        const control = weights.index[4 * k + c]!
        const weight = weights.value[4 * k + c]!
        columns[2 * c] = 2 * control
        columns[2 * c + 1] = 2 * control + 1
        row[2 * c] = gx * weight
        row[2 * c + 1] = gy * weight
      }
      row[8] = -template[k]!
      row[9] = -1
      fit.addSparse(columns, row, -values[k]!)
    }
    stiffen(fit, controls, (STIFFNESS * contrast) / CONTROLS)
    const step = fit.solve()
    if (step === undefined) return best
    for (let i = 0; i < controls.length; i++) controls[i]! += Math.max(-3, Math.min(3, step[i]!))
  }
}

interface Weights {
  readonly index: Int32Array
  readonly value: Float64Array
}

/** The four control points around each place of the grid, bilinear. */
function controlWeights({ columns, rows }: Grid): Weights {
  const index = new Int32Array(columns * rows * 4)
  const value = new Float64Array(columns * rows * 4)
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      spread(column / (columns - 1), row / (rows - 1), index, value, (row * columns + column) * 4)
    }
  }
  return { index, value }
}

/** `u`, `v` 0..1 across and down the grid. */
function spread(u: number, v: number, index: Int32Array, value: Float64Array, at: number): void {
  const [fx, fy] = [
    Math.min(SIDE - 1.0001, Math.max(0, u * (SIDE - 1))),
    Math.min(SIDE - 1.0001, Math.max(0, v * (SIDE - 1))),
  ]
  const [ix, iy] = [Math.floor(fx), Math.floor(fy)]
  const [wx, wy] = [fx - ix, fy - iy]
  index.set([iy * SIDE + ix, iy * SIDE + ix + 1, (iy + 1) * SIDE + ix, (iy + 1) * SIDE + ix + 1], at)
  value.set([(1 - wx) * (1 - wy), wx * (1 - wy), (1 - wx) * wy, wx * wy], at)
}

function place(controls: Float64Array, { index, value }: Weights, moved: Float64Array): void {
  moved.fill(0)
  for (let i = 0; i < index.length; i++) {
    const k = i >> 2
    moved[2 * k]! += controls[2 * index[i]!]! * value[i]!
    moved[2 * k + 1]! += controls[2 * index[i]! + 1]! * value[i]!
  }
}

/** Where the matches say the control points are: their places in the other frame, `x, y` by turns. */
function startOf(grid: Grid, matches: Matches): Float64Array | undefined {
  const { points, columns, rows } = grid
  const origin = [points[0]!, points[1]!] as const
  const across = [points[2 * (columns - 1)]! - origin[0], points[2 * (columns - 1) + 1]! - origin[1]] as const
  const last = 2 * columns * (rows - 1)
  const down = [points[last]! - origin[0], points[last + 1]! - origin[1]] as const
  const fit = leastSquares(2 * CONTROLS)
  const index = new Int32Array(4)
  const value = new Float64Array(4)
  for (let i = 0; i < matches.length; i += 4) {
    const [x, y] = [matches[i]! - origin[0], matches[i + 1]! - origin[1]]
    const u = (x * across[0] + y * across[1]) / (across[0] ** 2 + across[1] ** 2)
    const v = (x * down[0] + y * down[1]) / (down[0] ** 2 + down[1] ** 2)
    if (!(u > -0.1 && u < 1.1 && v > -0.1 && v < 1.1)) continue
    spread(u, v, index, value, 0)
    fit.addSparse([2 * index[0]!, 2 * index[1]!, 2 * index[2]!, 2 * index[3]!], value, matches[i + 2]!)
    fit.addSparse([2 * index[0]! + 1, 2 * index[1]! + 1, 2 * index[2]! + 1, 2 * index[3]! + 1], value, matches[i + 3]!)
  }
  bend(fit, 0.3)
  return fit.solve()
}

type Fit = ReturnType<typeof leastSquares>

/** Second differences near 0: control points without matches lie on a line with their neighbours. */
function bend(fit: Fit, weight: number): void {
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      for (const [dx, dy] of [
        [1, 0],
        [0, 1],
      ] as const) {
        if (column - dx < 0 || column + dx >= SIDE || row - dy < 0 || row + dy >= SIDE) continue
        const at = row * SIDE + column
        const [before, after] = [at - dx - dy * SIDE, at + dx + dy * SIDE]
        for (const axis of [0, 1]) {
          fit.addSparse([2 * before + axis, 2 * at + axis, 2 * after + axis], [1, -2, 1], 0, weight)
        }
      }
    }
  }
}

/** Steps bend the grid little. */
function stiffen(fit: Fit, controls: Float64Array, weight: number): void {
  for (let i = 0; i < controls.length; i++) fit.addSparse([i], [1], 0, weight * 0.05)
  bend(fit, weight)
}
