/** By how much a JPEG is reduced while it is decoded. */
import type { ImageHeader } from './header.ts'
import { type ImageLimits, SHRINKABLE_PIXELS } from './limits.ts'

/** What the decoder of JPEG can divide width and height by: it leaves out the high frequencies of each block. */
const FACTORS = [1, 2, 4, 8] as const

/**
 * The smallest factor that brings the image within its limits; 1 where it is within them, undefined where none does. Only files
 * that are read in one pass are reduced: the others need memory for all of their pixels, whatever the factor.
 */
export function shrinkFactor(
  { type, width, height, onePass = false }: Pick<ImageHeader, 'type' | 'width' | 'height' | 'onePass'>,
  limits: Pick<ImageLimits, 'maxPixels' | 'maxSide'>,
): number | undefined {
  const isShrinkable = type === 'jpeg' && onePass && width * height <= SHRINKABLE_PIXELS
  return FACTORS.find((factor) => {
    if (factor > 1 && !isShrinkable) return false
    const [w, h] = [Math.ceil(width / factor), Math.ceil(height / factor)]
    return w * h <= limits.maxPixels && Math.max(w, h) <= limits.maxSide
  })
}

/** The same header, of an image that must not be reduced: whoever gives faces gives them in pixels of the whole size. */
export function wholeSize(header: ImageHeader): ImageHeader {
  return { ...header, onePass: false }
}
