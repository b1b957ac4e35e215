/** Even areas: a mark of what a program drew. */
import type { Box } from '../image/box.ts'
import type { Frame } from '../image/frame.ts'

/** Rows and columns of pixels that are looked at. */
const FLATNESS_SAMPLES = 100
/** Grey levels by which neighbours may differ in a flat place. */
const FLATNESS_RANGE = 2

/**
 * Share of the face's pixels whose 3 x 3 neighbourhood is even to within 2 grey levels, 0..1. Sensors have noise and skin has
 * texture; what was drawn by a program has neither.
 */
export function flatnessOf(
  { data, width, height, channels }: Frame,
  face: Pick<Box, 'x' | 'y' | 'width' | 'height'>,
): number {
  const left = Math.max(1, Math.floor(face.x))
  const top = Math.max(1, Math.floor(face.y))
  const right = Math.min(width - 1, Math.ceil(face.x + face.width))
  const bottom = Math.min(height - 1, Math.ceil(face.y + face.height))
  const step = Math.max(1, Math.floor(Math.max(right - left, bottom - top) / FLATNESS_SAMPLES))
  let flat = 0
  let looked = 0
  for (let y = top; y < bottom; y += step) {
    for (let x = left; x < right; x += step) {
      let low = 255
      let high = 0
      for (let i = 0; i < 9; i++) {
        // Green weighs most in luma and is what most sensors sample best.
        const value = data[((y + Math.floor(i / 3) - 1) * width + x + (i % 3) - 1) * channels + 1]!
        low = Math.min(low, value)
        high = Math.max(high, value)
      }
      looked++
      if (high - low <= FLATNESS_RANGE) flat++
    }
  }
  return looked === 0 ? 0 : flat / looked
}
