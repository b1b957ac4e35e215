/** Local peaks of a spectrum: moire, halftone and pixel grids are periodic, and skin is not. */

/** A frequency at which a picture repeats itself. */
export interface SpectralPeak {
  /** Cycles a pixel along x, 0..0.5, and along y, -0.5..0.5. The opposite frequency is the same peak and is not listed. */
  readonly fx: number
  readonly fy: number
  /** Pixels from one repetition to the next. */
  readonly period: number
  /** Degrees from the x axis towards the y axis, -90..90. */
  readonly direction: number
  /** Natural-log units above the mean of this radius. */
  readonly prominence: number
}

export interface PeakOptions {
  /** Least prominence. The highest of a 128 x 128 spectrum of noise is at about 1.5. @default 2 */
  readonly minProminence?: number
  /** Radii below this share of the Nyquist frequency are the picture itself. @default 0.2 */
  readonly minRadius?: number
  /** @default 8 */
  readonly limit?: number
}

/** A peak is the highest point within this distance on both axes. */
const REACH = 2

/**
 * The most prominent local maxima of a centred log spectrum, highest first.
 * @param spectrum `size * size` values, frequency 0 at `(size / 2, size / 2)`
 * @param radial its {@link radialProfile}
 */
export function spectralPeaks(
  spectrum: Float32Array,
  size: number,
  radial: Float32Array,
  options: PeakOptions = {},
): SpectralPeak[] {
  const { minProminence = 2, minRadius = 0.2, limit = 8 } = options
  const half = size / 2
  const peaks: SpectralPeak[] = []
  // The right half and, on the axis between the halves, its lower part: every frequency once.
  for (let y = 0; y < size; y++) {
    for (let x = half; x < size; x++) {
      const u = x - half
      const v = y - half
      if (u === 0 && v <= 0) continue
      const radius = Math.sqrt(u * u + v * v)
      if (radius < minRadius * half || radius > half) continue
      const prominence = spectrum[y * size + x]! - radial[Math.round(radius)]!
      if (prominence < minProminence || !isHighest(spectrum, size, x, y)) continue
      peaks.push({
        fx: u / size,
        fy: v / size,
        period: size / radius,
        direction: (Math.atan2(v, u) * 180) / Math.PI,
        prominence,
      })
    }
  }
  return peaks.sort((a, b) => b.prominence - a.prominence).slice(0, limit)
}

/** Neighbours beyond an edge are those of the opposite edge: the spectrum is periodic. Of equal points the first counts. */
function isHighest(spectrum: Float32Array, size: number, x: number, y: number): boolean {
  const value = spectrum[y * size + x]!
  for (let dy = -REACH; dy <= REACH; dy++) {
    for (let dx = -REACH; dx <= REACH; dx++) {
      if (dx === 0 && dy === 0) continue
      const other = spectrum[((y + dy + size) % size) * size + ((x + dx + size) % size)]!
      const earlier = dy < 0 || (dy === 0 && dx < 0)
      if (other > value || (earlier && other === value)) return false
    }
  }
  return true
}
