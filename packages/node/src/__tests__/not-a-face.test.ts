/** What is no face, and what the model was not made for, with the bundled models: drawings, decoys, cut and grey images. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { box, type Liveness, type LivenessResult } from '@unspoof/core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { NodeInput } from '../input/read.ts'
import { createLiveness } from '../liveness.ts'

const portrait = readFileSync(fileURLToPath(new URL('../../../../fixtures/astronaut.jpg', import.meta.url)))

interface Look {
  readonly skin: string
  readonly background: string
  /** Half the width of the face, pixels. */
  readonly size: number
}

/** A face of six shapes. */
function drawing({ skin, background, size }: Look): Promise<Buffer> {
  const [cx, cy] = [320, 240]
  const eye = (side: number) =>
    `<circle cx="${cx + side * 0.4 * size}" cy="${cy - 0.3 * size}" r="${0.13 * size}" fill="#311"/>`
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480">
    <rect width="640" height="480" fill="${background}"/>
    <ellipse cx="${cx}" cy="${cy}" rx="${size}" ry="${1.25 * size}" fill="${skin}"/>
    ${eye(-1)}${eye(1)}
    <rect x="${cx - 0.12 * size}" y="${cy}" width="${0.24 * size}" height="${0.25 * size}" fill="#b87"/>
    <rect x="${cx - 0.35 * size}" y="${cy + 0.55 * size}" width="${0.7 * size}" height="${0.12 * size}" fill="#633"/>
  </svg>`
  return sharp(Buffer.from(svg)).jpeg({ quality: 85 }).toBuffer()
}

const LOOKS: readonly Look[] = [
  { skin: '#e8b890', background: '#8aa', size: 130 },
  { skin: '#c68a5e', background: '#dde', size: 100 },
  { skin: '#ffcc33', background: '#69c', size: 110 },
  { skin: '#8d5a3b', background: '#efe8d8', size: 140 },
]

const codesOf = ({ reasons }: LivenessResult): string[] => reasons.map(({ code }) => code)

let liveness: Liveness<NodeInput>
beforeAll(async () => {
  liveness = await createLiveness({ operatingPoint: 'lenient' })
})
afterAll(() => liveness.close())

describe('a drawing', () => {
  it.each(LOOKS)('of $skin on $background is no face', async (look) => {
    const image = await drawing(look)
    for (const faces of ['single', 'all'] as const) {
      expect(await liveness.check(image, { faces })).toMatchObject({ verdict: 'retry', liveProbability: null })
    }
  })

  it('is no face where another detector found it, either', async () => {
    const at = box(190, 80, 260, 320)
    const face = { box: at, detectorBox: at, score: 0.99, keyPoints: undefined }
    const [result] = await liveness.checkFaces(await drawing(LOOKS[0]!), [face])
    expect(result!.verdict).toBe('retry')
  })

  it('beside a person leaves the answer about the person as it is', async () => {
    const alone = await liveness.check(portrait)
    const image = await sharp({ create: { width: 1100, height: 480, channels: 3, background: '#8aa' } })
      .composite([
        { input: await drawing(LOOKS[0]!), left: 0, top: 0 },
        { input: portrait, left: 690, top: 40 },
      ])
      .jpeg({ quality: 92 })
      .toBuffer()
    const beside = await liveness.check(image)
    expect(beside.verdict === alone.verdict || beside.verdict === 'retry').toBe(true)
    // Whatever was judged, it was not the drawing.
    if (beside.face !== null) expect(beside.face.box.x).toBeGreaterThan(640)
  })
})

describe('an image the model was not made for', () => {
  it('is no-colour when it is grey', async () => {
    expect(codesOf(await liveness.check(await sharp(portrait).grayscale().jpeg().toBuffer()))).toEqual(['no-colour'])
  })

  it('is face-cropped when it was cut around the face', async () => {
    const at = (await liveness.check(portrait)).face!.box
    const side = Math.round(1.1 * Math.max(at.width, at.height))
    const cut = await sharp(portrait)
      .extract({
        left: Math.round(at.x + at.width / 2 - side / 2),
        top: Math.round(at.y + at.height / 2 - side / 2),
        width: side,
        height: side,
      })
      .jpeg({ quality: 92 })
      .toBuffer()
    expect(codesOf(await liveness.check(cut))).toContain('face-cropped')
  })
})

it('a portrait is judged as before', async () => {
  expect((await liveness.check(portrait)).liveProbability).toBeGreaterThan(0)
})
