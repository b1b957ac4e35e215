/** Grey images that the depth cues measure on: small, because motion of whole regions needs no more. */
import type { Frame } from '@unspoof/core'

/** Luma, row by row. `scale` = pixels of this image per pixel of the frame. */
export interface Luma {
  readonly data: Float32Array | Uint8Array
  readonly width: number
  readonly height: number
  readonly scale: number
}

/** Shrinks by a whole number, so that the longer side has at most `maxSide` pixels: the mean of each block of pixels. */
export function lumaOf(frame: Frame, maxSide: number): Luma {
  const factor = Math.max(1, Math.ceil(Math.max(frame.width, frame.height) / maxSide))
  const width = Math.floor(frame.width / factor)
  const height = Math.floor(frame.height / factor)
  const data = new Uint8Array(width * height)
  const { channels } = frame
  const stride = frame.width * channels
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let sum = 0
      for (let j = 0; j < factor; j++) {
        let p = (y * factor + j) * stride + x * factor * channels
        for (let i = 0; i < factor; i++, p += channels) {
          sum += 0.299 * frame.data[p]! + 0.587 * frame.data[p + 1]! + 0.114 * frame.data[p + 2]!
        }
      }
      data[y * width + x] = Math.round(sum / (factor * factor))
    }
  }
  return { data, width, height, scale: 1 / factor }
}

/** Bilinear, with pixel centres at integers; the nearest pixel outside. */
export function lumaAt({ data, width, height }: Luma, x: number, y: number): number {
  const fx = Math.min(width - 1.001, Math.max(0, x))
  const fy = Math.min(height - 1.001, Math.max(0, y))
  const [ix, iy] = [Math.floor(fx), Math.floor(fy)]
  const [wx, wy] = [fx - ix, fy - iy]
  const i = iy * width + ix
  return (
    (data[i]! * (1 - wx) + data[i + 1]! * wx) * (1 - wy) +
    (data[i + width]! * (1 - wx) + data[i + width + 1]! * wx) * wy
  )
}
