/** Frequency-texture features of a face: they explain a verdict and feed experiments; they are no verdict. */

import type { Box } from '../image/box.ts'
import { LUMA_WEIGHTS, lumaOf } from '../image/colour.ts'
import type { CropRect } from '../image/crop.ts'
import type { Frame } from '../image/frame.ts'
import { MAX_FFT_SIZE } from './fft.ts'
import { logSpectrum } from './log-spectrum.ts'
import { type SpectralPeak, spectralPeaks } from './peaks.ts'
import { angularProfile, DIRECTIONS, radialProfile } from './profile.ts'

/** All of these are of the log spectrum after the mean is taken off and a Hann window laid on, so that edges leave no cross. */
export interface SpectrumFeatures {
  /** Side of the square, pixels. */
  readonly size: number
  /** Mean log magnitude at each radius, `size / 2 + 1` values from frequency 0 to the Nyquist frequency. */
  readonly radial: Float32Array
  /** Mean log magnitude in each of 36 directions, 5 degrees apart. */
  readonly angular: Float32Array
  /** The most prominent first, at most 8. */
  readonly peaks: readonly SpectralPeak[]
  /** Share of the power at or above half the Nyquist frequency, 0..1. */
  readonly highFrequency: number
  /** Change of the log magnitude with the log radius; about -1 to -2 for a photograph, 0 for noise. */
  readonly slope: number
  /** Standard deviation of `angular`: 0 where no direction stands out. */
  readonly anisotropy: number
  /**
   * Prominence of the weaker of the two strongest peaks that are at right angles (within 10 degrees): a pixel or halftone grid.
   * 0 where there are none.
   */
  readonly grid: number
}

/** Entries of {@link spectrumVector}, in order. */
export const SPECTRUM_FEATURE_NAMES = [
  ...Array.from({ length: 16 }, (_, i) => `radial-${i}`),
  'high-frequency',
  'slope',
  'anisotropy',
  'peak-prominence',
  'peak-count',
  'grid',
] as const satisfies readonly string[]

/**
 * @param luma `size * size` values 0..255
 * @param size a power of two, 16 to 512
 * @throws LivenessError INPUT_INVALID for another size or number of values.
 */
export function spectrumFeatures(luma: ArrayLike<number>, size: number): SpectrumFeatures {
  const spectrum = logSpectrum(windowed(luma, size), size)
  const radial = radialProfile(spectrum, size)
  const angular = angularProfile(spectrum, size)
  const peaks = spectralPeaks(spectrum, size, radial)
  return {
    size,
    radial,
    angular,
    peaks,
    highFrequency: highFrequencyShare(spectrum, size),
    slope: slopeOf(radial),
    anisotropy: deviationOf(angular),
    grid: gridOf(peaks),
  }
}

/**
 * The same number of features for every size: the radial profile above frequency 0 in 16 equal bands, relative to its mean
 * (so that brightness and contrast fall out), then the single numbers. Names: {@link SPECTRUM_FEATURE_NAMES}.
 */
export function spectrumVector(features: SpectrumFeatures): Float32Array {
  const { radial, peaks } = features
  const bands = 16
  const vector = new Float32Array(SPECTRUM_FEATURE_NAMES.length)
  const count = radial.length - 1
  let mean = 0
  for (let r = 1; r <= count; r++) mean += radial[r]! / count
  for (let band = 0; band < bands; band++) {
    const from = 1 + Math.floor((band * count) / bands)
    const to = Math.max(from + 1, 1 + Math.floor(((band + 1) * count) / bands))
    for (let r = from; r < to; r++) vector[band] = vector[band]! + (radial[Math.min(r, count)]! - mean) / (to - from)
  }
  vector.set(
    [
      features.highFrequency,
      features.slope,
      features.anisotropy,
      peaks[0]?.prominence ?? 0,
      peaks.length,
      features.grid,
    ],
    bands,
  )
  return vector
}

/** Squares smaller than this carry no texture. */
const MIN_NATIVE = 32

/**
 * The largest square of the frame's own pixels within a face whose side is a power of two from 32 to 512: in the middle of the box
 * and, where the box reaches outside, moved inside the frame. Undefined for a smaller face.
 */
