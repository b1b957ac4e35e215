/** A two-dimensional FFT of real squares. */
import { invalid } from '../validate.ts'

/** The longest side of a square that can be transformed, in pixels. */
export const MAX_FFT_SIZE = 512

/**
 * The half of a real picture's spectrum that is not implied by symmetry: `F(-v, -u)` is the conjugate of `F(v, u)`.
 * Row `v` is 0..size - 1 (frequency `v` or `v - size`), column `u` is 0..size / 2; the value is at `v * (size / 2 + 1) + u`.
 */
export interface HalfSpectrum {
  readonly size: number
  readonly re: Float64Array
  readonly im: Float64Array
}

/**
 * `F(v, u) = sum of f(y, x) exp(-2 pi i (u x + v y) / size)`, not scaled.
 * @param values `size * size` real values, row by row
 * @param size a power of two, 2 to 512 (`MAX_FFT_SIZE`)
 * @param out overwritten and returned where given; must be of the same size
 * @throws LivenessError INPUT_INVALID for another size or number of values.
 */
export function fft2(values: ArrayLike<number>, size: number, out?: HalfSpectrum): HalfSpectrum {
  const plan = planOf(size)
  if (values.length !== size * size) {
    throw invalid('values', `${size * size} values`, values, 'INPUT_INVALID')
  }
  if (out !== undefined && out.size !== size) {
    throw invalid('out.size', `${size}`, out.size, 'INPUT_INVALID')
  }
  const columns = size / 2 + 1
  const spectrum = out ?? { size, re: new Float64Array(size * columns), im: new Float64Array(size * columns) }
  transformRows(values, plan, spectrum)
  transformColumns(plan, spectrum)
  return spectrum
}

interface Plan {
  readonly size: number
  /** Position of each index after its bits are reversed. */
  readonly reversed: Uint16Array
  /** cos and -sin of 2 pi k / size, k < size / 2. */
  readonly cos: Float64Array
  readonly sin: Float64Array
}

/** Tables by size, made when first needed: nine sizes at most, 20 KB together. */
const plans = new Map<number, Plan>()

function planOf(size: number): Plan {
  const known = plans.get(size)
  if (known !== undefined) return known
  if (!Number.isInteger(size) || size < 2 || size > MAX_FFT_SIZE || (size & (size - 1)) !== 0) {
    throw invalid('size', `a power of two from 2 to ${MAX_FFT_SIZE}`, size, 'INPUT_INVALID')
  }
  const reversed = new Uint16Array(size)
  for (let i = 1; i < size; i++) reversed[i] = (reversed[i >> 1]! >> 1) | ((i & 1) * (size >> 1))
  const cos = new Float64Array(size / 2)
  const sin = new Float64Array(size / 2)
  for (let k = 0; k < size / 2; k++) {
    cos[k] = Math.cos((2 * Math.PI * k) / size)
    sin[k] = -Math.sin((2 * Math.PI * k) / size)
  }
  const plan = { size, reversed, cos, sin }
  plans.set(size, plan)
  return plan
}

/** Two real rows are one complex row: the even part of its spectrum is the first row's, the odd part the second's. */
function transformRows(values: ArrayLike<number>, plan: Plan, { re, im }: HalfSpectrum): void {
  const { size, reversed } = plan
  const half = size / 2
  const columns = half + 1
  const real = new Float64Array(size)
  const imaginary = new Float64Array(size)
  for (let y = 0; y < size; y += 2) {
    const first = y * size
    const second = first + size
    for (let x = 0; x < size; x++) {
      const to = reversed[x]!
      real[to] = values[first + x]!
      imaginary[to] = values[second + x]!
    }
    transformLine(real, imaginary, plan)
    const a = y * columns
    const b = a + columns
    for (let u = 0; u <= half; u++) {
      const mirror = (size - u) & (size - 1)
      re[a + u] = (real[u]! + real[mirror]!) / 2
      im[a + u] = (imaginary[u]! - imaginary[mirror]!) / 2
      re[b + u] = (imaginary[u]! + imaginary[mirror]!) / 2
      im[b + u] = (real[mirror]! - real[u]!) / 2
    }
  }
}

/** In place, radix 2, input in bit-reversed order. */
function transformLine(re: Float64Array, im: Float64Array, { size, cos, sin }: Plan): void {
  for (let span = 1; span < size; span *= 2) {
    const step = size / (2 * span)
    for (let start = 0; start < size; start += 2 * span) {
      for (let k = 0; k < span; k++) {
        const i = start + k
        const j = i + span
        const wr = cos[k * step]!
        const wi = sin[k * step]!
        const tr = re[j]! * wr - im[j]! * wi
        const ti = re[j]! * wi + im[j]! * wr
        re[j] = re[i]! - tr
        im[j] = im[i]! - ti
        re[i] = re[i]! + tr
        im[i] = im[i]! + ti
      }
    }
  }
}

/** All columns at once: each butterfly combines two whole rows, so memory is read in order. */
function transformColumns({ size, reversed, cos, sin }: Plan, { re, im }: HalfSpectrum): void {
  const columns = size / 2 + 1
  for (let v = 0; v < size; v++) {
    const w = reversed[v]!
    if (v < w) {
      swapRows(re, v * columns, w * columns, columns)
      swapRows(im, v * columns, w * columns, columns)
    }
  }
  for (let span = 1; span < size; span *= 2) {
    const step = size / (2 * span)
    for (let start = 0; start < size; start += 2 * span) {
      for (let k = 0; k < span; k++) {
        const top = (start + k) * columns
        combineRows(re, im, top, top + span * columns, columns, cos[k * step]!, sin[k * step]!)
      }
    }
  }
}

function swapRows(values: Float64Array, a: number, b: number, count: number): void {
  for (let u = 0; u < count; u++) {
    const kept = values[a + u]!
    values[a + u] = values[b + u]!
    values[b + u] = kept
  }
}

function combineRows(
  re: Float64Array,
  im: Float64Array,
  top: number,
  bottom: number,
  count: number,
  wr: number,
  wi: number,
): void {
  for (let u = 0; u < count; u++) {
    const i = top + u
    const j = bottom + u
    const tr = re[j]! * wr - im[j]! * wi
    const ti = re[j]! * wi + im[j]! * wr
    re[j] = re[i]! - tr
    im[j] = im[i]! - ti
    re[i] = re[i]! + tr
    im[i] = im[i]! + ti
  }
}
