/** A turned square of a frame as the input of a network. */
import type { Frame } from '../image/frame.ts'
import type { LandmarksCard } from '../model/card.ts'
import type { Point } from './face.ts'

/** A square of the frame, turned about its centre. All lengths in frame pixels with pixel edges at integers. */
export interface RotatedSquare {
  readonly centre: Point
  readonly side: number
  /** The direction of the square's own x axis; a vector of length 1. */
  readonly axis: Point
}

/** Samples a side of one input pixel, at most: a face that fills a large frame costs no more than this squared. */
const MAX_TAPS = 3

/** Where a point of the network's input (pixels) lies in the frame. */
export function fromSquare({ centre, side, axis }: RotatedSquare, x: number, y: number, size: number): Point {
  const [u, v] = [(x / size - 0.5) * side, (y / size - 0.5) * side]
  return { x: centre.x + u * axis.x - v * axis.y, y: centre.y + u * axis.y + v * axis.x }
}

/**
 * The square's pixels, normalised as the card says: nchw or nhwc, black where the frame ends. Bilinear; where the square is shrunk, the mean of
 * several samples a pixel.
 */
export function cropRotatedSquare(frame: Frame, square: RotatedSquare, input: LandmarksCard['input']): Float32Array {
  const { width: size, layout, colour, scale, mean, std } = input
  const out = new Float32Array(3 * size * size)
  const [next, plane] = layout === 'nchw' ? [1, size * size] : [3, 1]
  const taps = Math.max(1, Math.min(MAX_TAPS, Math.round(square.side / size)))
  const step = square.side / size / taps
  const { axis } = square
  const sum = new Float64Array(3)
  for (let row = 0; row < size; row++) {
    for (let column = 0; column < size; column++) {
      sum.fill(0)
      const corner = fromSquare(square, column + 0.5 / taps, row + 0.5 / taps, size)
      for (let j = 0; j < taps; j++) {
        for (let i = 0; i < taps; i++) {
          addSample(
            frame,
            corner.x + (i * axis.x - j * axis.y) * step,
            corner.y + (i * axis.y + j * axis.x) * step,
            sum,
          )
        }
      }
      const at = (row * size + column) * next
      for (let channel = 0; channel < 3; channel++) {
        const c = colour === 'rgb' ? channel : 2 - channel
        out[at + c * plane] = ((sum[channel]! / (taps * taps)) * scale - mean[c]!) / std[c]!
      }
    }
  }
  return out
}

/** Adds the red, green and blue of one place of the frame. */
function addSample({ data, width, height, channels }: Frame, x: number, y: number, sum: Float64Array): void {
  if (!(x >= 0 && y >= 0 && x < width && y < height)) return
  const [fx, fy] = [Math.max(0, x - 0.5), Math.max(0, y - 0.5)]
  const [left, top] = [Math.floor(fx), Math.floor(fy)]
  const right = Math.min(width - 1, left + 1)
  const bottom = Math.min(height - 1, top + 1)
  const [wx, wy] = [fx - left, fy - top]
  const [a, b] = [(top * width + left) * channels, (top * width + right) * channels]
  const [c, d] = [(bottom * width + left) * channels, (bottom * width + right) * channels]
  for (let i = 0; i < 3; i++) {
    const upper = data[a + i]! * (1 - wx) + data[b + i]! * wx
    const lower = data[c + i]! * (1 - wx) + data[d + i]! * wx
    sum[i] = sum[i]! + upper * (1 - wy) + lower * wy
  }
}
