/** Measures the image of one face: size, place, light, colour, contrast, sharpness, pose. */
import type { QualitySignals } from '../decide/result.ts'
import type { Face } from '../face/face.ts'
import type { Box } from '../image/box.ts'
import { lumaOf } from '../image/colour.ts'
import { cropResize } from '../image/crop.ts'
import type { Frame } from '../image/frame.ts'
import type { CardCrop } from '../model/card.ts'
import { flatnessOf } from './flatness.ts'
import { rollOf, yawOf } from './pose.ts'

/** Every face is measured at this many pixels a side, so that bounds mean the same for every camera. */
const SIDE = 128
const FACE_CROP: CardCrop = { scale: 1, square: true, border: 'replicate', down: 'area', up: 'linear' }

export function measureQuality(frame: Frame, face: Face): QualitySignals {
  const { box } = face
  const pixels = cropResize(frame, box, FACE_CROP, SIDE, SIDE)
  const luma = lumaOf(pixels)
  const { mean, deviation } = momentsOf(luma)
  const half = blockMeans(luma, SIDE, 2)
  const coarse = laplacianVariance(blockMeans(half, SIDE / 2, 4), SIDE / 8)
  const side = Math.max(box.width, box.height)
  return {
    faceSide: side,
    faceShare: (box.width * box.height) / (frame.width * frame.height),
    outside: outsideOf(frame, box),
    surroundingsOutside: outsideOf(frame, {
      x: box.x + box.width / 2 - side,
      y: box.y + box.height / 2 - side,
      width: 2 * side,
      height: 2 * side,
    }),
    chroma: chromaDeviation(pixels, luma),
    flatness: flatnessOf(frame, box),
    brightness: mean,
    contrast: deviation,
    sharpness: laplacianVariance(luma, SIDE),
    detail: coarse > 0 ? laplacianVariance(half, SIDE / 2) / coarse : 0,
    roll: face.keyPoints === undefined ? undefined : rollOf(face.keyPoints),
    yaw: face.keyPoints === undefined ? undefined : yawOf(face.keyPoints),
  }
}

type Rect = Pick<Box, 'x' | 'y' | 'width' | 'height'>

/** Share of a rectangle that lies outside the frame, 0..1. */
function outsideOf(frame: Frame, { x, y, width, height }: Rect): number {
  const inside =
    Math.max(0, Math.min(x + width, frame.width) - Math.max(x, 0)) *
    Math.max(0, Math.min(y + height, frame.height) - Math.max(y, 0))
  return 1 - inside / (width * height)
}

/** Sum of the standard deviations of blue and red minus luma: 0 for grey, next to nothing for grey with a tint. */
function chromaDeviation({ data, channels }: Frame, luma: ArrayLike<number>): number {
  const blue = new Float64Array(luma.length)
  const red = new Float64Array(luma.length)
  for (let i = 0; i < luma.length; i++) {
    red[i] = data[i * channels]! - luma[i]!
    blue[i] = data[i * channels + 2]! - luma[i]!
  }
  return momentsOf(blue).deviation + momentsOf(red).deviation
}

function momentsOf(values: ArrayLike<number>): { mean: number; deviation: number } {
  let sum = 0
  let squares = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!
    sum += value
    squares += value * value
  }
  const mean = sum / values.length
  return { mean, deviation: Math.sqrt(Math.max(0, squares / values.length - mean * mean)) }
}

/** The picture shrunk: means of `by` x `by` values. */
function blockMeans(luma: ArrayLike<number>, side: number, by: number): Float64Array {
  const columns = side / by
  const means = new Float64Array(columns * columns)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const i = Math.floor(y / by) * columns + Math.floor(x / by)
      means[i] = means[i]! + luma[y * side + x]! / (by * by)
    }
  }
  return means
}

/** Variance of the 4-neighbour Laplacian over the inner pixels (Pech-Pacheco et al. 2000, "Diatom autofocusing"). */
function laplacianVariance(luma: ArrayLike<number>, side: number): number {
  let sum = 0
  let squares = 0
  for (let y = 1; y < side - 1; y++) {
    for (let x = 1; x < side - 1; x++) {
      const i = y * side + x
      const value = luma[i - 1]! + luma[i + 1]! + luma[i - side]! + luma[i + side]! - 4 * luma[i]!
      sum += value
      squares += value * value
    }
  }
  const n = (side - 2) * (side - 2)
  return squares / n - (sum / n) ** 2
}
