import { decideSequence, type LivenessResult } from '@unspoof/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  apcerAfterAttempts,
  auc,
  bootstrapInterval,
  clopperPearson,
  designEffect,
  equalErrorRate,
  errorsAllowed,
  formatPercent,
  formatRate,
  formatShare,
  hasFewClusters,
  type Presentation,
  perVideo,
  presentationsNeeded,
  rateOf,
  ratesAt,
  rocCurve,
  strongestClaim,
  subgroups,
  summarize,
} from '../index.ts'

const isLive = (p: Presentation) => p.label === 'live'
const scores = fc.double({ min: 0, max: 1, noNaN: true })
const arbitrary = fc.array(
  fc.record({
    label: fc.constantFrom('live' as const, 'spoof' as const),
    score: fc.oneof({ weight: 5, arbitrary: scores }, { weight: 1, arbitrary: fc.constant(null) }),
    species: fc.constantFrom('print', 'replay'),
    cluster: fc.constantFrom('a', 'b', 'c', ''),
  }),
  { minLength: 2, maxLength: 60 },
)
const bothClasses = arbitrary.filter(
  (data) => new Set(data.filter((p) => p.score !== null).map((p) => p.label)).size === 2,
)

function row(label: 'live' | 'spoof', score: number | null, species?: string): Presentation {
  return { label, score, ...(species === undefined ? {} : { species }) }
}

describe('ratesAt', () => {
  it('counts each species, and takes the worst of those with enough presentations', () => {
    const data = [
      ...Array.from({ length: 40 }, (_, i) => row('spoof', i < 4 ? 0.9 : 0.1, 'print')),
      ...Array.from({ length: 30 }, (_, i) => row('spoof', i < 6 ? 0.5 : 0.4, 'replay')),
      ...Array.from({ length: 5 }, () => row('spoof', 0.99, 'mask')),
      ...Array.from({ length: 50 }, (_, i) => row('live', i < 5 ? 0.49 : 0.5)),
    ]
    const rates = ratesAt(data, 0.5)
    expect(rates.species.print!.refused).toMatchObject({ errors: 4, n: 40, rate: 0.1 })
    // A score on the threshold is live, as in the product.
    expect(rates.species.replay!.refused).toMatchObject({ errors: 6, n: 30 })
    expect(rates.worst).toMatchObject({ species: 'replay' })
    expect(rates.tooFew).toEqual(['mask'])
    expect(rates.bpcer!.refused).toMatchObject({ errors: 5, n: 50 })
    expect(rates.acer).toBeCloseTo((0.2 + 0.1) / 2)
  })

  it('prints both readings of a non-response', () => {
    const data = [row('live', null), row('live', 0.9), row('live', 0.1), row('spoof', null), row('spoof', 0.9)]
    const rates = ratesAt(data, 0.5)
    expect(rates.bpcer!.refused).toMatchObject({ errors: 2, n: 3 })
    expect(rates.bpcer!.removed).toMatchObject({ errors: 1, n: 2 })
    expect(rates.bpcer!.nonResponse).toEqual({ count: 1, n: 3, rate: 1 / 3 })
    expect(rates.species.unspecified!.refused).toMatchObject({ errors: 1, n: 2 })
    expect(rates.species.unspecified!.removed).toMatchObject({ errors: 1, n: 1 })
  })

  it('has no rate where there is nothing to count', () => {
    const rates = ratesAt([row('live', 0.9)], 0.5)
    expect(rates).toMatchObject({ species: {}, worst: null, pooledApcer: null, acer: null })
    expect(ratesAt([row('live', null)], 0.5).bpcer!.removed).toBeNull()
  })

  it('never counts a non-response as an accepted attack', () => {
    fc.assert(
      fc.property(arbitrary, scores, (data, threshold) => {
        for (const reading of Object.values(ratesAt(data, threshold, { resamples: 5 }).species)) {
          expect(reading.removed?.errors ?? 0).toBe(reading.refused!.errors)
        }
      }),
    )
  })

  it.each([Number.NaN, -0.1, 1.1])('refuses the threshold %s', (threshold) => {
    expect(() => ratesAt([row('live', 0.5)], threshold)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }))
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY, -0.01, 1.01])('refuses the score %s', (score) => {
    expect(() => ratesAt([row('live', score)], 0.5)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }))
  })
})

