/** A frame's luma, averaged down to a small grid: what hashes and comparisons of frames are made from. */
import type { Frame } from './frame.ts'

/** Cells along each side of the grid. */
export const LUMA_GRID_SIDE = 32

/** Longest side read pixel by pixel; of larger frames every second, third, ... pixel is read, to stay within a few milliseconds. */
const FULL_SIDE = 1024

/**
 * Mean luma (BT.601, 0..255) of {@link LUMA_GRID_SIDE} x {@link LUMA_GRID_SIDE} cells that cover the whole frame, row by row. The frame is stretched to
 * the square, so that a crop by a pixel moves every cell by less than a pixel. Sides must be at least 64 pixels.
 */
export function lumaGrid(frame: Frame): Float64Array {
  const { data, width, height, channels } = frame
  const step = Math.ceil(Math.max(width, height) / FULL_SIDE)
  const columns = axis(width, step)
  const rows = axis(height, step)
  const sums = new Float64Array(LUMA_GRID_SIDE * LUMA_GRID_SIDE)
  // Each row goes to LUMA_GRID_SIDE cells, with one more for what the last pixel has no next cell for; then rows go to LUMA_GRID_SIDE cells likewise.
  const line = new Float64Array(LUMA_GRID_SIDE + 1)
  for (let r = 0; r < rows.at.length; r++) {
    line.fill(0)
    const start = rows.at[r]! * width
    for (let c = 0; c < columns.at.length; c++) {
      const p = (start + columns.at[c]!) * channels
      const luma = 0.299 * data[p]! + 0.587 * data[p + 1]! + 0.114 * data[p + 2]!
      const cell = columns.cell[c]!
      const share = luma * columns.share[c]!
      line[cell] = line[cell]! + share
      line[cell + 1] = line[cell + 1]! + luma - share
    }
    const top = rows.cell[r]! * LUMA_GRID_SIDE
    const share = rows.share[r]!
    const isLast = rows.cell[r]! + 1 === LUMA_GRID_SIDE
    for (let x = 0; x < LUMA_GRID_SIDE; x++) {
      sums[top + x] = sums[top + x]! + line[x]! * share
      if (!isLast) sums[top + LUMA_GRID_SIDE + x] = sums[top + LUMA_GRID_SIDE + x]! + line[x]! * (1 - share)
    }
  }
  for (let y = 0; y < LUMA_GRID_SIDE; y++) {
    for (let x = 0; x < LUMA_GRID_SIDE; x++)
      sums[y * LUMA_GRID_SIDE + x] = sums[y * LUMA_GRID_SIDE + x]! / (rows.weight[y]! * columns.weight[x]!)
  }
  return sums
}

interface Axis {
  /** Pixels that are read, the cell each begins in, and its share in that cell; the rest is the next cell's. */
  readonly at: Int32Array
  readonly cell: Int32Array
  readonly share: Float64Array
  /** Of each cell, the sum of shares. */
  readonly weight: Float64Array
}

function axis(length: number, step: number): Axis {
  const n = Math.ceil(length / step)
  const at = new Int32Array(n)
  const cell = new Int32Array(n)
  const share = new Float64Array(n)
  const weight = new Float64Array(LUMA_GRID_SIDE + 1)
  for (let i = 0; i < n; i++) {
    const from = (i * step * LUMA_GRID_SIDE) / length
    const to = (Math.min(length, (i + 1) * step) * LUMA_GRID_SIDE) / length
    const first = Math.min(LUMA_GRID_SIDE - 1, Math.floor(from))
    const part = Math.min(1, (first + 1 - from) / (to - from))
    at[i] = i * step
    cell[i] = first
    share[i] = part
    weight[first] = weight[first]! + part
    weight[first + 1] = weight[first + 1]! + 1 - part
  }
  return { at, cell, share, weight }
}
