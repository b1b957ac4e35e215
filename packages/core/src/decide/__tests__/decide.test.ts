import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { calibratedLogit, logit, sigmoid } from '../calibration.ts'
import { decide, type Evidence, stabilityOf, worstVerdict } from '../decide.ts'
import { marginOf } from '../margin.ts'
import { REASONS, reason } from '../reasons.ts'

const evidence = (part: Partial<Evidence>): Evidence => ({
  logits: [3],
  threshold: 0.5,
  minStability: 0.5,
  reasons: [],
  ...part,
})

describe('decide', () => {
  test('with a second threshold: live, uncertain from it up to the first, spoof below it', () => {
    const points = { threshold: sigmoid(1), spoofBelow: sigmoid(-1) }
    expect(decide(evidence({ logits: [1], ...points })).verdict).toBe('live')
    for (const logits of [[1 - 1e-6], [0], [-1]]) {
      expect(decide(evidence({ logits, ...points }))).toMatchObject({
        verdict: 'retry',
        liveProbability: sigmoid(logits[0]!),
        reasons: [{ code: 'uncertain' }],
      })
    }
    expect(decide(evidence({ logits: [-1 - 1e-6], ...points })).verdict).toBe('spoof')
  })

  test('live at and above the threshold, spoof below it', () => {
    const threshold = sigmoid(1)
    expect(decide(evidence({ logits: [1], threshold })).verdict).toBe('live')
    expect(decide(evidence({ logits: [1 + 1e-6], threshold })).verdict).toBe('live')
    expect(decide(evidence({ logits: [1 - 1e-6], threshold })).verdict).toBe('spoof')
  })

  test('a spoof says why, a live one needs no hint', () => {
    expect(decide(evidence({ logits: [-5] })).reasons.map((r) => r.code)).toEqual(['attack-suspected'])
    expect(decide(evidence({ logits: [5] })).reasons).toEqual([])
  })

  test('a quality reason makes it retry, whatever the model says', () => {
    const decision = decide(evidence({ logits: [10], reasons: [reason('too-dark', { value: 1, bound: 30 })] }))
    expect(decision).toMatchObject({ verdict: 'retry', liveProbability: null })
  })

  test('crops that disagree make it retry, both above and below the threshold', () => {
    expect(decide(evidence({ logits: [6, 6, -3] }))).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'unstable' }],
    })
    expect(decide(evidence({ logits: [-6, -6, 3] }))).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'unstable' }],
    })
    expect(decide(evidence({ logits: [6, 6, 4] })).verdict).toBe('live')
    // A stability at the bound is enough.
    const stability = stabilityOf([2, 1])!
    expect(decide(evidence({ logits: [2, 1], minStability: stability })).verdict).toBe('live')
    expect(decide(evidence({ logits: [2, 1], minStability: stability + 1e-9 })).verdict).toBe('retry')
  })

  test.each([
    [{ logits: [Number.NaN] }],
    [{ logits: [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY] }],
    [{ logits: [] }],
    [{ threshold: Number.NaN }],
    [{ threshold: 0 }],
    [{ threshold: 1 }],
    [{ threshold: -1 }],
    [{ threshold: '0.5' as unknown as number, logits: [Number.NaN] }],
    [{ minStability: Number.NaN, logits: [5, 5] }],
  ])('never live from %o', (part) => {
    expect(decide(evidence(part)).verdict).toBe('retry')
  })

  test('live implies finite numbers, no reasons and a reached threshold', () => {
    const anyNumber = fc.double()
    fc.assert(
      fc.property(fc.array(anyNumber, { maxLength: 5 }), anyNumber, anyNumber, (logits, threshold, minStability) => {
        const decision = decide({ logits, threshold, minStability, reasons: [] })
        if (decision.verdict === 'live') {
          expect(Number.isFinite(decision.liveProbability)).toBe(true)
          expect(decision.liveProbability).toBeGreaterThanOrEqual(threshold)
          expect(threshold > 0 && threshold < 1).toBe(true)
        }
      }),
    )
  })
})

describe('stability', () => {
  test('is unknown for one crop, 1 for equal ones, 0 for opposite ones', () => {
    expect(stabilityOf([2])).toBeNull()
    expect(stabilityOf([2, 2, 2])).toBe(1)
    expect(stabilityOf([50, -50])).toBeCloseTo(0)
  })
})