describe('the curve', () => {
  it('agrees with counting at each of its thresholds', () => {
    fc.assert(
      fc.property(bothClasses, (data) => {
        for (const point of rocCurve(data)) {
          if (point.threshold > 1) continue
          const rates = ratesAt(data, point.threshold, { resamples: 2 })
          expect(point.apcer).toBeCloseTo(rates.pooledApcer!.removed!.rate, 12)
          expect(point.bpcer).toBeCloseTo(rates.bpcer!.removed!.rate, 12)
        }
      }),
    )
  })

  it('has the AUC of counting pairs, and turns with the scores', () => {
    fc.assert(
      fc.property(bothClasses, (data) => {
        const answered = data.filter((p) => p.score !== null)
        const lives = answered.filter(isLive)
        const spoofs = answered.filter((p) => !isLive(p))
        let wins = 0
        for (const a of lives) for (const b of spoofs) wins += a.score! > b.score! ? 1 : a.score === b.score ? 0.5 : 0
        expect(auc(data)).toBeCloseTo(wins / (lives.length * spoofs.length), 10)
        const turned = answered.map((p) => ({ ...p, label: isLive(p) ? ('spoof' as const) : ('live' as const) }))
        expect(auc(turned)).toBeCloseTo(1 - auc(data), 10)
      }),
    )
  })

  it('has an EER between its neighbours and from 0 to 1', () => {
    fc.assert(
      fc.property(bothClasses, (data) => {
        const { rate } = equalErrorRate(rocCurve(data))
        expect(rate).toBeGreaterThanOrEqual(0)
        expect(rate).toBeLessThanOrEqual(1)
      }),
    )
    const separated = [row('live', 0.9), row('live', 0.8), row('spoof', 0.2)]
    expect(equalErrorRate(rocCurve(separated)).rate).toBe(0)
    expect(auc(separated)).toBe(1)
    expect(auc([row('live', 0.5), row('spoof', 0.5)])).toBe(0.5)
  })

  it('is refused for one class, never 0 or 1', () => {
    expect(() => auc([row('live', 0.9), row('spoof', null)])).toThrow(expect.objectContaining({ code: 'DATA_TOO_FEW' }))
    expect(() => auc([])).toThrow(expect.objectContaining({ code: 'DATA_TOO_FEW' }))
  })
})

describe('intervals', () => {
  it('hold the rate, shrink with n and turn with the errors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 400 }), fc.nat({ max: 400 }), (n, k) => {
        const errors = k % (n + 1)
        const [low, high] = clopperPearson(errors, n)
        expect(low).toBeLessThanOrEqual(errors / n)
        expect(high).toBeGreaterThanOrEqual(errors / n)
        const [turnedLow, turnedHigh] = clopperPearson(n - errors, n)
        expect(turnedLow).toBeCloseTo(1 - high, 9)
        expect(turnedHigh).toBeCloseTo(1 - low, 9)
        const wider = clopperPearson(errors * 4, n * 4)
        expect(wider[1] - wider[0]).toBeLessThan(high - low)
      }),
    )
  })

  it('know the rule-of-three table', () => {
    const table: [rate: number, none: number, one: number][] = [
      [0.15, 19, 30],
      [0.1, 29, 46],
      [0.07, 42, 66],
      [0.05, 59, 93],
      [0.02, 149, 236],
      [0.01, 299, 473],
      [0.005, 598, 947],
      [0.001, 2995, 4742],
    ]
    for (const [rate, none, one] of table) {
      expect(presentationsNeeded(rate)).toBe(none)
      expect(presentationsNeeded(rate, 1)).toBe(one)
      expect(strongestClaim(0, none)).toBe(rate)
      expect(strongestClaim(0, none - 1)).not.toBe(rate)
      expect(errorsAllowed(rate, none - 1)).toBe(-1)
      expect(errorsAllowed(rate, none)).toBe(0)
      expect(errorsAllowed(rate, one)).toBe(1)
    }
  })

  it.each([
    [-1, 3],
    [4, 3],
    [0, 0],
    [0.5, 3],
  ])('are refused for %s of %s', (errors, n) => {
    expect(() => clopperPearson(errors, n)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }))
  })
})

