import { seededRandom } from '@unspoof/core'
import { describe, expect, it } from 'vitest'
import { fitOperatingPoints, OPERATING_POINT_TARGETS, type Presentation, ratesAt, upperBound } from '../index.ts'

/** Scores of a good but not perfect model. */
function data(lives: number, prints: number, replays: number): Presentation[] {
  const random = seededRandom(7)
  const spread = (centre: number) => 1 / (1 + Math.exp(-(centre + 2 * (random() + random() + random() - 1.5))))
  return [
    ...Array.from({ length: lives }, () => ({ label: 'live' as const, score: spread(2.5) })),
    ...Array.from({ length: prints }, () => ({ label: 'spoof' as const, score: spread(-2.5), species: 'print' })),
    ...Array.from({ length: replays }, () => ({ label: 'spoof' as const, score: spread(-1.5), species: 'replay' })),
  ]
}

describe('fitOperatingPoints', () => {
  it('keeps the bound of the worst species at each target, and no more than that', () => {
    const presentations = data(300, 500, 700)
    const points = fitOperatingPoints(presentations, { data: 'synthetic' })
    for (const name of ['strict', 'balanced', 'lenient'] as const) {
      const target = OPERATING_POINT_TARGETS[name]
      const { species } = ratesAt(presentations, points[name].threshold)
      const bounds = Object.values(species).map(({ refused }) => refused!.upper)
      expect(Math.max(...bounds)).toBeLessThanOrEqual(target)
      // One more accepted attack of the species that decides would break the promise.
      const deciding = Object.values(species).some(
        ({ refused }) => upperBound(refused!.errors + 1, refused!.n) > target,
      )
      expect(deciding).toBe(true)
      expect(points[name].measured).toMatchObject([
        { data: 'synthetic', optimistic: true, bpcer: { n: 300 }, apcer: { print: { n: 500 }, replay: { n: 700 } } },
      ])
    }
    expect(points.strict.threshold).toBeGreaterThan(points.balanced.threshold)
    expect(points.balanced.threshold).toBeGreaterThan(points.lenient.threshold)
  })

  it('refuses what the data cannot carry, and says how many it needs', () => {
    expect(() => fitOperatingPoints(data(300, 298, 700), { data: 'x' })).toThrow(
      expect.objectContaining({
        code: 'DATA_TOO_FEW',
        message: expect.stringMatching(/strict.*1 %.*299 attack pictures of species "print".*there are 298.*1\.1 %/s),
      }),
    )
    expect(() => fitOperatingPoints(data(28, 500, 500), { data: 'x' })).toThrow(/at least 29 bona fide/)
    expect(() => fitOperatingPoints(data(300, 0, 0), { data: 'x' })).toThrow(/attack pictures but received none/)
  })

  it('takes weaker targets for smaller data', () => {
    const targets = { strict: 0.05, balanced: 0.07, lenient: 0.1 }
    const points = fitOperatingPoints(data(60, 60, 60), { data: 'x', targets })
    expect(points.strict.measured[0]!.apcer.print!.errors).toBe(0)
  })

  it('counts attacks without an answer as refused, and sets no threshold by them', () => {
    const silent = Array.from({ length: 300 }, () => ({ label: 'spoof' as const, score: null, species: 'mask' }))
    const points = fitOperatingPoints([...data(300, 500, 700), ...silent], { data: 'x' })
    expect(points.strict.measured[0]!.apcer.mask).toMatchObject({ errors: 0, n: 300 })
  })

  it('refuses a model no threshold can save', () => {
    const sure = Array.from({ length: 300 }, () => ({ label: 'spoof' as const, score: 1, species: 'screen' }))
    expect(() => fitOperatingPoints([...data(300, 500, 700), ...sure], { data: 'x' })).toThrow(
      expect.objectContaining({ code: 'DATA_INVALID', message: expect.stringContaining('300 of these attacks') }),
    )
  })
})
