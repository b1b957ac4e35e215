/**
 * Resizing 8-bit pixels with the results of OpenCV's `cv2.resize`: INTER_AREA, INTER_LINEAR, INTER_CUBIC and INTER_LANCZOS4.
 *
 * Columns and rows are read through axis maps (see border.ts), so a crop with its border is resized straight from the frame:
 * nothing is padded or copied first, and only the pixels the crop needs are read.
 */
import { LivenessError } from '../errors.ts'
import { describe } from '../validate.ts'
import { areaMean } from './area.ts'
import { BLACK } from './border.ts'
import { createFrame, type Frame, MAX_SIDE } from './frame.ts'
import { type FixedKernel, fixedTaps, UNIT } from './taps.ts'

/**
 * - `area`: the mean of the covered pixels. Where an axis is enlarged OpenCV has no area mean and interpolates linearly with area
 *   fractions on both axes; so do we.
 * - `linear`: bilinear with half-pixel centres and 11-bit weights. Shrinking by exactly 2 on both axes is the area mean, as in OpenCV.
 * - `cubic`: 4 x 4 taps, a = -0.75. `lanczos4`: 8 x 8 taps.
 */
export type Interpolation = 'area' | 'linear' | 'cubic' | 'lanczos4'

/**
 * Resizes a frame as `cv2.resize` does; alpha is dropped.
 * @param out reused for the pixels where given: `width * height * 3` bytes
 * @returns an RGB frame of `width` x `height` pixels
 * @throws LivenessError INPUT_INVALID for a target size or `out` that does not fit.
 */
export function resize(
  frame: Frame,
  width: number,
  height: number,
  interpolation: Interpolation,
  out?: Uint8ClampedArray,
): Frame {
  return resample(frame, identity(frame.width), identity(frame.height), width, height, interpolation, out)
}

function identity(size: number): Int32Array {
  const map = new Int32Array(size)
  for (let i = 0; i < size; i++) map[i] = i
  return map
}

/**
 * Resizes the picture whose pixel (x, y) is the frame's pixel (`columns[x]`, `rows[y]`), black where either is negative.
 * @internal
 */
export function resample(
  frame: Frame,
  columns: Int32Array,
  rows: Int32Array,
  width: number,
  height: number,
  interpolation: Interpolation,
  out: Uint8ClampedArray = new Uint8ClampedArray(checkSide('width', width) * checkSide('height', height) * 3),
): Frame {
  if (out.length !== checkSide('width', width) * checkSide('height', height) * 3) {
    throw new LivenessError('INPUT_INVALID', `Expected ${width * height * 3} bytes for out but received ${out.length}.`)
  }
  // The same expressions as OpenCV: 1 / (1 / 49) * 49 is not 1, and which path is taken depends on it.
  const scaleX = 1 / (width / columns.length)
  const scaleY = 1 / (height / rows.length)
  const whole =
    Math.abs(scaleX - Math.round(scaleX)) < Number.EPSILON && Math.abs(scaleY - Math.round(scaleY)) < Number.EPSILON
  if (scaleX === 1 && scaleY === 1) copy(frame, columns, rows, out)
  else if (interpolation === 'area' && scaleX >= 1 && scaleY >= 1) {
    if (whole) blockMean(frame, columns, rows, width, height, Math.round(scaleX), Math.round(scaleY), out)
    else areaMean(frame, columns, rows, width, height, out)
  } else if (interpolation === 'area') convolve(frame, columns, rows, width, height, 'area-enlarge', out)
  else if (interpolation === 'linear' && whole && Math.round(scaleX) === 2 && Math.round(scaleY) === 2) {
    blockMean(frame, columns, rows, width, height, 2, 2, out)
  } else convolve(frame, columns, rows, width, height, interpolation, out)
  return createFrame({ data: out, width, height, channels: 3 })
}

function checkSide(name: string, side: number): number {
  if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE) {
    throw new LivenessError(
      'INPUT_INVALID',
      `Expected an integer from 1 to ${MAX_SIDE} for ${name} but received ${describe(side)}.`,
    )
  }
  return side
}

