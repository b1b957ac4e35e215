/** Pixels to the numbers a network wants. */
import { LivenessError } from '../errors.ts'
import type { CardInput } from '../model/card.ts'
import type { Frame } from './frame.ts'

/** The part of a card's input that says what a pixel becomes. */
export type TensorFormat = Pick<CardInput, 'layout' | 'colour' | 'scale' | 'mean' | 'std'>

/**
 * Writes every pixel as `(pixel * scale - mean[c]) / std[c]`, channels in `colour` order.
 * @param crop any frame; alpha is dropped
 * @param out receives `3 * width * height` values from `offset` on
 * @throws LivenessError INPUT_INVALID when `out` is too short.
 */
export function packTensor(crop: Frame, format: TensorFormat, out: Float32Array, offset = 0): void {
  const { data, channels, width, height } = crop
  const pixels = width * height
  if (offset < 0 || offset + 3 * pixels > out.length) {
    throw new LivenessError(
      'INPUT_INVALID',
      `Expected room for ${3 * pixels} values in out but received ${out.length - offset}.`,
    )
  }
  const { layout, colour, scale, mean, std } = format
  const value = new Float32Array(256)
  for (let c = 0; c < 3; c++) {
    for (let p = 0; p < 256; p++) value[p] = (p * scale - mean[c]!) / std[c]!
    const step = layout === 'nchw' ? 1 : 3
    let to = layout === 'nchw' ? offset + c * pixels : offset + c
    let from = colour === 'rgb' ? c : 2 - c
    for (let i = 0; i < pixels; i++) {
      out[to] = value[data[from]!]!
      to += step
      from += channels
    }
  }
}
