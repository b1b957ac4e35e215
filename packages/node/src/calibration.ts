/** Reads the file that `unspoof calibrate` wrote. */
import { readFile } from 'node:fs/promises'
import {
  calibratedPoints,
  LivenessError,
  type PadCard,
  parseCalibration,
  type SiteCalibration,
  type WeightedModel,
} from '@unspoof/core'

/** @throws LivenessError INPUT_UNREADABLE for a file that cannot be read; OPTION_INVALID for what is no calibration, or was changed */
export async function loadCalibration(
  given: string | SiteCalibration | undefined,
): Promise<SiteCalibration | undefined> {
  if (given === undefined) return undefined
  return parseCalibration(typeof given === 'string' ? await readJson(given) : given)
}

/**
 * The operating points of the first model with the site's threshold.
 * @throws LivenessError OPTION_INVALID where the calibration is of another model
 */
export function pointsOf(
  models: readonly WeightedModel[],
  calibration: SiteCalibration | undefined,
): PadCard['operatingPoints'] {
  const { card, variant } = models[0]!.model
  return calibratedPoints(card, variant, calibration)
}

async function readJson(path: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new LivenessError('INPUT_UNREADABLE', `Cannot read the calibration ${path}.`, { cause })
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new LivenessError('OPTION_INVALID', `The calibration ${path} is not JSON.`, { cause })
  }
}
