/** Crops and spectra of the shared reference pictures, value by value. */
import { existsSync, readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { CardCrop } from '../../model/card.ts'
import { frameSpectrum } from '../../spectrum/log-spectrum.ts'
import { box } from '../box.ts'
import { cropRect, cropResize } from '../crop.ts'
import { createFrame, type Frame } from '../frame.ts'
import { countDifferences } from './compare.ts'

const FOLDER = new URL('../../../../../../shared/reference/', import.meta.url)
const SQUARE: CardCrop = { scale: 1.5, square: true, border: 'reflect101', down: 'area', up: 'lanczos4' }
const CLAMPED: CardCrop = { scale: 2.7, square: false, border: 'clamp', down: 'linear', up: 'linear' }

interface Case {
  readonly case: string
  readonly box: [number, number, number, number]
  readonly boxClamped: [number, number, number, number]
}

async function readPng(name: string): Promise<Frame> {
  const { data, info } = await sharp(readFileSync(new URL(name, FOLDER)))
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return createFrame({ data: new Uint8Array(data), width: info.width, height: info.height })
}

describe.skipIf(!existsSync(FOLDER))('reference crops and spectra (skipped without ../shared)', () => {
  const cases = existsSync(FOLDER) ? (JSON.parse(readFileSync(new URL('cases.json', FOLDER), 'utf8')) as Case[]) : []

  it('has cases', () => expect(cases.length).toBeGreaterThanOrEqual(12))

  it.each(cases)('$case: square crop of 1.5, reflect101, area or lanczos4', async ({ case: id, box: b }) => {
    const crop = cropResize(await readPng(`${id}.png`), box(...b), SQUARE, 128, 128)
    const { worst, share } = countDifferences(crop.data, (await readPng(`${id}.crop-1.5-reflect101-128.png`)).data)
    expect(worst).toBeLessThanOrEqual(1)
    expect(share).toBeLessThanOrEqual(0.001)
  })

  it.each(cases)('$case: clamped crop of 2.7, linear', async ({ case: id, boxClamped: b }) => {
    const frame = await readPng(`${id}.png`)
    const expected = await readPng(`${id}.crop-2.7-clamp-80.png`)
    const [x, y, width, height] = b
    // The grown box of case08 is exactly as high as the frame, so its last row hangs on the last bit of the height, and cases.json
    // holds the height rounded to three digits: 219.248 gives 480 rows in float64, the reference (from the unrounded box) has 479.
    const crop = cropResize(frame, box(x, y, width, id === 'case08' ? height + 1e-4 : height), CLAMPED, 80, 80)
    const { worst, share } = countDifferences(crop.data, expected.data)
    expect(worst).toBeLessThanOrEqual(1)
    expect(share).toBeLessThanOrEqual(0.001)
  })

  it.each(cases)('$case: log spectrum', async ({ case: id }) => {
    const bytes = readFileSync(new URL(`${id}.log-spectrum-128.f32`, FOLDER))
    const expected = new Float32Array(Uint8Array.from(bytes).buffer)
    const ours = frameSpectrum(await readPng(`${id}.crop-1.5-reflect101-128.png`))
    expect(countDifferences(ours, expected).worst).toBeLessThan(1e-3)
  })

  it('finds the rectangles', async () => {
    const rects = cases.slice(0, 2).map((c) => cropRect({ width: 399, height: 600 }, box(...c.box), SQUARE))
    expect(rects).toEqual([
      { x: -11, y: 61, width: 312, height: 312 },
      { x: 43, y: 120, width: 349, height: 349 },
    ])
  })
})