describe('clusters', () => {
  const people = Array.from({ length: 400 }, (_, i) => ({
    ...row('live', i % 40 < 4 ? 0.1 : 0.9),
    cluster: `p${i % 40}`,
  }))
  const wrong = (p: Presentation) => p.score! < 0.5

  it('widen the interval where the pictures of a person are alike', () => {
    const rate = rateOf(people, wrong)!
    expect(rate).toMatchObject({ errors: 40, n: 400, clusters: 40, effectiveN: expect.closeTo(40, 6) })
    expect(rate.clustered![1] - rate.clustered![0]).toBeGreaterThan(2 * (rate.interval[1] - rate.interval[0]))
    const { intraclassCorrelation, designEffect: effect, effectiveN } = designEffect(people, people.map(wrong))
    expect(intraclassCorrelation).toBeCloseTo(1, 6)
    expect(effect).toBeCloseTo(10, 6)
    expect(effectiveN).toBeCloseTo(40, 6)
  })

  it('match 1 + (m - 1) * ICC for clusters of ten', () => {
    // Security table: m 10, ICC 0.2 gives 2.8. Build it: a share of clusters all wrong, the others mixed.
    const { designEffect: effect, intraclassCorrelation: icc } = designEffect(
      people,
      people.map((_, i) => (i % 40 < 4 ? i % 3 > 0 : i % 7 === 0)),
    )
    expect(effect).toBeCloseTo(1 + 9 * icc, 9)
  })

  it('are told when there are fewer than 20', () => {
    const few = people.map((p, i) => ({ ...p, cluster: `p${i % 19}` }))
    expect(rateOf(few, wrong)).toMatchObject({ clusters: 19, clustered: null })
    expect(summarize(few, { threshold: 0.5 }).fewClusters).toBe(true)
    expect(formatRate(rateOf(few, wrong)!)).toBe('40 of 400 (19 clusters, too few for a rate)')
    // Nineteen lone pictures are few, but they are independent: their exact interval is honest.
    expect(hasFewClusters(few)).toBe(true)
    expect(summarize(people.slice(0, 19), { threshold: 0.5 }).fewClusters).toBe(false)
  })

  it('do not make one person of empty cells', () => {
    expect(
      rateOf(
        people.map((p) => ({ ...p, cluster: '' })),
        wrong,
      ),
    ).toMatchObject({ clusters: 400, clustered: null })
  })

  it('give the same interval for the same seed, another for another', () => {
    const mean = (weights: Float64Array) => weights.reduce((s, w, i) => s + w * people[i]!.score!, 0) / 400
    const interval = (seed: number) => bootstrapInterval(people, mean, { seed, resamples: 200 })
    expect(interval(1)).toEqual(interval(1))
    expect(interval(1)).not.toEqual(interval(2))
  })

  it('give the textbook interval of a mean', () => {
    const data = Array.from({ length: 100 }, (_, i) => row('live', (i + 0.5) / 100))
    const [low, high] = bootstrapInterval(data, (w) => w.reduce((s, x, i) => s + x * data[i]!.score!, 0) / 100)!
    const standardError = Math.sqrt(1 / 12 / 100)
    expect(low).toBeCloseTo(0.5 - 1.96 * standardError, 2)
    expect(high).toBeCloseTo(0.5 + 1.96 * standardError, 2)
  })
})

describe('perVideo', () => {
  const video = (name: string, label: 'live' | 'spoof', scores: readonly (number | null)[]) =>
    scores.map((score) => ({ ...row(label, score, label === 'spoof' ? 'print' : undefined), video: name }))

  it('gives the score a sequence ends with, and none where too few frames were judged', () => {
    const frames = [
      ...video('a', 'live', [0.9, 0.1, null, 0.5]),
      ...video('b', 'spoof', [null, 0.2, 0.3]),
      { ...row('live', 0.8), video: 'c' },
      { ...row('live', null), unstable: 0.8, video: 'c' },
      { ...row('live', 0.8), video: 'c' },
    ]
    // Three frames that repeat each other weigh as 3 / (1 + 2 * 0.6) of them.
    const weight = 3 / 2.2
    expect(perVideo(frames)).toEqual([
      { label: 'live', score: expect.closeTo(0.5, 12), cluster: 'a' },
      { label: 'spoof', score: null, species: 'print', cluster: 'b' },
      { label: 'live', score: expect.closeTo(1 / (1 + 4 ** -weight), 12), cluster: 'c' },
    ])
  })

  it('answers as checkSequence() does, at every threshold between those at which it stops early', async () => {
    const face = { box: { x: 0, y: 0, width: 10, height: 10 } } as LivenessResult['face']
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(scores, { freq: 5 }), { maxLength: 40 }),
        fc.double({ min: 0.06, max: 0.98, noNaN: true }),
        async (probabilities, threshold) => {
          const answer = await decideSequence({
            frames: (async function* () {
              yield* probabilities
            })(),
            judge: async (liveProbability) => ({
              frame: undefined,
              result: { liveProbability, face: liveProbability === null ? null : face, reasons: [] } as never,
            }),
            point: { threshold },
            options: {},
          })
          const [one] = perVideo(video('v', 'live', probabilities.length === 0 ? [null] : probabilities))
          // A sequence of too few frames tells its probability all the same, and is no answer.
          const given = answer.frames.judged < 3 ? null : answer.liveProbability
          if (given === null) expect(one!.score).toBeNull()
          else expect(one!.score).toBeCloseTo(given, 12)
          expect(answer.verdict === 'live').toBe(one!.score !== null && one!.score >= threshold)
        },
      ),
      { numRuns: 300 },
    )
  })

  it('refuses frames of one video with two labels', () => {
    const frames = [
      { ...row('live', 0.9), video: 'a' },
      { ...row('spoof', 0.1), video: 'a' },
    ]
    expect(() => perVideo(frames)).toThrow(expect.objectContaining({ code: 'DATA_INVALID' }))
  })
})

