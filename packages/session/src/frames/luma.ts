/** A frame's luma, averaged down to a small grid: what hashes and comparisons of frames are made from. */
import type { Frame } from '@unspoof/core'

/** Cells along each side of the grid. */
export const GRID = 32

/** Longest side read pixel by pixel; of larger frames every second, third, ... pixel is read, to stay within a few milliseconds. */
const FULL_SIDE = 1024

/**
 * Mean luma (BT.601, 0..255) of {@link GRID} x {@link GRID} cells that cover the whole frame, row by row. The frame is stretched to the square,
 * so that a crop by a pixel moves every cell by less than a pixel.
 */
export function lumaGrid(frame: Frame): Float64Array {
  const { data, width, height, channels } = frame
  const step = Math.ceil(Math.max(width, height) / FULL_SIDE)
  const columns = axis(width, step)
  const rows = axis(height, step)
  const sums = new Float64Array(GRID * GRID)
  // First each row to GRID cells, then the rows to GRID cells: every pixel is read once.
  const line = new Float64Array(GRID)
  for (let r = 0; r < rows.at.length; r++) {
    line.fill(0)
    for (let c = 0; c < columns.at.length; c++) {
      const p = (rows.at[r]! * width + columns.at[c]!) * channels
      const luma = 0.299 * data[p]! + 0.587 * data[p + 1]! + 0.114 * data[p + 2]!
      const cell = columns.cell[c]!
      line[cell]! += luma * columns.share[c]!
      if (cell + 1 < GRID) line[cell + 1]! += luma * (1 - columns.share[c]!)
    }
    const top = rows.cell[r]! * GRID
    const share = rows.share[r]!
    for (let x = 0; x < GRID; x++) {
      sums[top + x]! += line[x]! * share
      if (rows.cell[r]! + 1 < GRID) sums[top + GRID + x]! += line[x]! * (1 - share)
    }
  }
  for (let y = 0; y < GRID; y++)
    for (let x = 0; x < GRID; x++) sums[y * GRID + x]! /= rows.weight[y]! * columns.weight[x]!
  return sums
}

interface Axis {
  /** Pixels that are read, the cell each begins in, and its share in that cell; the rest is the next cell's. */
  readonly at: readonly number[]
  readonly cell: readonly number[]
  readonly share: readonly number[]
  /** Of each cell, the sum of shares. */
  readonly weight: Float64Array
}

function axis(length: number, step: number): Axis {
  const at: number[] = []
  const cell: number[] = []
  const share: number[] = []
  const weight = new Float64Array(GRID)
  for (let pixel = 0; pixel < length; pixel += step) {
    const from = (pixel * GRID) / length
    const to = ((pixel + Math.min(step, length - pixel)) * GRID) / length
    const first = Math.min(GRID - 1, Math.floor(from))
    const part = Math.min(1, (first + 1 - from) / (to - from))
    at.push(pixel)
    cell.push(first)
    share.push(part)
    weight[first]! += part
    if (first + 1 < GRID) weight[first + 1]! += 1 - part
  }
  return { at, cell, share, weight }
}

/** Mean absolute difference of two grids, 0..255. */
export function meanDifference(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += Math.abs(a[i]! - b[i]!)
  return sum / a.length
}