function copy(frame: Frame, columns: Int32Array, rows: Int32Array, out: Uint8ClampedArray): void {
  const { data, channels, width } = frame
  let to = 0
  for (let y = 0; y < rows.length; y++) {
    const row = rows[y]! * width
    for (let x = 0; x < columns.length; x++) {
      const black = row < 0 || columns[x] === BLACK
      const from = (row + columns[x]!) * channels
      out[to++] = black ? 0 : data[from]!
      out[to++] = black ? 0 : data[from + 1]!
      out[to++] = black ? 0 : data[from + 2]!
    }
  }
}

/** Shrinking by whole numbers: integer sums, rounded half up for 2 x 2 and half to even else, as OpenCV's two fast paths do. */
function blockMean(
  frame: Frame,
  columns: Int32Array,
  rows: Int32Array,
  width: number,
  height: number,
  blockWidth: number,
  blockHeight: number,
  out: Uint8ClampedArray,
): void {
  const { data, channels } = frame
  const stride = frame.width * channels
  const sums = new Int32Array(width * 3)
  const share = Math.fround(1 / (blockWidth * blockHeight))
  const four = blockWidth === 2 && blockHeight === 2
  for (let y = 0; y < height; y++) {
    sums.fill(0)
    for (let j = 0; j < blockHeight; j++) {
      const row = rows[y * blockHeight + j]! * stride
      if (row < 0) continue
      for (let x = 0, i = 0; x < width; x++) {
        let red = 0
        let green = 0
        let blue = 0
        for (const end = (x + 1) * blockWidth; i < end; i++) {
          const column = columns[i]!
          if (column === BLACK) continue
          const at = row + column * channels
          red += data[at]!
          green += data[at + 1]!
          blue += data[at + 2]!
        }
        sums[3 * x] = sums[3 * x]! + red
        sums[3 * x + 1] = sums[3 * x + 1]! + green
        sums[3 * x + 2] = sums[3 * x + 2]! + blue
      }
    }
    const to = y * width * 3
    // A store to a Uint8ClampedArray rounds half to even.
    if (four) for (let i = 0; i < sums.length; i++) out[to + i] = (sums[i]! + 2) >> 2
    else for (let i = 0; i < sums.length; i++) out[to + i] = Math.fround(sums[i]! * share)
  }
}

/** Separable interpolation with 11-bit weights an axis; each row is convolved once and kept while it is needed. */
function convolve(
  frame: Frame,
  columns: Int32Array,
  rows: Int32Array,
  width: number,
  height: number,
  kernel: FixedKernel,
  out: Uint8ClampedArray,
): void {
  const { data, channels } = frame
  const stride = frame.width * channels
  const across = fixedTaps(kernel, columns.length, width, true)
  const down = fixedTaps(kernel, rows.length, height, false)
  const { count } = across
  for (let i = 0; i < across.index.length; i++) {
    const column = columns[across.index[i]!]!
    if (column === BLACK) across.weight[i] = 0
    across.index[i] = column === BLACK ? 0 : column * channels
  }
  // The rows one output needs are `count` neighbours at most, so row r always lives in line r % count.
  const lines = Array.from({ length: count }, () => new Int32Array(width * 3))
  const held = new Int32Array(count).fill(-1)
  const needed: Int32Array[] = new Array(count)
  for (let y = 0; y < height; y++) {
    for (let k = 0; k < count; k++) {
      const cropRow = down.index[y * count + k]!
      const slot = cropRow % count
      const line = lines[slot]!
      if (held[slot] !== cropRow) {
        const row = rows[cropRow]!
        if (row === BLACK) line.fill(0)
        else if (count === 2) convolveLine2(data, row * stride, across.index, across.weight, line)
        else convolveLine(data, row * stride, across.index, across.weight, count, line)
        held[slot] = cropRow
      }
      needed[k] = line
    }
    const to = y * width * 3
    if (count === 2) {
      mix2(needed[0]!, needed[1]!, down.weight[2 * y]!, down.weight[2 * y + 1]!, out, to)
      continue
    }
    const target = out.subarray(to, to + width * 3)
    const weights = down.weight.subarray(y * count, (y + 1) * count)
    if (count === 4) mix4(needed, weights, target)
    else mix8(needed, weights, target)
  }
}

