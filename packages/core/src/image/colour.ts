/** Luma, grey and RGB. */
import { createFrame, type Frame } from './frame.ts'

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

/** An RGB frame without alpha: the frame itself where it has none. */
export function toRgb(frame: Frame): Frame {
  if (frame.channels === 3) return frame
  const { data, width, height } = frame
  const out = new Uint8ClampedArray(width * height * 3)
  for (let from = 0, to = 0; to < out.length; from += 4, to += 3) {
    out[to] = data[from]!
    out[to + 1] = data[from + 1]!
    out[to + 2] = data[from + 2]!
  }
  return createFrame({ data: out, width, height, channels: 3 })
}

/** An RGB frame whose three channels are the rounded luma. */
export function toGrey(frame: Frame): Frame {
  const { width, height } = frame
  const luma = lumaOf(frame)
  const out = new Uint8ClampedArray(width * height * 3)
  for (let i = 0, to = 0; i < luma.length; i++) {
    const value = luma[i]!
    out[to++] = value
    out[to++] = value
    out[to++] = value
  }
  return createFrame({ data: out, width, height, channels: 3 })
}
