/** How large a picture may be, as the constants that the check, its messages and the docs share. */
import { checkInteger, checkKeys, checkNumber } from '@unspoof/core'

export const DEFAULT_LIMITS = {
  maxBytes: 5 * 1024 * 1024,
  maxPixels: 16_000_000,
  minSide: 64,
  maxSide: 8192,
  maxAspect: 4,
} as const

export const LIMIT_RANGES = {
  maxBytes: { min: 1024, max: 64 * 1024 * 1024 },
  maxPixels: { min: 4096, max: 100_000_000 },
  minSide: { min: 1, max: 1024 },
  maxSide: { min: 64, max: 16_384 },
  maxAspect: { min: 1, max: 100 },
} as const

/**
 * JPEG images up to this many pixels are decoded at a half, a quarter or an eighth of their size, where that brings them within
 * `maxPixels` and `maxSide`. The largest sensors of phones have 200 megapixels.
 */
export const SHRINKABLE_PIXELS = 200_000_000

/** What is refused before it is decoded. All of it is read from the header of the file. */
export interface ImageLimits {
  /** Bytes of the file; more is BODY_TOO_LARGE. @default 5 MiB */
  readonly maxBytes: number
  /** Width times height. A larger JPEG is decoded at a reduced size, any other image is IMAGE_TOO_LARGE. @default 16 megapixels */
  readonly maxPixels: number
  /** Pixels of the shorter side; less is answered `retry` with `image-too-small`. @default 64 */
  readonly minSide: number
  /** Pixels of the longer side; more is treated as for `maxPixels`. @default 8192 */
  readonly maxSide: number
  /** Longer side by shorter side; more is answered `retry` with `image-aspect`. @default 4 */
  readonly maxAspect: number
}

/** @throws LivenessError OPTION_INVALID for unknown keys and values outside {@link LIMIT_RANGES}. */
export function resolveLimits(limits: Partial<ImageLimits> = {}): ImageLimits {
  checkKeys('limits', limits, Object.keys(DEFAULT_LIMITS))
  const value = <K extends keyof ImageLimits>(key: K) => limits[key] ?? DEFAULT_LIMITS[key]
  return Object.freeze({
    maxBytes: checkInteger('limits.maxBytes', value('maxBytes'), LIMIT_RANGES.maxBytes),
    maxPixels: checkInteger('limits.maxPixels', value('maxPixels'), LIMIT_RANGES.maxPixels),
    minSide: checkInteger('limits.minSide', value('minSide'), LIMIT_RANGES.minSide),
    maxSide: checkInteger('limits.maxSide', value('maxSide'), LIMIT_RANGES.maxSide),
    maxAspect: checkNumber('limits.maxAspect', value('maxAspect'), LIMIT_RANGES.maxAspect),
  })
}
