/** Cuts the face out of a frame exactly as the model card says: which rectangle, what stands outside the frame, what size. */
import { LivenessError } from '../errors.ts'
import type { CardCrop } from '../model/card.ts'
import { borderMap } from './border.ts'
import type { Box } from './box.ts'
import type { Frame } from './frame.ts'
import { type Interpolation, resample } from './resize.ts'

export { packTensor } from './tensor.ts'

/** Whole frame pixels. May reach outside the frame, except for the border rule `clamp`. */
export interface CropRect {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** A box may be at most this many times as wide and high as the frame, so that a crop's cost is bounded. */
const MAX_BOX = 4

/**
 * The rectangle of a crop.
 *
 * Border rules `reflect101`, `constant`, `replicate`: the box is truncated to integers toward zero. With `square`, a square of
 * `trunc(scale * max(width, height))` around the box's centre; else `trunc(scale * width)` by `trunc(scale * height)`. The corner is
 * `trunc(centre - scale * side / 2)`. A side is at least 1.
 *
 * Border rule `clamp`: x and y are at least 0 and nothing else is rounded. The scale is lowered to `(frame - 1) / side` where needed,
 * the grown box is shifted inside 0..frame - 1, its corners are truncated and the right and bottom ones belong to it. With `square`,
 * both sides are the longer one first; truncating the corners may leave it one pixel off a square.
 *
 * @throws LivenessError INPUT_INVALID when the box does not overlap the frame or is more than four times its size.
 */
export function cropRect(
  frame: { readonly width: number; readonly height: number },
  box: Box,
  crop: CardCrop,
): CropRect {
  if (box.x >= frame.width || box.y >= frame.height || box.x + box.width <= 0 || box.y + box.height <= 0) {
    throw new LivenessError('INPUT_INVALID', 'Expected a face box that overlaps the frame.')
  }
  if (box.width > MAX_BOX * frame.width || box.height > MAX_BOX * frame.height) {
    throw new LivenessError('INPUT_INVALID', `Expected a face box at most ${MAX_BOX} times the size of the frame.`)
  }
  return crop.border === 'clamp' ? clampedRect(frame, box, crop) : borderedRect(box, crop)
}

function borderedRect(box: Box, { scale, square }: CardCrop): CropRect {
  const x = Math.trunc(box.x)
  const y = Math.trunc(box.y)
  const width = Math.trunc(box.width)
  const height = Math.trunc(box.height)
  const longer = Math.max(width, height)
  const sideX = square ? longer : width
  const sideY = square ? longer : height
  return {
    x: toInteger(x + width / 2 - (scale * sideX) / 2),
    y: toInteger(y + height / 2 - (scale * sideY) / 2),
    width: Math.max(1, toInteger(scale * sideX)),
    height: Math.max(1, toInteger(scale * sideY)),
  }
}

function clampedRect(frame: { readonly width: number; readonly height: number }, box: Box, crop: CardCrop): CropRect {
  const longer = Math.max(box.width, box.height)
  const width = crop.square ? longer : box.width
  const height = crop.square ? longer : box.height
  const scale = Math.min(crop.scale, (frame.height - 1) / height, (frame.width - 1) / width)
  const [left, right] = shiftInside(Math.max(0, box.x) + box.width / 2, width * scale, frame.width - 1)
  const [top, bottom] = shiftInside(Math.max(0, box.y) + box.height / 2, height * scale, frame.height - 1)
  return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 }
}

/** First and last pixel of a span moved inside 0..last. */
function shiftInside(centre: number, side: number, last: number): [number, number] {
  let from = centre - side / 2
  let to = centre + side / 2
  if (from < 0) {
    to -= from
    from = 0
  }
  if (to > last) {
    from -= to - last
    to = last
  }
  return [toInteger(Math.max(0, from)), toInteger(Math.min(last, to))]
}

/** Toward zero, without a negative zero. */
function toInteger(value: number): number {
  return Math.trunc(value) + 0
}

/**
 * Cuts and resizes in one pass; only the pixels the crop needs are read, and the frame is not copied.
 * `crop.down` is used where the rectangle is larger than the target on any axis, `crop.up` else.
 * @param width of the result, pixels
 * @param height of the result, pixels
 * @param out reused for the pixels where given: `width * height * 3` bytes
 * @returns an RGB frame of `width` x `height` pixels
 * @throws LivenessError INPUT_INVALID as {@link cropRect} does, and for a target size or `out` that does not fit.
 */
export function cropResize(
  frame: Frame,
  box: Box,
  crop: CardCrop,
  width: number,
  height: number,
  out?: Uint8ClampedArray,
): Frame {
  const rect = cropRect(frame, box, crop)
  return resizeRect(
    frame,
    rect,
    crop.border,
    rect.width > width || rect.height > height ? crop.down : crop.up,
    width,
    height,
    out,
  )
}

/**
 * Cuts any rectangle of a frame and resizes it.
 * @throws LivenessError INPUT_INVALID when the rectangle does not overlap the frame, or a size does not fit.
 */
export function resizeRect(
  frame: Frame,
  rect: CropRect,
  border: CardCrop['border'],
  interpolation: Interpolation,
  width: number,
  height: number,
  out?: Uint8ClampedArray,
): Frame {
  if (rect.x >= frame.width || rect.y >= frame.height || rect.x + rect.width <= 0 || rect.y + rect.height <= 0) {
    throw new LivenessError('INPUT_INVALID', 'Expected a crop that overlaps the frame.')
  }
  const rule = border === 'clamp' ? 'replicate' : border
  const columns = borderMap(rect.x, rect.width, frame.width, rule)
  const rows = borderMap(rect.y, rect.height, frame.height, rule)
  return resample(frame, columns, rows, width, height, interpolation, out)
}
