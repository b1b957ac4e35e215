/** The area mean of OpenCV's INTER_AREA, for shrinking by any factor. */
import { BLACK } from './border.ts'
import type { Frame } from './frame.ts'
import { type AreaTaps, areaTaps } from './taps.ts'

/** One crop to shrink: what is the same for all of its output rows. A "value" is one channel of one pixel. */
export interface AreaPlan {
  readonly data: Frame['data']
  readonly channels: 3 | 4
  /** Values of one row of the crop, and as many more, always finite, as unused taps of its last output may reach. */
  readonly length: number
  /** The values of a crop row that are neighbours in the frame. */
  readonly inside: { readonly start: number; readonly end: number }
  /** By turns: a value outside of them, and the one inside that it repeats. What is neither is black: 0. */
  readonly outside: Int32Array
  /** The columns that make each output pixel. */
  readonly across: AreaTaps
  /** The most rows that make an output row. */
  readonly rows: number
  /** How far the float32 sums of OpenCV may be off. */
  readonly doubt: number
}

/**
 * Makes one output row.
 * @param starts for each of `count` rows of the frame, the place in `data` of its first value inside
 * @param shares of these rows
 * @param out receives three bytes a pixel
 * @param doubtful receives the places in `out` that OpenCV may round to another byte
 * @returns how many those are
 */
export type AreaSum = (
  starts: Int32Array,
  shares: Float64Array,
  count: number,
  out: Uint8ClampedArray,
  doubtful: Int32Array,
) => number

/** Sums in another way than JavaScript, as exactly; undefined for a crop it has no room for. */
export type AreaKernel = (plan: AreaPlan) => AreaSum | undefined

let kernel: AreaKernel | undefined

/** For runtime packages: how all crops of this thread are summed from now on. Their bytes stay the same. */
export function setAreaKernel(given: AreaKernel | undefined): void {
  kernel = given
}

/**
 * Shrinks the picture whose pixel (x, y) is the frame's pixel (`columns[x]`, `rows[y]`), black where either is negative.
 *
 * OpenCV sums in float32, columns first. Summing rows first, in float64 and up to three at once, takes two thirds of the time
 * (docs/benchmarks/performance.md); recomputing the few values next to a rounding boundary OpenCV's way makes the bytes the same.
 * @param columns an axis map of border.ts: what lies inside the frame is its longest run of neighbours
 * @param out `width * height * 3` bytes
 */
export function areaMean(
  frame: Frame,
  columns: Int32Array,
  rows: Int32Array,
  width: number,
  height: number,
  out: Uint8ClampedArray,
): void {
  const { channels } = frame
  const across = areaTaps(columns.length, width)
  const down = areaTaps(rows.length, height)
  // Each of OpenCV's products and sums of one value is off by at most half a float32 step of 255.
  const doubt = (across.count + down.count + 2) * 255 * 2 ** -24
  const { start, end } = longestRun(columns)
  const plan: AreaPlan = {
    data: frame.data,
    channels,
    length: (columns.length + across.count) * channels,
    inside: { start: start * channels, end: end * channels },
    outside: placesOutside(columns, start, end, channels),
    across,
    rows: down.count,
    doubt,
  }
  const sum = kernel?.(plan) ?? inJavaScript(plan)
  const doubtful = new Int32Array(width * 3)
  const starts = new Int32Array(down.count)
  const shares = new Float64Array(down.count)
  for (let y = 0; y < height; y++) {
    const count = rowsOf(rows, down, y, frame.width * channels, columns[start]! * channels, starts, shares)
    const target = out.subarray(y * width * 3, (y + 1) * width * 3)
    const doubts = sum(starts, shares, count, target, doubtful)
    for (let i = 0; i < doubts; i++) {
      const at = doubtful[i]!
      target[at] = exactValue(frame, columns, rows, across, down, Math.floor(at / 3), y, at % 3)
    }
  }
}

/** The longest stretch of a map in which each entry is the one before plus 1. */
function longestRun(map: Int32Array): { readonly start: number; readonly end: number } {
  let longest = { start: 0, end: 1 }
  let start = 0
  for (let i = 1; i <= map.length; i++) {
    if (i < map.length && map[i - 1] !== BLACK && map[i] === map[i - 1]! + 1) continue
    if (i - start > longest.end - longest.start) longest = { start, end: i }
    start = i
  }
  return longest
}

/** Places in a row of the crop, by turns: a value outside the run, and the one inside that it repeats. Black ones have none. */
function placesOutside(columns: Int32Array, start: number, end: number, channels: number): Int32Array {
  const places: number[] = []
  for (let x = 0; x < columns.length; x++) {
    if (columns[x] === BLACK || (x >= start && x < end)) continue
    const repeated = start + columns[x]! - columns[start]!
    for (let c = 0; c < 3; c++) places.push(x * channels + c, repeated * channels + c)
  }
  return Int32Array.from(places)
}

/**
 * The rows that make output row `y`, without the black ones: their places in the frame's data and their shares.
 * Buffers that are reused, not lists: 128 rows a crop made most of what a check left to the garbage collector.
 * @returns how many they are
 */
function rowsOf(
  rows: Int32Array,
  { first, count, weight }: AreaTaps,
  y: number,
  stride: number,
  left: number,
  starts: Int32Array,
  shares: Float64Array,
): number {
  let n = 0
  for (let k = 0; k < count; k++) {
    const share = weight[y * count + k]!
    const row = share === 0 ? BLACK : rows[first[y]! + k]!
    if (row === BLACK) continue
    starts[n] = row * stride + left
    shares[n] = share
    n += 1
  }
  return n
}

