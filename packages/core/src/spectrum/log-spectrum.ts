/** The log-magnitude spectrum, as a picture and as the map that training uses as its Fourier target. */
import { lumaOf } from '../image/colour.ts'
import type { Frame } from '../image/frame.ts'
import { invalid } from '../validate.ts'
import { fft2 } from './fft.ts'

/** Side of the map that training predicts from the features. */
const TARGET_SIDE = 16

/**
 * `log1p(abs(fftshift(fft2(luma))))`: row by row, frequency 0 at `(size / 2, size / 2)`, rows and columns from -size / 2.
 * @param luma `size * size` values 0..255
 * @param size a power of two, 2 to 512
 * @param out reused where given: `size * size` values
 * @throws LivenessError INPUT_INVALID for another size or number of values.
 */
export function logSpectrum(
  luma: ArrayLike<number>,
  size: number,
  out: Float32Array = new Float32Array(size * size),
): Float32Array {
  const { re, im } = fft2(luma, size)
  if (out.length !== size * size) throw invalid('out', `${size * size} values`, out, 'INPUT_INVALID')
  const half = size / 2
  const columns = half + 1
  for (let v = 0; v < size; v++) {
    const row = (v + half) & (size - 1)
    const mirroredRow = (half - v + size) & (size - 1)
    for (let u = 0; u <= half; u++) {
      const i = v * columns + u
      const value = Math.log1p(Math.sqrt(re[i]! * re[i]! + im[i]! * im[i]!))
      if (u < half) out[row * size + half + u] = value
      if (u > 0) out[mirroredRow * size + half - u] = value
    }
  }
  return out
}

/**
 * The log spectrum of a square frame's luma.
 * @throws LivenessError INPUT_INVALID unless the frame is a square whose side is a power of two from 2 to 512.
 */
export function frameSpectrum(frame: Frame): Float32Array {
  if (frame.width !== frame.height) throw invalid('frame', 'a square', frame, 'INPUT_INVALID')
  return logSpectrum(lumaOf(frame, new Float64Array(frame.width * frame.height)), frame.width)
}

/**
 * What training uses as its Fourier target: the log spectrum, min-max normalised to 0..1 and pooled by the mean.
 * @param spectrum from {@link logSpectrum}
 * @param size its side; a multiple of `side`
 * @param side of the result, pixels. @default 16
 * @returns `side * side` values 0..1, row by row; all 0 for a spectrum without contrast
 */
export function spectrumTarget(spectrum: Float32Array, size: number, side = TARGET_SIDE): Float32Array {
  if (spectrum.length !== size * size) throw invalid('spectrum', `${size * size} values`, spectrum, 'INPUT_INVALID')
  if (!Number.isInteger(side) || side < 1 || size % side !== 0) {
    throw invalid('side', `a divisor of ${size}`, side, 'INPUT_INVALID')
  }
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (let i = 0; i < spectrum.length; i++) {
    low = Math.min(low, spectrum[i]!)
    high = Math.max(high, spectrum[i]!)
  }
  const range = Math.max(high - low, 1e-6)
  const block = size / side
  const sums = new Float64Array(side * side)
  for (let y = 0, i = 0; y < size; y++) {
    const row = Math.floor(y / block) * side
    for (let x = 0; x < size; x++, i++) {
      const cell = row + Math.floor(x / block)
      sums[cell] = sums[cell]! + (spectrum[i]! - low)
    }
  }
  return Float32Array.from(sums, (sum) => sum / (range * block * block))
}