describe('what is printed', () => {
  const rate = (errors: number, n: number) =>
    formatRate(
      rateOf(
        Array.from({ length: n }, (_, i) => row('live', i < errors ? 0 : 1)),
        (p) => p.score === 0,
      )!,
    )

  it('is never 0 % or 100 %', () => {
    expect(rate(0, 150)).toBe('0 of 150 (<= 2 %)')
    expect(rate(0, 13)).toBe('0 of 13 (<= 21 %)')
    expect(rate(0, 900)).toBe('0 of 900 (<= 0.34 %)')
    expect(rate(13, 13)).toBe('13 of 13 (>= 79 %)')
  })

  it('has no more digits than the interval supports', () => {
    expect(rate(1, 7)).toBe('14 % [0, 58] (1 of 7)')
    expect(rate(14, 340)).toBe('4.1 % [2.3, 6.8] (14 of 340)')
    expect(rate(100, 10_000)).toBe('1.00 % [0.81, 1.21] (100 of 10000)')
  })

  it('never rounds a statistic up to its end', () => {
    expect(formatShare(0.9997, [0.9991, 1])).toBe('>.999 [.999, 1]')
    expect(formatShare(1, [1, 1])).toBe('1 (no overlap)')
    expect(formatShare(0.5, null)).toBe('.500')
  })

  it('rounds bounds outwards', () => {
    expect(formatPercent(0.0243, 'up')).toBe('2.5 %')
    expect(formatPercent(0.0243, 'down')).toBe('2.4 %')
    expect(formatPercent(0.07, 'up')).toBe('7 %')
    expect(formatPercent(0.00033, 'up')).toBe('0.033 %')
    expect(formatPercent(1)).toBe('100 %')
  })

  it('is "too few" for a small group', () => {
    const data = [
      ...Array.from({ length: 60 }, () => ({ ...row('live', 0.9), group: 'big' })),
      ...Array.from({ length: 59 }, () => ({ ...row('live', 0.1), group: 'small' })),
    ]
    const [big, small] = subgroups(data, (p) => p.group, { threshold: 0.5 })
    expect(big).toMatchObject({ name: 'big', live: 60, rates: { bpcer: { refused: { errors: 0 } } } })
    expect(small).toMatchObject({ name: 'small', live: 59, rates: null })
  })
})

it('knows what several attempts add up to', () => {
  expect(apcerAfterAttempts(0.02, 5)).toBeCloseTo(0.0961, 4)
})

describe('summarize', () => {
  it('ranks only what was answered, and nothing of a single class', () => {
    const data = [row('live', 0.9), row('live', 0.4), row('live', null), row('spoof', 0.2), row('spoof', 0.5)]
    const summary = summarize(data, { threshold: 0.5, bootstrap: { resamples: 200 } })
    expect(summary.counts).toEqual({ live: 3, spoof: 2, nonResponse: 1, clusters: 5 })
    expect(summary.ranking!.auc.value).toBe(0.75)
    const single = summarize([row('live', 0.9), row('spoof', null)], { threshold: 0.5 })
    expect(single.ranking).toBeNull()
    expect(single.rates.bpcer!.refused).toMatchObject({ errors: 0, n: 1 })
  })
})
