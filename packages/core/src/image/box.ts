/** Boxes: x, y, width, height in frame pixels, as a type that cannot be confused with corners. */
import { LivenessError } from '../errors.ts'

declare const boxBrand: unique symbol

/**
 * A rectangle in frame pixels: top left corner and size. May reach outside the frame.
 * Made only by {@link box} and {@link boxFromCorners}, so that x1,y1,x2,y2 cannot be passed by mistake.
 */
export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  readonly [boxBrand]: true
}

/** @throws LivenessError INPUT_INVALID when a value is not finite or a side is not positive. */
export function box(x: number, y: number, width: number, height: number): Box {
  if (![x, y, width, height].every(Number.isFinite) || width <= 0 || height <= 0) {
    throw new LivenessError('INPUT_INVALID', 'Expected finite x, y and positive width, height for a box.')
  }
  return { x, y, width, height } as Box
}

/** From left, top, right and bottom edges, in frame pixels. */
export function boxFromCorners(left: number, top: number, right: number, bottom: number): Box {
  return box(left, top, right - left, bottom - top)
}

/** Intersection over union, 0..1. */
export function iou(a: Box, b: Box): number {
  const width = Math.min(a.x + a.width, b.x + b.width) - Math.max(a.x, b.x)
  const height = Math.min(a.y + a.height, b.y + b.height) - Math.max(a.y, b.y)
  if (width <= 0 || height <= 0) return 0
  const shared = width * height
  return shared / (a.width * a.height + b.width * b.height - shared)
}
