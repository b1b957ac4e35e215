import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { grantLive } from '../grant.ts'
import { reason } from '../reasons.ts'

describe('grantLive', () => {
  test('grants live at and above the threshold', () => {
    expect(grantLive({ probability: 0.5, threshold: 0.5 })).toBe('live')
    expect(grantLive({ probability: 1, threshold: 0.9999 })).toBe('live')
    expect(grantLive({ probability: 0.499999, threshold: 0.5 })).toBeUndefined()
  })

  test('refuses what is not a probability, and thresholds that anything or nothing reaches', () => {
    for (const probability of [null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1.0001]) {
      expect(grantLive({ probability, threshold: 0.5 }), String(probability)).toBeUndefined()
    }
    for (const threshold of [0, -1, 1, 2, Number.NaN, Number.NEGATIVE_INFINITY]) {
      expect(grantLive({ probability: 0.99, threshold }), String(threshold)).toBeUndefined()
    }
  })

  test('refuses with any objection, however high the probability', () => {
    expect(grantLive({ probability: 1, threshold: 0.01, objections: [reason('blurred')] })).toBeUndefined()
  })

  test('never grants below the threshold', () => {
    const any = fc.double()
    fc.assert(
      fc.property(any, any, (probability, threshold) => {
        const granted = grantLive({ probability, threshold }) !== undefined
        expect(granted).toBe(threshold > 0 && threshold < 1 && probability >= threshold && probability <= 1)
      }),
    )
  })
})
