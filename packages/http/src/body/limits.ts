/** How much of a request is read at most, and for how long: on by default, checked at creation. */
import { checkInteger, checkKeys } from '@unspoof/core'

const KiB = 1024
const MiB = 1024 * KiB

/** Limits of one request's body. Sizes in bytes, times in milliseconds. */
export interface UploadLimits {
  /** Bytes of one file. */
  readonly fileBytes: number
  /** Bytes of a whole multipart body. */
  readonly bodyBytes: number
  /** Bytes of a JSON body, pictures and all. */
  readonly jsonBytes: number
  /** Bytes of a JSON body beside its pictures: they are parsed in one go on the event loop, which waits meanwhile. */
  readonly jsonTextBytes: number
  /** Pictures in one request. */
  readonly images: number
  /** Parts of a multipart body, files and fields together. */
  readonly parts: number
  /** Bytes of one text field's value. A data URL may be as large as a file. */
  readonly fieldBytes: number
  /** Characters of a field's name. */
  readonly fieldNameLength: number
  /** Header lines of one part. */
  readonly headerPairs: number
  /** Depth of nesting of a JSON body. */
  readonly jsonDepth: number
  /** Keys and array items of a JSON body, all levels together. */
  readonly jsonNodes: number
  /** Milliseconds from the first look at a body to its last byte, however steadily it comes. */
  readonly bodyTimeoutMs: number
  /** Milliseconds without a byte of the body. */
  readonly idleTimeoutMs: number
  /** Bytes a second a body has to keep up on average, after {@link graceMs}. 0 turns the floor off. */
  readonly minBytesPerSecond: number
  /** Milliseconds before the floor of {@link minBytesPerSecond} counts. */
  readonly graceMs: number
}

/** What {@link UploadLimits} are where nothing is said. */
export const DEFAULT_LIMITS: UploadLimits = Object.freeze({
  fileBytes: 5 * MiB,
  bodyBytes: 21 * MiB,
  jsonBytes: 8 * MiB,
  jsonTextBytes: 2 * MiB,
  images: 4,
  parts: 20,
  fieldBytes: 64 * KiB,
  fieldNameLength: 100,
  headerPairs: 16,
  jsonDepth: 32,
  jsonNodes: 20_000,
  bodyTimeoutMs: 120_000,
  idleTimeoutMs: 10_000,
  minBytesPerSecond: 8 * KiB,
  graceMs: 1000,
})

/** The ranges the limits may be set in. */
export const LIMIT_RANGES: Readonly<Record<keyof UploadLimits, { readonly min: number; readonly max: number }>> = {
  fileBytes: { min: 1, max: 64 * MiB },
  bodyBytes: { min: 1, max: 256 * MiB },
  jsonBytes: { min: 1, max: 64 * MiB },
  jsonTextBytes: { min: 1, max: 64 * MiB },
  images: { min: 1, max: 64 },
  parts: { min: 1, max: 1000 },
  fieldBytes: { min: 0, max: 16 * MiB },
  fieldNameLength: { min: 1, max: 1000 },
  headerPairs: { min: 2, max: 100 },
  jsonDepth: { min: 1, max: 100 },
  jsonNodes: { min: 1, max: 1_000_000 },
  bodyTimeoutMs: { min: 10, max: 3_600_000 },
  idleTimeoutMs: { min: 10, max: 600_000 },
  minBytesPerSecond: { min: 0, max: 64 * MiB },
  graceMs: { min: 0, max: 60_000 },
}

/**
 * Merges limits over the defaults. `undefined` counts as absent.
 * @throws LivenessError OPTION_INVALID for unknown names and values outside their range.
 */
export function resolveLimits(limits: Partial<UploadLimits> = {}): UploadLimits {
  const names = Object.keys(DEFAULT_LIMITS) as (keyof UploadLimits)[]
  checkKeys('limits', limits, names)
  const entries = names.map((name) => {
    const value = limits[name] ?? DEFAULT_LIMITS[name]
    return [name, checkInteger(`limits.${name}`, value, LIMIT_RANGES[name])] as const
  })
  return Object.freeze(Object.fromEntries(entries)) as unknown as UploadLimits
}
