/** Perceptual hashes of a frame that outlive re-encoding, a crop by a pixel and mirroring. */
import { LUMA_GRID_SIDE } from './luma-grid.ts'

/**
 * Two hashes of one frame. `coarse` finds candidates, `fine` decides: frames of a person who sits still differ in the fine detail only.
 * Bits are the signs, about their median, of coefficients of the grid's discrete cosine transform (the "pHash" construction). Only even horizontal
 * frequencies are taken: they are the same for a mirrored frame, so mirroring changes no bit.
 */
export interface PerceptualHash {
  /** 64 bits, as 0 and 1: 8 vertical by 8 horizontal frequencies. */
  readonly coarse: Uint8Array
  /** 256 bits, as 32 bytes: 16 by 16 frequencies. */
  readonly fine: Uint8Array
}

const FINE = 16
const COARSE = 8

/** cos of the DCT-II: [frequency][sample]. */
const COSINES = Array.from({ length: LUMA_GRID_SIDE }, (_, u) =>
  Float64Array.from({ length: LUMA_GRID_SIDE }, (_, x) => Math.cos((Math.PI * (2 * x + 1) * u) / (2 * LUMA_GRID_SIDE))),
)

/** @param grid of {@link lumaGrid} */
export function perceptualHash(grid: Float64Array): PerceptualHash {
  const spectrum = evenSpectrum(grid)
  const coarse = signs(take(spectrum, COARSE))
  const fine = new Uint8Array((FINE * FINE) / 8)
  for (const [i, bit] of signs(take(spectrum, FINE)).entries()) fine[i >> 3]! |= bit << (i & 7)
  return { coarse, fine }
}

/** Differing bits of two packed hashes. */
export function hammingDistance(a: Uint8Array, b: Uint8Array): number {
  let distance = 0
  for (let i = 0; i < a.length; i++) {
    for (let bits = a[i]! ^ b[i]!; bits !== 0; bits &= bits - 1) distance++
  }
  return distance
}

/** Vertical frequencies 0..16 by even horizontal frequencies 0, 2, .. 30. */
function evenSpectrum(grid: Float64Array): Float64Array {
  const half = new Float64Array(LUMA_GRID_SIDE * FINE)
  for (let y = 0; y < LUMA_GRID_SIDE; y++) {
    for (let u = 0; u < FINE; u++) {
      const cosine = COSINES[2 * u]!
      let sum = 0
      for (let x = 0; x < LUMA_GRID_SIDE; x++) sum += grid[y * LUMA_GRID_SIDE + x]! * cosine[x]!
      half[y * FINE + u] = sum
    }
  }
  const spectrum = new Float64Array((FINE + 1) * FINE)
  for (let v = 0; v <= FINE; v++) {
    const cosine = COSINES[v]!
    for (let u = 0; u < FINE; u++) {
      let sum = 0
      for (let y = 0; y < LUMA_GRID_SIDE; y++) sum += half[y * FINE + u]! * cosine[y]!
      spectrum[v * FINE + u] = sum
    }
  }
  return spectrum
}

/** The lowest `n` by `n` frequencies. The constant one, which is brightness, gives its place to the next vertical one. */
function take(spectrum: Float64Array, n: number): Float64Array {
  return Float64Array.from(
    { length: n * n },
    (_, i) => spectrum[i === 0 ? n * FINE : Math.floor(i / n) * FINE + (i % n)]!,
  )
}

function signs(values: Float64Array): Uint8Array {
  const sorted = values.slice().sort()
  const median = (sorted[values.length / 2 - 1]! + sorted[values.length / 2]!) / 2
  return Uint8Array.from(values, (value) => (value > median ? 1 : 0))
}