function inJavaScript({ data, channels, length, inside, outside, across, doubt }: AreaPlan): AreaSum {
  const line = new Float64Array(length)
  const run = line.subarray(inside.start, inside.end)
  return (starts, shares, count, out, doubtful) => {
    sumRows(data, channels, starts, shares, count, run)
    for (let i = 0; i < outside.length; i += 2) line[outside[i]!] = line[outside[i + 1]!]!
    return sumColumns(line, across, channels, out, doubt, doubtful)
  }
}

/** The weighted sum of `count` rows. */
function sumRows(
  data: Frame['data'],
  channels: number,
  starts: Int32Array,
  shares: Float64Array,
  count: number,
  line: Float64Array,
): void {
  if (count === 0) {
    line.fill(0)
    return
  }
  mixRows(data, channels, starts, shares, count, line)
  let k = 3
  for (; k + 1 < count; k += 2) {
    addTwoRows(data, channels, starts, shares, k, line)
  }
  if (k < count) addRow(data, channels, starts, shares, k, line)
}

/** The first three rows, or as many as there are: a row more with the share 0 costs less than another loop. */
function mixRows(
  data: Frame['data'],
  channels: number,
  starts: Int32Array,
  shares: Float64Array,
  count: number,
  line: Float64Array,
): void {
  let a = starts[0]!
  let b = count > 1 ? starts[1]! : a
  let c = count > 2 ? starts[2]! : a
  const wa = shares[0]!
  const wb = count > 1 ? shares[1]! : 0
  const wc = count > 2 ? shares[2]! : 0
  for (let i = 0; i < line.length; i += channels, a += channels, b += channels, c += channels) {
    line[i] = data[a]! * wa + data[b]! * wb + data[c]! * wc
    line[i + 1] = data[a + 1]! * wa + data[b + 1]! * wb + data[c + 1]! * wc
    line[i + 2] = data[a + 2]! * wa + data[b + 2]! * wb + data[c + 2]! * wc
  }
}

function addTwoRows(
  data: Frame['data'],
  channels: number,
  starts: Int32Array,
  shares: Float64Array,
  k: number,
  line: Float64Array,
): void {
  let a = starts[k]!
  let b = starts[k + 1]!
  const wa = shares[k]!
  const wb = shares[k + 1]!
  for (let i = 0; i < line.length; i += channels, a += channels, b += channels) {
    line[i] = line[i]! + data[a]! * wa + data[b]! * wb
    line[i + 1] = line[i + 1]! + data[a + 1]! * wa + data[b + 1]! * wb
    line[i + 2] = line[i + 2]! + data[a + 2]! * wa + data[b + 2]! * wb
  }
}

function addRow(
  data: Frame['data'],
  channels: number,
  starts: Int32Array,
  shares: Float64Array,
  k: number,
  line: Float64Array,
): void {
  let a = starts[k]!
  const weight = shares[k]!
  for (let i = 0; i < line.length; i += channels, a += channels) {
    line[i] = line[i]! + data[a]! * weight
    line[i + 1] = line[i + 1]! + data[a + 1]! * weight
    line[i + 2] = line[i + 2]! + data[a + 2]! * weight
  }
}

/**
 * The weighted sums of the columns of one output row, rounded.
 * @param doubtful receives the places in `out` that float32 sums may round to another byte
 * @returns how many those are
 */
function sumColumns(
  line: Float64Array,
  { first, weight, count: taps }: AreaTaps,
  channels: number,
  out: Uint8ClampedArray,
  doubt: number,
  doubtful: Int32Array,
): number {
  const sure = 1 - doubt
  let count = 0
  for (let x = 0, i = 0; x < first.length; x++, i += 3) {
    let red = 0.5
    let green = 0.5
    let blue = 0.5
    let at = first[x]! * channels
    for (let k = x * taps, end = k + taps; k < end; k++, at += channels) {
      const share = weight[k]!
      red += line[at]! * share
      green += line[at + 1]! * share
      blue += line[at + 2]! * share
    }
    const r = red | 0
    const g = green | 0
    const b = blue | 0
    out[i] = r
    out[i + 1] = g
    out[i + 2] = b
    if (red - r < doubt || red - r > sure) doubtful[count++] = i
    if (green - g < doubt || green - g > sure) doubtful[count++] = i + 1
    if (blue - b < doubt || blue - b > sure) doubtful[count++] = i + 2
  }
  return count
}

/** One value as OpenCV computes it: each step rounded to float32. */
function exactValue(
  { data, channels, width }: Frame,
  columns: Int32Array,
  rows: Int32Array,
  across: AreaTaps,
  down: AreaTaps,
  x: number,
  y: number,
  channel: number,
): number {
  let sum = 0
  for (let j = 0; j < down.count; j++) {
    const share = down.weight[y * down.count + j]!
    const row = share === 0 ? BLACK : rows[down.first[y]! + j]!
    if (row === BLACK) continue
    let line = 0
    for (let k = 0; k < across.count; k++) {
      const weight = across.weight[x * across.count + k]!
      const column = weight === 0 ? BLACK : columns[across.first[x]! + k]!
      if (column === BLACK) continue
      line = Math.fround(line + Math.fround(data[(row * width + column) * channels + channel]! * weight))
    }
    sum = Math.fround(sum + Math.fround(line * share))
  }
  return sum
}
