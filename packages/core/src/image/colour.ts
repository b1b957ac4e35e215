/** Luma. */
import type { Frame } from './frame.ts'

/** Rec. 601 weights of red, green and blue. */
export const LUMA_WEIGHTS = [0.299, 0.587, 0.114] as const

/**
 * Luma `0.299 R + 0.587 G + 0.114 B` of every pixel, 0..255, row by row.
 * @param out reused where given: `width * height` values
 */
export function lumaOf<Values extends Float32Array | Float64Array = Float32Array>(
  frame: Frame,
  out: Values = new Float32Array(frame.width * frame.height) as Values,
): Values {
  const { data, channels } = frame
  const [red, green, blue] = LUMA_WEIGHTS
  const pixels = frame.width * frame.height
  for (let i = 0, at = 0; i < pixels; i++, at += channels) {
    out[i] = red * data[at]! + green * data[at + 1]! + blue * data[at + 2]!
  }
  return out
}