function convolveLine2(
  data: Frame['data'],
  row: number,
  index: Int32Array,
  weight: Int32Array,
  line: Int32Array,
): void {
  for (let k = 0, i = 0; k < index.length; k += 2, i += 3) {
    const a = row + index[k]!
    const b = row + index[k + 1]!
    const wa = weight[k]!
    const wb = weight[k + 1]!
    line[i] = data[a]! * wa + data[b]! * wb
    line[i + 1] = data[a + 1]! * wa + data[b + 1]! * wb
    line[i + 2] = data[a + 2]! * wa + data[b + 2]! * wb
  }
}

function convolveLine(
  data: Frame['data'],
  row: number,
  index: Int32Array,
  weight: Int32Array,
  count: number,
  line: Int32Array,
): void {
  for (let i = 0, k = 0; i < line.length; i += 3) {
    let red = 0
    let green = 0
    let blue = 0
    for (const end = k + count; k < end; k++) {
      const at = row + index[k]!
      const w = weight[k]!
      red += Math.imul(data[at]!, w)
      green += Math.imul(data[at + 1]!, w)
      blue += Math.imul(data[at + 2]!, w)
    }
    line[i] = red
    line[i + 1] = green
    line[i + 2] = blue
  }
}

/** OpenCV drops 4 bits before and 16 after the multiplication, each row on its own. */
function mix2(a: Int32Array, b: Int32Array, wa: number, wb: number, out: Uint8ClampedArray, to: number): void {
  for (let i = 0; i < a.length; i++) {
    out[to + i] = ((((a[i]! >> 4) * wa) >> 16) + (((b[i]! >> 4) * wb) >> 16) + 2) >> 2
  }
}

/** OpenCV mixes cubic rows in float32, rounding half to even, eight values at a time; the last few in integers, rounding half up. */
function mix4(lines: readonly Int32Array[], weights: Int32Array, out: Uint8ClampedArray): void {
  const [a, b, c, d] = lines as [Line, Line, Line, Line]
  const [wa, wb, wc, wd] = [weights[0]!, weights[1]!, weights[2]!, weights[3]!]
  const whole = out.length - (out.length % 8)
  for (let i = 0; i < whole; i++) {
    let sum = Math.fround((Math.fround(d[i]!) * wd) / UNIT_SQUARED)
    sum = Math.fround(Math.fround((Math.fround(c[i]!) * wc) / UNIT_SQUARED) + sum)
    sum = Math.fround(Math.fround((Math.fround(b[i]!) * wb) / UNIT_SQUARED) + sum)
    out[i] = Math.fround(Math.fround((Math.fround(a[i]!) * wa) / UNIT_SQUARED) + sum)
  }
  for (let i = whole; i < out.length; i++) {
    out[i] = (a[i]! * wa + b[i]! * wb + c[i]! * wc + d[i]! * wd + UNIT_SQUARED / 2) >> 22
  }
}

const UNIT_SQUARED = UNIT * UNIT

type Line = Int32Array

/** Integer sum, rounded half up. */
function mix8(lines: readonly Int32Array[], weights: Int32Array, out: Uint8ClampedArray): void {
  const [a, b, c, d, e, f, g, h] = lines as [Line, Line, Line, Line, Line, Line, Line, Line]
  const [wa, wb, wc, wd] = [weights[0]!, weights[1]!, weights[2]!, weights[3]!]
  const [we, wf, wg, wh] = [weights[4]!, weights[5]!, weights[6]!, weights[7]!]
  for (let i = 0; i < out.length; i++) {
    const near = Math.imul(c[i]!, wc) + Math.imul(d[i]!, wd) + Math.imul(e[i]!, we) + Math.imul(f[i]!, wf)
    const far = Math.imul(a[i]!, wa) + Math.imul(b[i]!, wb) + Math.imul(g[i]!, wg) + Math.imul(h[i]!, wh)
    out[i] = (near + far + UNIT_SQUARED / 2) >> 22
  }
}
