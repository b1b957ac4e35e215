/** APCER per PAI species, BPCER, ACER and non-response at one threshold, as ISO/IEC 30107-3 counts them. */
import { LivenessError } from '@unspoof/core'
import { type Bootstrap, clusteredInterval, designEffect } from './bootstrap.ts'
import { clopperPearson, type Interval, strongestClaim, upperBound } from './intervals.ts'
import { checkPresentations, groupBy, type Presentation, speciesOf } from './presentation.ts'

/** Fewer attack presentations of a species than this do not make a headline. */
export const MIN_SPECIES = 30

/** An error rate as a count, with what it can carry. */
export interface Rate {
  readonly errors: number
  readonly n: number
  /** errors / n, 0..1. */
  readonly rate: number
  /** 95 % Clopper-Pearson: right where the presentations are independent. */
  readonly interval: Interval
  /** 95 % bootstrap over clusters; `null` where there are fewer than 20 clusters or each presentation is its own. */
  readonly clustered: Interval | null
  /** How many clusters (people, artefacts, videos) the n presentations come from. */
  readonly clusters: number
  /** How many independent presentations the n are worth, by the design effect of the errors over clusters. */
  readonly effectiveN: number
  /** One-sided 95 % bound: "at most this". */
  readonly upper: number
  /** The strongest claim "at most x" the counts carry, 0..1; `null` where they carry none. */
  readonly claim: number | null
}

/** The same rate under both readings of a non-response; a reading without any presentation left is `null`. */
export interface RateReadings {
  /** A non-response is a refusal: what a door does. */
  readonly refused: Rate | null
  /** Non-responses are taken out of errors and n. */
  readonly removed: Rate | null
  /** Presentations without an answer. */
  readonly nonResponse: { readonly count: number; readonly n: number; readonly rate: number }
}

export interface RatesAtThreshold {
  readonly threshold: number
  /** APCER of each species, in order of first appearance. */
  readonly species: Readonly<Record<string, RateReadings>>
  /** The species with the highest APCER (reading `refused`) among those with n >= 30; `null` where there is none. */
  readonly worst: { readonly species: string; readonly rate: Rate } | null
  /** Species with fewer than 30 presentations: too few for a headline. */
  readonly tooFew: readonly string[]
  /** All species together: only for comparison, never a headline. */
  readonly pooledApcer: RateReadings | null
  readonly bpcer: RateReadings | null
  /** (worst APCER + BPCER) / 2, reading `refused`. Not an ISO metric. */
  readonly acer: number | null
}

/** An error rate of presentations that are all of one kind. */
export function rateOf(
  presentations: readonly Presentation[],
  isError: (presentation: Presentation) => boolean,
  bootstrap?: Bootstrap,
): Rate | null {
  const n = presentations.length
  if (n === 0) return null
  const wrong = presentations.map(isError)
  const errors = wrong.filter(Boolean).length
  const { clusters, interval } = clusteredInterval(presentations, wrong, bootstrap)
  return {
    errors,
    n,
    rate: errors / n,
    interval: clopperPearson(errors, n),
    clustered: interval,
    clusters,
    effectiveN: designEffect(presentations, wrong).effectiveN,
    upper: upperBound(errors, n),
    claim: strongestClaim(errors, n),
  }
}

function readings(
  presentations: readonly Presentation[],
  isError: (presentation: Presentation, nonResponseIsError: boolean) => boolean,
  bootstrap?: Bootstrap,
): RateReadings | null {
  if (presentations.length === 0) return null
  const answered = presentations.filter((p) => p.score !== null)
  const count = presentations.length - answered.length
  return {
    refused: rateOf(presentations, (p) => isError(p, true), bootstrap),
    removed: rateOf(answered, (p) => isError(p, false), bootstrap),
    nonResponse: { count, n: presentations.length, rate: count / presentations.length },
  }
}

/**
 * Error rates of the rule "live when score >= threshold".
 * @throws LivenessError DATA_INVALID for a threshold outside 0..1 or presentations that are not well-formed.
 */
export function ratesAt(
  presentations: readonly Presentation[],
  threshold: number,
  bootstrap?: Bootstrap,
): RatesAtThreshold {
  checkPresentations(presentations)
  if (!(threshold >= 0 && threshold <= 1)) {
    throw new LivenessError('DATA_INVALID', 'Expected a number from 0 to 1 for the threshold.')
  }
  const accepted = (p: Presentation) => p.score !== null && p.score >= threshold
  const attacks = presentations.filter((p) => p.label === 'spoof')
  const lives = presentations.filter((p) => p.label === 'live')
  const species: Record<string, RateReadings> = {}
  for (const [name, group] of groupBy(attacks, speciesOf)) {
    species[name] = readings(group, accepted, bootstrap)!
  }
  const rows = Object.entries(species)
  const worst = rows
    .map(([name, reading]) => ({ species: name, rate: reading.refused! }))
    .filter(({ rate }) => rate.n >= MIN_SPECIES)
    .reduce<{ species: string; rate: Rate } | null>(
      (high, row) => (high === null || row.rate.rate > high.rate.rate ? row : high),
      null,
    )
  const bpcer = readings(
    lives,
    (p, nonResponseIsError) => (p.score === null ? nonResponseIsError : !accepted(p)),
    bootstrap,
  )
  return {
    threshold,
    species,
    worst,
    tooFew: rows.filter(([, reading]) => reading.refused!.n < MIN_SPECIES).map(([name]) => name),
    pooledApcer: readings(attacks, accepted, bootstrap),
    bpcer,
    acer: worst === null || bpcer === null ? null : (worst.rate.rate + bpcer.refused!.rate) / 2,
  }
}

/** The chance that at least one of `attempts` independent attempts gets through, given the rate of one. Five at 2 %: 9.6 %. */
export function apcerAfterAttempts(apcer: number, attempts: number): number {
  return 1 - (1 - apcer) ** attempts
}
