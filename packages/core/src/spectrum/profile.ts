/** What a spectrum is along its radius and around its centre. */

/** Directions of {@link angularProfile}, each `180 / 36` degrees wide. */
export const DIRECTIONS = 36

/**
 * The mean of a centred spectrum at each whole radius: entry `r` averages the points whose distance to the centre rounds to `r`.
 * @param spectrum `size * size` values, frequency 0 at `(size / 2, size / 2)`
 * @returns `size / 2 + 1` values, from frequency 0 to the Nyquist frequency
 */
export function radialProfile(spectrum: ArrayLike<number>, size: number): Float32Array {
  const half = size / 2
  const sums = new Float64Array(half + 1)
  const counts = new Float64Array(half + 1)
  for (let y = 0, i = 0; y < size; y++) {
    for (let x = 0; x < size; x++, i++) {
      const radius = Math.round(Math.sqrt((x - half) ** 2 + (y - half) ** 2))
      if (radius > half) continue
      sums[radius] = sums[radius]! + spectrum[i]!
      counts[radius] = counts[radius]! + 1
    }
  }
  return Float32Array.from(sums, (sum, radius) => sum / counts[radius]!)
}

/**
 * The mean of a centred spectrum in each direction, over radii from `size / 8` to `size / 2`: entry `d` averages the points whose
 * direction, 0..180 degrees from the x axis towards the y axis, is nearest to `d * 5` degrees. A picture turned by 90 degrees has
 * its entries moved by 18.
 */
export function angularProfile(spectrum: ArrayLike<number>, size: number): Float32Array {
  const half = size / 2
  const inner = size / 8
  const sums = new Float64Array(DIRECTIONS)
  const counts = new Float64Array(DIRECTIONS)
  // Row and column 0 are frequency -size / 2, whose mirror image is not in the picture.
  for (let y = 1; y < size; y++) {
    for (let x = 1; x < size; x++) {
      const radius = Math.sqrt((x - half) ** 2 + (y - half) ** 2)
      if (radius < inner || radius > half) continue
      const direction = directionOf(x - half, y - half)
      sums[direction] = sums[direction]! + spectrum[y * size + x]!
      counts[direction] = counts[direction]! + 1
    }
  }
  return Float32Array.from(sums, (sum, direction) => (counts[direction] === 0 ? 0 : sum / counts[direction]!))
}

function directionOf(u: number, v: number): number {
  const turn = Math.atan2(v, u) / Math.PI
  return (((Math.round(turn * DIRECTIONS) % DIRECTIONS) + DIRECTIONS) % DIRECTIONS) | 0
}
