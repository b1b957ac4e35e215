/** A threshold of one site, fitted to live captures of its own cameras: a small JSON that names its model and carries its own hash. */
import { LivenessError } from '../errors.ts'
import type { OperatingPointName, PadCard } from '../model/card.ts'
import { sha256Hex } from '../model/load.ts'
import { checkInteger, checkKeys, checkNumber, invalid } from '../validate.ts'

/** Distinct live captures a calibration needs. */
export const MIN_CAPTURES = 20

export interface SiteCalibration {
  readonly schema: 1
  /** The model it was fitted for: it fits no other. */
  readonly model: { readonly id: string; readonly version: string; readonly variant: string }
  /** Takes the place of the threshold of `balanced`, in (0, 1). */
  readonly threshold: number
  /** Distinct live captures it was fitted to. */
  readonly captures: number
  /** ISO 8601. */
  readonly created: string
  /** Lower-case hex SHA-256 of the other fields, see {@link signCalibration}. */
  readonly sha256: string
}

const KEYS = ['schema', 'model', 'threshold', 'captures', 'created', 'sha256'] as const

/** Adds the hash over all other fields: a file that was cut short or edited by hand is refused. It is no secret and proves no author. */
export async function signCalibration(fields: Omit<SiteCalibration, 'sha256'>): Promise<SiteCalibration> {
  return { ...fields, sha256: await hashOf(fields) }
}

/**
 * Checks a calibration that was read from a file.
 * @throws LivenessError OPTION_INVALID
 */
export async function parseCalibration(json: unknown): Promise<SiteCalibration> {
  const calibration = checkFields(json)
  if ((await hashOf(calibration)) !== calibration.sha256) {
    throw new LivenessError('OPTION_INVALID', 'The calibration has another SHA-256 than it says: it was changed.', {
      hint: 'Make it again with `unspoof calibrate`.',
    })
  }
  return calibration
}

/**
 * The operating points of a model with the site's threshold for `balanced`. It is never below `lenient`, and `strict` is never below it.
 * @throws LivenessError OPTION_INVALID where the calibration is of another model
 */
export function calibratedPoints(
  { id, version, operatingPoints }: Pick<PadCard, 'id' | 'version' | 'operatingPoints'>,
  variant: string,
  calibration: SiteCalibration | undefined,
): PadCard['operatingPoints'] {
  if (calibration === undefined) return operatingPoints
  const { model, threshold } = checkFields(calibration)
  if (model.id !== id || model.version !== version || model.variant !== variant) {
    throw new LivenessError(
      'OPTION_INVALID',
      `The calibration is for ${model.id} ${model.version} (${model.variant}) and not for ${id} ${version} (${variant}).`,
      { hint: 'Make it again with `unspoof calibrate`.' },
    )
  }
  const { strict, balanced, lenient } = operatingPoints
  const fitted = Math.max(threshold, lenient.threshold)
  const at = (point: typeof balanced, bound: number): typeof balanced => ({
    threshold: bound,
    ...(point.spoofBelow === undefined ? {} : { spoofBelow: Math.min(point.spoofBelow, bound) }),
    measured: [],
  })
  return {
    strict: strict.threshold >= fitted ? strict : at(strict, fitted),
    balanced: at(balanced, fitted),
    lenient,
  } satisfies Record<OperatingPointName, typeof balanced>
}

function checkFields(json: unknown): SiteCalibration {
  if (typeof json !== 'object' || json === null) throw invalid('calibration', 'the JSON of unspoof calibrate', json)
  checkKeys('calibration', json, KEYS)
  const { schema, model, threshold, captures, created, sha256 } = json as Partial<SiteCalibration>
  if (schema !== 1) throw invalid('calibration.schema', '1', schema)
  if (![model?.id, model?.version, model?.variant].every((text) => typeof text === 'string' && text !== '')) {
    throw invalid('calibration.model', 'id, version and variant', model)
  }
  checkNumber('calibration.threshold', threshold, { min: 1e-4, max: 1 - 1e-4 })
  checkInteger('calibration.captures', captures, { min: MIN_CAPTURES, max: 1e6 })
  if (typeof created !== 'string') throw invalid('calibration.created', 'a time', created)
  if (typeof sha256 !== 'string') throw invalid('calibration.sha256', '64 hex digits', sha256)
  return json as SiteCalibration
}

function hashOf({ schema, model, threshold, captures, created }: Omit<SiteCalibration, 'sha256'>): Promise<string> {
  const text = JSON.stringify([schema, model.id, model.version, model.variant, threshold, captures, created])
  return sha256Hex(new TextEncoder().encode(text))
}
