/** Options that several commands share, and how their values are read. */
import { DEFAULTS, LivenessError, OPERATING_POINTS, type OperatingPointName, RANGES } from '@unspoof/core'
import type { Arguments, OptionSpec } from './command.ts'

export const MODEL_OPTIONS = {
  'models-dir': {
    type: 'string',
    value: 'FOLDER',
    multiple: true,
    help: 'A folder with weights of models from the registry; they are told by their hash.',
  },
  'operating-point': {
    type: 'string',
    value: 'NAME|NUMBER',
    help: `${OPERATING_POINTS.join(', ')}, or a threshold from ${RANGES.threshold.min} to ${RANGES.threshold.max}. Default: ${DEFAULTS.operatingPoint}.`,
  },
  calibration: {
    type: 'string',
    value: 'FILE',
    help: 'What unspoof calibrate wrote: the threshold of balanced for your own cameras.',
  },
  crops: {
    type: 'string',
    value: '1|3|5',
    help: `Jittered crops of each face that are averaged. Default: ${DEFAULTS.crops}.`,
  },
} as const satisfies Record<string, OptionSpec>

/** @throws LivenessError OPTION_INVALID */
export function operatingPointFrom(args: Arguments): OperatingPointName | number | undefined {
  const text = args.text('operating-point')
  if (text === undefined) return undefined
  if (OPERATING_POINTS.includes(text as OperatingPointName)) return text as OperatingPointName
  if (Number.isNaN(Number(text))) {
    throw new LivenessError(
      'OPTION_INVALID',
      `Expected ${OPERATING_POINTS.join(', ')} or a number for --operating-point but received "${text.slice(0, 40)}".`,
    )
  }
  return args.number('operating-point', RANGES.threshold)
}

/** @throws LivenessError OPTION_INVALID */
export function cropsFrom(args: Arguments): 1 | 3 | 5 | undefined {
  const text = args.choice('crops', ['1', '3', '5'])
  return text === undefined ? undefined : (Number(text) as 1 | 3 | 5)
}
