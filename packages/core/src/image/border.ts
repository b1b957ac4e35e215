/** What stands where a crop leaves the frame: one table of frame coordinates an axis, so that nothing is copied or padded. */

/** How coordinates outside the frame are answered. A crop with the border rule `clamp` lies inside and needs none. */
export type Border = 'reflect101' | 'constant' | 'replicate'

/** In an axis map: this crop coordinate is black. */
export const BLACK = -1

/**
 * The frame coordinate that each crop coordinate reads, or {@link BLACK}.
 * `reflect101` mirrors the inside part of the crop (not the whole frame) without repeating its edge pixel, as often as needed.
 * @param start first coordinate of the crop in frame pixels, may be negative
 * @param size pixels of the crop on this axis; the crop and the frame must overlap
 * @param limit pixels of the frame on this axis
 */
export function borderMap(start: number, size: number, limit: number, border: Border): Int32Array {
  const map = new Int32Array(size)
  const first = Math.max(0, start)
  const inside = Math.min(limit, start + size) - first
  for (let i = 0; i < size; i++) {
    const position = start + i - first
    if (position >= 0 && position < inside) map[i] = first + position
    else if (border === 'constant') map[i] = BLACK
    else if (border === 'replicate' || inside === 1) map[i] = first + (position < 0 ? 0 : inside - 1)
    else map[i] = first + reflect101(position, inside)
  }
  return map
}

function reflect101(position: number, size: number): number {
  const period = 2 * (size - 1)
  const phase = ((position % period) + period) % period
  return phase < size ? phase : period - phase
}
