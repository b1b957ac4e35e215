import { describe, expect, it } from 'vitest'
import { examplePadCard } from '../../testing/fakes.ts'
import { calibratedPoints, parseCalibration, type SiteCalibration, signCalibration } from '../site-calibration.ts'

const card = examplePadCard()
const fields = {
  schema: 1,
  model: { id: card.id, version: card.version, variant: 'fp32' },
  threshold: 0.35,
  captures: 24,
  created: '2026-11-28T12:00:00.000Z',
} as const
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error) => error.code,
  )

describe('parseCalibration', () => {
  it('reads what signCalibration made, after a way through JSON', async () => {
    const signed = await signCalibration(fields)
    expect(await parseCalibration(JSON.parse(JSON.stringify(signed)))).toEqual(signed)
  })

  it.each<[string, Partial<Record<keyof SiteCalibration, unknown>>]>([
    ['a changed threshold', { threshold: 0.01 }],
    ['another model', { model: { ...fields.model, id: 'other' } }],
    ['more captures', { captures: 500 }],
    ['another hash', { sha256: '0'.repeat(64) }],
    ['no hash', { sha256: undefined }],
    ['too few captures', { captures: 19 }],
    ['a threshold of 0', { threshold: 0 }],
    ['NaN', { threshold: Number.NaN }],
    ['another schema', { schema: 2 }],
    ['no model', { model: null }],
    ['an unknown field', { lenient: 0.1 } as never],
  ])('refuses %s', async (_, change) => {
    expect(await code(parseCalibration({ ...(await signCalibration(fields)), ...change }))).toBe('OPTION_INVALID')
  })

  it.each([null, 'x', 4, [], {}])('refuses %j', async (json) => {
    expect(await code(parseCalibration(json))).toBe('OPTION_INVALID')
  })
})

describe('calibratedPoints', () => {
  const at = async (threshold: number) =>
    calibratedPoints(card, 'fp32', await signCalibration({ ...fields, threshold }))
  const thresholds = (points: typeof card.operatingPoints) =>
    Object.fromEntries(Object.entries(points).map(([name, point]) => [name, point.threshold]))

  it('moves balanced, and nothing without a calibration', async () => {
    expect(thresholds(await at(0.35))).toEqual({ strict: 0.9, balanced: 0.35, lenient: 0.2 })
    expect(calibratedPoints(card, 'fp32', undefined)).toBe(card.operatingPoints)
  })

  it('never goes below lenient, and never leaves strict below balanced', async () => {
    expect(thresholds(await at(0.001))).toEqual({ strict: 0.9, balanced: 0.2, lenient: 0.2 })
    expect(thresholds(await at(0.95))).toEqual({ strict: 0.95, balanced: 0.95, lenient: 0.2 })
  })

  it('keeps the second threshold at or below the first', async () => {
    const { balanced } = card.operatingPoints
    const points = { ...card.operatingPoints, balanced: { ...balanced, spoofBelow: 0.4 } }
    const calibration = await signCalibration({ ...fields, threshold: 0.3 })
    expect(calibratedPoints({ ...card, operatingPoints: points }, 'fp32', calibration).balanced).toMatchObject({
      threshold: 0.3,
      spoofBelow: 0.3,
    })
  })

  it('is refused for another model, version or variant', async () => {
    const calibration = await signCalibration(fields)
    expect(() => calibratedPoints({ ...card, id: 'other' }, 'fp32', calibration)).toThrow(/is for example-pad/)
    expect(() => calibratedPoints({ ...card, version: '2.0.0' }, 'fp32', calibration)).toThrow(/2\.0\.0/)
    expect(() => calibratedPoints(card, 'int8', calibration)).toThrow(/int8/)
  })
})
