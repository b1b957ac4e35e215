import { logit, seededRandom, sigmoid } from '@unspoof/core'
import { describe, expect, it } from 'vitest'
import { fitSiteThreshold } from '../site-threshold.ts'

/** Live people of a site: log-odds around a mean. */
function site(n: number, mean: number, deviation: number, seed = 1): number[] {
  const random = seededRandom(seed)
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())
  return Array.from({ length: n }, () => sigmoid(mean + deviation * normal()))
}

describe('fitSiteThreshold', () => {
  it('refuses some 4 % of other live people of the same site, whatever their level', () => {
    for (const mean of [1, 2, 4]) {
      let refused = 0
      let n = 0
      for (let seed = 1; seed <= 40; seed++) {
        const { threshold } = fitSiteThreshold(site(24, mean, 0.8, seed), 0.01)
        const others = site(200, mean, 0.8, 1000 + seed)
        refused += others.filter((p) => p < threshold).length
        n += others.length
      }
      expect(refused / n).toBeGreaterThan(0.02)
      expect(refused / n).toBeLessThan(0.08)
    }
  })

  it('is the mean minus 1.75 deviations of the log-odds, widened for few captures', () => {
    const logits = Array.from({ length: 20 }, (_, i) => 2 + (i % 2 === 0 ? 0.5 : -0.5))
    const { threshold, refused } = fitSiteThreshold(logits.map(sigmoid), 0.01)
    const deviation = 0.5 * Math.sqrt(20 / 19)
    expect(logit(threshold)).toBeCloseTo(2 - 1.7507 * deviation * Math.sqrt(1.05), 9)
    expect(refused).toBe(0)
  })

  it('never goes below lenient', () => {
    expect(fitSiteThreshold(site(24, -3, 1), 0.2272)).toMatchObject({ threshold: 0.2272, isAtLenient: true })
  })

  it('stays a threshold where every score is 0 or 1', () => {
    const { threshold } = fitSiteThreshold(
      Array.from({ length: 20 }, () => 1),
      0.2,
    )
    expect(threshold).toBeGreaterThan(0.2)
    expect(threshold).toBeLessThan(1)
    expect(
      fitSiteThreshold(
        Array.from({ length: 20 }, () => 0),
        0.2,
      ).threshold,
    ).toBe(0.2)
  })

  it.each([
    [site(19, 2, 1), 'DATA_TOO_FEW'],
    [[...site(20, 2, 1), Number.NaN], 'DATA_INVALID'],
    [[...site(20, 2, 1), 1.5], 'DATA_INVALID'],
  ])('refuses what it cannot be fitted to (%#)', (probabilities, code) => {
    expect(() => fitSiteThreshold(probabilities, 0.2)).toThrow(expect.objectContaining({ code }))
  })
})