export function nativeSquare(
  frame: { readonly width: number; readonly height: number },
  box: Box,
): CropRect | undefined {
  const shorter = Math.min(box.width, box.height, frame.width, frame.height, MAX_FFT_SIZE)
  if (shorter < MIN_NATIVE) return undefined
  const side = 2 ** Math.floor(Math.log2(shorter))
  const place = (centre: number, limit: number) => Math.max(0, Math.min(limit - side, Math.floor(centre - side / 2)))
  return {
    x: place(box.x + box.width / 2, frame.width),
    y: place(box.y + box.height / 2, frame.height),
    width: side,
    height: side,
  }
}

/** Features of the model's crop and of the face's own pixels. */
export interface FaceSpectrum {
  readonly crop: SpectrumFeatures
  /** Undefined where the face is smaller than 32 pixels. */
  readonly native: SpectrumFeatures | undefined
}

/**
 * @param crop what the model saw: a square whose side is a power of two from 16 to 512
 * @throws LivenessError INPUT_INVALID for another crop.
 */
export function faceSpectrum(frame: Frame, box: Box, crop: Frame): FaceSpectrum {
  const square = nativeSquare(frame, box)
  return {
    crop: spectrumFeatures(lumaOf(crop, new Float64Array(crop.width * crop.height)), crop.width),
    native: square === undefined ? undefined : spectrumFeatures(lumaOfRect(frame, square), square.width),
  }
}

function lumaOfRect(frame: Frame, rect: CropRect): Float64Array {
  const { data, channels, width } = frame
  const [red, green, blue] = LUMA_WEIGHTS
  const out = new Float64Array(rect.width * rect.height)
  let to = 0
  for (let y = rect.y; y < rect.y + rect.height; y++) {
    let at = (y * width + rect.x) * channels
    for (let x = 0; x < rect.width; x++, at += channels) {
      out[to++] = red * data[at]! + green * data[at + 1]! + blue * data[at + 2]!
    }
  }
  return out
}

function windowed(luma: ArrayLike<number>, size: number): Float64Array {
  let mean = 0
  for (let i = 0; i < luma.length; i++) mean += luma[i]!
  mean /= luma.length
  const hann = Float64Array.from({ length: size }, (_, i) => Math.sin((Math.PI * (i + 0.5)) / size) ** 2)
  const out = new Float64Array(luma.length)
  for (let y = 0, i = 0; y < size && i < luma.length; y++) {
    for (let x = 0; x < size; x++, i++) out[i] = (luma[i]! - mean) * hann[y]! * hann[x]!
  }
  return out
}

function highFrequencyShare(spectrum: Float32Array, size: number): number {
  const half = size / 2
  let high = 0
  let all = 0
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      if (x === half && y === half) continue
      const power = Math.expm1(spectrum[i]!) ** 2
      all += power
      if ((x - half) ** 2 + (y - half) ** 2 >= (half / 2) ** 2) high += power
    }
  }
  return all === 0 ? 0 : high / all
}

/** Least squares over the radii from 2 to the Nyquist frequency, each octave with the same weight. */
function slopeOf(radial: Float32Array): number {
  let weights = 0
  let meanX = 0
  let meanY = 0
  for (let r = 2; r < radial.length; r++) {
    weights += 1 / r
    meanX += Math.log(r) / r
    meanY += radial[r]! / r
  }
  meanX /= weights
  meanY /= weights
  let above = 0
  let below = 0
  for (let r = 2; r < radial.length; r++) {
    const x = Math.log(r) - meanX
    above += (x * (radial[r]! - meanY)) / r
    below += (x * x) / r
  }
  return above / below
}

function deviationOf(values: Float32Array): number {
  let mean = 0
  for (const value of values) mean += value / DIRECTIONS
  let squares = 0
  for (const value of values) squares += (value - mean) ** 2 / DIRECTIONS
  return Math.sqrt(squares)
}

/** How far from a right angle two directions of one grid may be, degrees. */
const GRID_TOLERANCE = 10

function gridOf(peaks: readonly SpectralPeak[]): number {
  let best = 0
  peaks.forEach((a, i) => {
    for (const b of peaks.slice(i + 1)) {
      const between = Math.abs(a.direction - b.direction)
      if (Math.abs(between - 90) <= GRID_TOLERANCE) best = Math.max(best, Math.min(a.prominence, b.prominence))
    }
  })
  return best
}
