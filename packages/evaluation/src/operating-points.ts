/** Fixes the named thresholds on labelled scores, and refuses where the data cannot carry what the names promise. */
import {
  type CardMeasurement,
  type CardOperatingPoint,
  type CardRate,
  LivenessError,
  type OperatingPointName,
  RANGES,
} from '@unspoof/core'
import { formatPercent } from './format.ts'
import { errorsAllowed, presentationsNeeded, upperBound } from './intervals.ts'
import { checkPresentations, groupBy, type Presentation, scored, speciesOf } from './presentation.ts'
import { type Rate, ratesAt } from './rates.ts'

/**
 * What each name promises: with 95 % confidence, at most this share of attacks of the worst species is accepted (on data
 * like those it was fitted on), 0..1.
 */
export const OPERATING_POINT_TARGETS: Readonly<Record<OperatingPointName, number>> = {
  strict: 0.01,
  balanced: 0.05,
  lenient: 0.1,
}

/** Fewer bona fide presentations than this say nothing about whom a threshold refuses: 0 of 29 is "at most 10 %". */
export const MIN_BONA_FIDE = 29

export interface OperatingPointFitOptions {
  /** Overrides of {@link OPERATING_POINT_TARGETS}, inside (0, 1). */
  readonly targets?: Partial<Record<OperatingPointName, number>>
  /** What the data are, for the card. */
  readonly data: string
}

/**
 * The lowest threshold at which the one-sided 95 % bound of every species' APCER is at most the target; it lies half-way
 * to the next score above, so that it does not hang on one picture. The measured rates are marked optimistic: the
 * threshold was chosen on the very data.
 * @throws LivenessError DATA_TOO_FEW when a species or the bona fide presentations are too few; the message says how many are needed.
 * @throws LivenessError DATA_INVALID when no threshold in range reaches a target.
 */
export function fitOperatingPoints(
  presentations: readonly Presentation[],
  options: OperatingPointFitOptions,
): Record<OperatingPointName, CardOperatingPoint> {
  checkPresentations(presentations)
  const targets = { ...OPERATING_POINT_TARGETS, ...options.targets }
  const attacks = groupBy(
    presentations.filter((p) => p.label === 'spoof'),
    speciesOf,
  )
  const lives = presentations.filter((p) => p.label === 'live')
  if (lives.length < MIN_BONA_FIDE) {
    throw tooFew(`Expected at least ${MIN_BONA_FIDE} bona fide pictures but received ${lives.length}.`)
  }
  if (attacks.size === 0) throw tooFew('Expected attack pictures but received none.')
  const fitOne = (name: OperatingPointName): CardOperatingPoint => {
    const target = targets[name]
    if (!(target > 0 && target < 1)) {
      throw new LivenessError('OPTION_INVALID', `Expected a number inside (0, 1) for the target of ${name}.`)
    }
    let threshold: number = RANGES.threshold.min
    for (const [species, group] of attacks) {
      threshold = Math.max(threshold, speciesThreshold(name, target, species, group, presentations))
    }
    return { threshold, measured: [measure(presentations, threshold, options.data)] }
  }
  return { strict: fitOne('strict'), balanced: fitOne('balanced'), lenient: fitOne('lenient') }
}

function speciesThreshold(
  name: OperatingPointName,
  target: number,
  species: string,
  group: readonly Presentation[],
  all: readonly Presentation[],
): number {
  const n = group.length
  const allowed = errorsAllowed(target, n)
  if (allowed < 0) {
    throw tooFew(
      `Operating point ${name} promises an APCER of at most ${formatPercent(target)}: that needs ` +
        `${presentationsNeeded(target)} attack pictures of species "${species.slice(0, 40)}" without an error, and there are ${n}. ` +
        `With 0 of ${n} the strongest honest target is ${formatPercent(upperBound(0, n), 'up')}.`,
    )
  }
  const scores = scored(group)
    .map((p) => p.score)
    .sort((a, b) => b - a)
  // The best-scoring attack that must be refused; with fewer answered attacks than allowed errors, none must.
  const mustRefuse = scores[allowed]
  if (mustRefuse === undefined) return RANGES.threshold.min
  const above = scored(all).reduce((low, { score }) => (score > mustRefuse && score < low ? score : low), 1)
  const threshold = (mustRefuse + above) / 2
  if (threshold > RANGES.threshold.max || threshold <= mustRefuse) {
    throw new LivenessError(
      'DATA_INVALID',
      `No threshold up to ${RANGES.threshold.max} keeps the APCER of species "${species.slice(0, 40)}" at ${formatPercent(target)}, ` +
        `as operating point ${name} asks: the model is too sure of ${scores.filter((s) => s >= mustRefuse).length} of these attacks.`,
      { hint: 'Use a better model for this attack, or a weaker target.' },
    )
  }
  return threshold
}

function measure(presentations: readonly Presentation[], threshold: number, data: string): CardMeasurement {
  const rates = ratesAt(presentations, threshold)
  return {
    data,
    apcer: Object.fromEntries(
      Object.entries(rates.species).map(([name, reading]) => [name, toCardRate(reading.refused!)]),
    ),
    bpcer: toCardRate(rates.bpcer!.refused!),
    optimistic: true,
  }
}

/** A rate as the model card keeps it. */
export function toCardRate({ errors, n, interval }: Rate): CardRate {
  return { errors, n, interval }
}

function tooFew(message: string): LivenessError {
  return new LivenessError('DATA_TOO_FEW', message, {
    hint: 'Collect more pictures, or set a weaker target for this operating point.',
  })
}
