import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { incompleteBeta } from '../beta.ts'
import {
  auc,
  aucDifference,
  bpcerAtApcer,
  clopperPearson,
  equalErrorRate,
  fitPlatt,
  fitTemperature,
  holm,
  mcnemar,
  type Presentation,
  quantile,
  reliability,
  rocCurve,
  upperBound,
} from '../index.ts'

/** Made by expected.py with numpy, scipy and scikit-learn. */
const expected = JSON.parse(readFileSync(new URL('./expected.json', import.meta.url), 'utf8'))

interface Case {
  labels: number[]
  margins: number[]
  roc: { fpr: number[]; tpr: number[] }
  auc: number
  eer: number
  bpcerAt: Record<string, number>
  brier: number
  ece: number
  reliability: { share: number[]; mean: number[] }
  platt: { data: [number, number]; even: [number, number]; slope: number }
}

function presentations({ labels, margins }: Case): Presentation[] {
  return margins.map((margin, i) => ({ label: labels[i] === 1 ? 'live' : 'spoof', score: 1 / (1 + Math.exp(-margin)) }))
}

describe.each(expected.cases as Case[])('a ranking with ties, against scikit-learn (case %#)', (c) => {
  const data = presentations(c)
  const curve = rocCurve(data)

  it('gives the same ROC points', () => {
    expect(curve.map((p) => p.apcer)).toEqual(c.roc.fpr.map((v) => expect.closeTo(v, 12)))
    expect(curve.map((p) => 1 - p.bpcer)).toEqual(c.roc.tpr.map((v) => expect.closeTo(v, 12)))
  })

  it('gives the same AUC, EER and BPCER at APCER', () => {
    expect(auc(data)).toBeCloseTo(c.auc, 12)
    expect(equalErrorRate(curve).rate).toBeCloseTo(c.eer, 9)
    for (const [apcer, bpcer] of Object.entries(c.bpcerAt)) {
      expect(bpcerAtApcer(curve, Number(apcer)).bpcer).toBeCloseTo(bpcer, 12)
    }
  })

  it('gives the same reliability', () => {
    const ours = reliability(data)
    const full = ours.bins.filter((bin) => bin.n > 0)
    expect(ours.ece).toBeCloseTo(c.ece, 12)
    expect(ours.brier).toBeCloseTo(c.brier, 12)
    expect(full.map((bin) => bin.liveShare)).toEqual(c.reliability.share.map((v) => expect.closeTo(v, 12)))
    expect(full.map((bin) => bin.meanScore)).toEqual(c.reliability.mean.map((v) => expect.closeTo(v, 12)))
  })

  it('fits the same calibration', () => {
    const margins = c.margins.map((margin, i) => ({ margin, label: c.labels[i] === 1 ? 'live' : 'spoof' }) as const)
    const byData = fitPlatt(margins, { prior: 'data' })
    expect(byData.slope).toBeCloseTo(c.platt.data[0], 3)
    expect(byData.offset).toBeCloseTo(c.platt.data[1], 3)
    const even = fitPlatt(margins)
    expect(even.slope).toBeCloseTo(c.platt.even[0], 5)
    expect(even.offset).toBeCloseTo(c.platt.even[1], 5)
    expect(fitTemperature(margins)).toEqual({ slope: expect.closeTo(c.platt.slope, 6), offset: 0 })
  })
})

it.each(expected.clopperPearson as { errors: number; n: number; interval: [number, number]; upper: number }[])(
  'gives the exact interval of $errors of $n as scipy does',
  ({ errors, n, interval, upper }) => {
    const [low, high] = clopperPearson(errors, n)
    expect(low).toBeCloseTo(interval[0], 10)
    expect(high).toBeCloseTo(interval[1], 10)
    expect(upperBound(errors, n)).toBeCloseTo(upper, 10)
  },
)

it('gives the incomplete beta function as scipy does', () => {
  const rows = expected.incompleteBeta as { x: number; a: number; b: number; value: number }[]
  expect(rows.length).toBe(100)
  for (const { x, a, b, value } of rows) {
    expect(Math.abs(incompleteBeta(x, a, b) - value), `I_${x}(${a}, ${b})`).toBeLessThanOrEqual(1e-10 + 1e-8 * value)
  }
})

it.each(expected.mcnemar as { onlyFirst: number; onlySecond: number; p: number }[])(
  'gives the exact McNemar p of $onlyFirst : $onlySecond as scipy does',
  ({ onlyFirst, onlySecond, p }) => {
    const both = [...Array(4).fill(true), ...Array(3).fill(false)]
    const first = [...both, ...Array(onlyFirst).fill(true), ...Array(onlySecond).fill(false)]
    const second = [...both, ...Array(onlyFirst).fill(false), ...Array(onlySecond).fill(true)]
    expect(mcnemar(first, second)).toEqual({ onlyFirst, onlySecond, p: expect.closeTo(p, 12) })
  },
)

it('reads quantiles as numpy does', () => {
  const { values, at } = expected.quantile as { values: number[]; at: Record<string, number> }
  for (const [q, value] of Object.entries(at)) expect(quantile(values, Number(q))).toBeCloseTo(value, 12)
})

it('corrects several p-values after Holm', () => {
  const { p, adjusted } = expected.holm as { p: number[]; adjusted: number[] }
  expect(holm(p)).toEqual(adjusted.map((v) => expect.closeTo(v, 12)))
})

it('compares two models on the same pictures only', () => {
  const a: Presentation[] = presentations(expected.cases[0])
  const noisy = a.map((p, i) => ({ ...p, score: i % 3 === 0 ? 0.5 : p.score }))
  const result = aucDifference(a, noisy, { resamples: 500 })
  expect(result.difference).toBeCloseTo(auc(a) - auc(noisy), 12)
  expect(result.interval![0]).toBeLessThan(result.difference)
  expect(result.interval![1]).toBeGreaterThan(result.difference)
  // A picture one model did not answer is left out for both.
  const missing = noisy.map((p, i) => (i === 0 ? { ...p, score: null } : p))
  expect(aucDifference(a, missing, { resamples: 10 }).n).toBe(a.length - 1)
  expect(() => aucDifference(a, noisy.slice(1))).toThrow(/same presentations/)
})
