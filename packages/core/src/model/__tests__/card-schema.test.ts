import { describe, expect, test } from 'vitest'
import { isLivenessError } from '../../errors.ts'
import { examplePadCard } from '../../testing/fakes.ts'
import { parseCard, parseDetectorCard, parsePadCard } from '../card-schema.ts'

const FILE = { name: 'model.onnx', variant: 'fp32', bytes: 10, sha256: 'a'.repeat(64) }

/** A valid card with one place changed; `undefined` removes it. */
function cardWith(path: string, value: unknown): object {
  const card = structuredClone({ ...examplePadCard(), files: [FILE] }) as unknown as Record<string, unknown>
  const keys = path.split('.')
  let at = card
  for (const key of keys.slice(0, -1)) at = at[key] as Record<string, unknown>
  if (value === undefined) delete at[keys.at(-1)!]
  else at[keys.at(-1)!] = value
  return card
}

describe('parseCard', () => {
  test('accepts a good card', () => {
    const card = cardWith('title', 'Good')
    expect(parseCard(card, 'here')).toBe(card)
    expect(parsePadCard(card, 'here')).toBe(card)
  })

  test.each([
    ['schema', 2, 'schema'],
    ['id', '../evil', 'id'],
    ['licence', undefined, 'licence'],
    ['files', [], 'files'],
    ['files.0.name', '../model.onnx', 'files[0].name'],
    ['files.0.sha256', 'A'.repeat(64), 'files[0].sha256'],
    ['files.0.bytes', -1, 'files[0].bytes'],
    ['files.0.url', 'http://example.org/x', 'files[0].url'],
    ['files.1', FILE, 'files[1].variant'],
    ['task', 'ocr', 'task'],
    ['inputs', [], 'inputs'],
    ['inputs.0.width', 0, 'inputs[0].width'],
    ['inputs.0.layout', 'NCHW', 'inputs[0].layout'],
    ['inputs.0.colour', 'grb', 'inputs[0].colour'],
    ['inputs.0.std', [1, 0, 1], 'inputs[0].std[1]'],
    ['inputs.0.mean', [0, 0], 'inputs[0].mean'],
    ['inputs.0.crop.scale', Number.NaN, 'inputs[0].crop.scale'],
    ['inputs.0.crop.border', 'wrap', 'inputs[0].crop.border'],
    ['output.kind', 'score', 'output.kind'],
    ['output.classes', ['real', 'fake'], 'output.classes'],
    ['output.classes', ['live', 'live'], 'output.classes'],
    ['calibration.slope', -1, 'calibration.slope'],
    ['operatingPoints.strict', undefined, 'operatingPoints.strict'],
    ['operatingPoints.balanced.threshold', '0.5', 'operatingPoints.balanced.threshold'],
    ['operatingPoints.lenient.threshold', 0.95, 'operatingPoints'],
    ['operatingPoints.lenient.threshold', 0, 'operatingPoints.lenient.threshold'],
    ['operatingPoints.strict.spoofBelow', 0.95, 'operatingPoints.strict.spoofBelow'],
    ['operatingPoints.strict.spoofBelow', 0, 'operatingPoints.strict.spoofBelow'],
    ['operatingPoints.strict.spoofBelow', '0.1', 'operatingPoints.strict.spoofBelow'],
    ['validFace', undefined, 'validFace'],
    ['liveSpectrum', { input: 'face', mean: [1, 2], deviation: [1], n: 9, data: 'x' }, 'liveSpectrum.deviation'],
    ['liveSpectrum', { input: 'face', mean: [1], deviation: [-1], n: 9, data: 'x' }, 'liveSpectrum.deviation[0]'],
  ])('refuses %s = %j and names %s', (path, value, place) => {
    let thrown: unknown
    try {
      parseCard(cardWith(path, value), 'models/x/card.json')
    } catch (error) {
      thrown = error
    }
    expect(isLivenessError(thrown) && thrown.code).toBe('CARD_INVALID')
    expect((thrown as Error).message).toContain('models/x/card.json')
    expect((thrown as Error).message).toContain(` for ${place} `)
  })

  test.each([[null], [[]], ['card'], [42], [undefined]])('refuses %j', (json) => {
    expect(() => parseCard(json, 'x')).toThrow(/expected/)
  })

  test('refuses a card of another task', () => {
    expect(() => parseDetectorCard(cardWith('title', 'Good'), 'x')).toThrow('"face-detection"')
  })
})