describe('worstVerdict', () => {
  test('spoof counts before retry before not-checked before live', () => {
    expect(worstVerdict(['live', 'spoof', 'retry'])).toBe('spoof')
    expect(worstVerdict(['live', 'retry'])).toBe('retry')
    expect(worstVerdict(['live', 'not-checked'])).toBe('not-checked')
    expect(worstVerdict(['live', 'live'])).toBe('live')
    expect(worstVerdict(['live'])).toBe('live')
    expect(worstVerdict(['retry', 'spoof'])).toBe('spoof')
    expect(worstVerdict(['not-checked', 'retry'])).toBe('retry')
    expect(worstVerdict(['spoof', 'retry', 'not-checked', 'live'])).toBe('spoof')
    expect(worstVerdict([])).toBe('not-checked')
  })
})

describe('margin and calibration', () => {
  test('sigmoid(margin) is the softmax probability of live', () => {
    const logits = fc.array(fc.double({ min: -40, max: 40, noNaN: true }), { minLength: 2, maxLength: 5 })
    fc.assert(
      fc.property(logits, fc.nat(4), (values, index) => {
        const live = index % values.length
        const max = Math.max(...values)
        const exps = values.map((v) => Math.exp(v - max))
        const softmax = exps[live]! / exps.reduce((a, b) => a + b, 0)
        expect(sigmoid(marginOf(values, live, 'logits'))).toBeCloseTo(softmax, 9)
        expect(
          sigmoid(
            marginOf(
              exps.map((e) => e / exps.reduce((a, b) => a + b, 0)),
              live,
              'probabilities',
            ),
          ),
        ).toBeCloseTo(softmax, 5)
      }),
    )
  })

  test('values that are no probabilities are refused, not squeezed', () => {
    expect(marginOf([3, -2], 0, 'probabilities')).toBeNaN()
    expect(marginOf([0.9, 0.9], 0, 'probabilities')).toBeNaN()
    expect(marginOf([Number.NaN, 1], 0, 'probabilities')).toBeNaN()
    expect(marginOf([1, Number.NaN], 0, 'logits')).toBeNaN()
  })

  test('logits far beyond what exp() can hold', () => {
    expect(marginOf([0, 1000, -1000], 0, 'logits')).toBe(-1000)
    expect(marginOf([-1000, 0, 1000], 1, 'logits')).toBe(-1000)
    expect(marginOf([2000, 0, 0], 0, 'logits')).toBeCloseTo(2000 - Math.log(2), 9)
    expect(marginOf([0, 0, 2000], 2, 'logits')).toBeCloseTo(2000 - Math.log(2), 9)
  })

  test('calibration scales the margin, then moves it', () => {
    expect(calibratedLogit(3, { slope: 2, offset: -1 })).toBe(5)
  })

  test('rows that are no distribution by a hundredth are refused, rounding is not', () => {
    expect(marginOf([0.505, 0.5], 0, 'probabilities')).toBeCloseTo(logit(0.505), 9)
    expect(marginOf([0.511, 0.5], 0, 'probabilities')).toBeNaN()
    expect(marginOf([0.489, 0.5], 0, 'probabilities')).toBeNaN()
    expect(marginOf([1.001, -0.001], 0, 'probabilities')).toBeCloseTo(logit(1 - 1e-7), 6)
    expect(marginOf([-0.001, 1.001], 0, 'probabilities')).toBeCloseTo(logit(1e-7), 6)
    expect(marginOf([1.002, -0.002], 0, 'probabilities')).toBeNaN()
    expect(marginOf([1.0015, -0.0005], 0, 'probabilities')).toBeNaN()
    expect(marginOf([1.0005, -0.0015], 0, 'probabilities')).toBeNaN()
  })

  test('logit is the inverse of sigmoid', () => {
    for (const p of [0.001, 0.3, 0.5, 0.999]) expect(sigmoid(logit(p))).toBeCloseTo(p, 12)
    expect(sigmoid(-1000)).toBe(0)
    expect(sigmoid(1000)).toBe(1)
  })
})

test('every reason has a sentence for the person', () => {
  for (const hint of Object.values(REASONS)) expect(hint).toMatch(/^[A-Z].*\.$/)
})
