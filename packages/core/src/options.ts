/** Defaults and ranges of the check, as the constants that the check, its messages and the docs share. */

import type { OperatingPoint } from './decide/result.ts'
import { LivenessError } from './errors.ts'
import type { CardOperatingPoint, OperatingPointName } from './model/card.ts'
import { checkInteger, checkKeys, checkNumber, checkOneOf } from './validate.ts'

export const OPERATING_POINTS = ['strict', 'balanced', 'lenient'] as const satisfies readonly OperatingPointName[]

export const DEFAULTS = {
  operatingPoint: 'balanced',
  faces: 'single',
  crops: 1,
  minStability: 0.5,
  timeoutMs: 10_000,
} as const

export const RANGES = {
  threshold: { min: 0.01, max: 0.9999 },
  crops: { min: 1, max: 5 },
  minStability: { min: 0, max: 1 },
  timeoutMs: { min: 10, max: 600_000 },
} as const

/** Options of one check; each may also be given once, when the object is created. */
export interface CheckOptions {
  /**
   * A named operating point of the card, or a threshold of your own in [0.01, 0.9999].
   * @default {@link DEFAULTS.operatingPoint}
   */
  readonly operatingPoint?: OperatingPointName | number
  /**
   * `single`: several faces of comparable size are answered `retry`; a much smaller one in the background is ignored.
   * `all`: every face is judged and the worst verdict counts.
   * @default {@link DEFAULTS.faces}
   */
  readonly faces?: 'single' | 'all'
  /**
   * How many crops of each face are scored and averaged: 1, or 3 or 5 that are jittered in scale and shift. The bundled model gains
   * nothing from more than one (docs/benchmarks/stability.md); a model that depends more on the box does.
   * @default {@link DEFAULTS.crops}
   */
  readonly crops?: 1 | 3 | 5
  /** With several crops: a face whose crops agree less than this is answered `retry` with `unstable`. @default {@link DEFAULTS.minStability} */
  readonly minStability?: number
  /** Milliseconds until CHECK_TIMEOUT. @default {@link DEFAULTS.timeoutMs} */
  readonly timeoutMs?: number
  /** Gives up with ABORTED; work that has not started is not done. */
  readonly signal?: AbortSignal
}

export interface ResolvedCheckOptions {
  readonly operatingPoint: OperatingPointName | number
  readonly faces: 'single' | 'all'
  readonly crops: 1 | 3 | 5
  readonly minStability: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

export const CHECK_OPTION_KEYS = [
  'operatingPoint',
  'faces',
  'crops',
  'minStability',
  'timeoutMs',
  'signal',
] as const satisfies readonly (keyof CheckOptions)[]

/**
 * Merges options over defaults and checks every value. `undefined` counts as absent.
 * @throws LivenessError OPTION_INVALID for unknown keys and values outside their range.
 */
export function resolveCheckOptions(options: CheckOptions = {}, base?: ResolvedCheckOptions): ResolvedCheckOptions {
  checkKeys('check', options, CHECK_OPTION_KEYS)
  const operatingPoint = options.operatingPoint ?? base?.operatingPoint ?? DEFAULTS.operatingPoint
  if (typeof operatingPoint === 'number') checkNumber('operatingPoint', operatingPoint, RANGES.threshold)
  else checkOneOf('operatingPoint', operatingPoint, OPERATING_POINTS)
  const crops = options.crops ?? base?.crops ?? DEFAULTS.crops
  if (options.signal !== undefined && !(options.signal instanceof AbortSignal)) {
    throw new LivenessError('OPTION_INVALID', 'Expected an AbortSignal for signal.')
  }
  return Object.freeze({
    operatingPoint,
    faces: checkOneOf('faces', options.faces ?? base?.faces ?? DEFAULTS.faces, ['single', 'all']),
    crops: checkOneOf('crops', crops, [1, 3, 5]),
    minStability: checkNumber(
      'minStability',
      options.minStability ?? base?.minStability ?? DEFAULTS.minStability,
      RANGES.minStability,
    ),
    timeoutMs: checkInteger('timeoutMs', options.timeoutMs ?? base?.timeoutMs ?? DEFAULTS.timeoutMs, RANGES.timeoutMs),
    signal: options.signal ?? base?.signal,
  })
}

/** The thresholds a check uses: the card's for a name, the number itself else. */
export function operatingPointOf(
  wanted: OperatingPointName | number,
  card: {
    readonly operatingPoints: Readonly<Record<OperatingPointName, Pick<CardOperatingPoint, 'threshold' | 'spoofBelow'>>>
  },
): OperatingPoint {
  if (typeof wanted === 'number') return { name: 'custom', threshold: wanted }
  const { threshold, spoofBelow } = card.operatingPoints[wanted]
  return { name: wanted, threshold, ...(spoofBelow === undefined ? {} : { spoofBelow }) }
}
