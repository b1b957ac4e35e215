/** The models others trained on OpenCV's crops answer the same on ours. */
import { existsSync, readFileSync } from 'node:fs'
import {
  box,
  type CardInput,
  createFrame,
  cropResize,
  type Frame,
  packTensor,
  type RuntimeSession,
} from '@unspoof/core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createNodeRuntime } from '../runtime/runtime.ts'

const SHARED = new URL('../../../../../shared/', import.meta.url)
const present = existsSync(new URL('reference/cases.json', SHARED)) && existsSync(new URL('models', SHARED))

const MODELS: readonly { file: string; reference: string; clampedBox: boolean; input: Omit<CardInput, 'name'> }[] = [
  {
    file: 'minifasnet-v2-se-128-int8.onnx',
    reference: 'crop-1.5-reflect101-128',
    clampedBox: false,
    input: {
      width: 128,
      height: 128,
      layout: 'nchw',
      colour: 'rgb',
      scale: 1 / 255,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      crop: { scale: 1.5, square: true, border: 'reflect101', down: 'area', up: 'lanczos4' },
    },
  },
  {
    file: 'minifasnet-v2-80-scale2.7.onnx',
    reference: 'crop-2.7-clamp-80',
    clampedBox: true,
    input: {
      width: 80,
      height: 80,
      layout: 'nchw',
      colour: 'bgr',
      scale: 1,
      mean: [0, 0, 0],
      std: [1, 1, 1],
      crop: { scale: 2.7, square: false, border: 'clamp', down: 'linear', up: 'linear' },
    },
  },
]

interface Case {
  readonly case: string
  readonly box: [number, number, number, number]
  readonly boxClamped: [number, number, number, number]
}

async function readPng(name: string): Promise<Frame> {
  const bytes = readFileSync(new URL(`reference/${name}.png`, SHARED))
  const { data, info } = await sharp(bytes).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return createFrame({ data: new Uint8Array(data), width: info.width, height: info.height })
}

describe.skipIf(!present)('logits on reference crops (skipped without ../shared)', () => {
  const cases = present ? (JSON.parse(readFileSync(new URL('reference/cases.json', SHARED), 'utf8')) as Case[]) : []

  it('has cases', () => expect(cases.length).toBeGreaterThanOrEqual(12))

  describe.each(MODELS)('$file', ({ file, reference, clampedBox, input }) => {
    let session: RuntimeSession
    beforeAll(async () => {
      session = await createNodeRuntime().load(readFileSync(new URL(`models/${file}`, SHARED)))
    })
    afterAll(() => session.close())

    async function logitsOf(crop: Frame): Promise<Float32Array> {
      const data = new Float32Array(3 * input.width * input.height)
      packTensor(crop, input, data)
      const feeds = { [session.inputs[0]!.name]: { data, dims: [1, 3, input.height, input.width] } }
      return (await session.run(feeds))[session.outputs[0]!.name]!.data
    }

    it.each(cases)('$case', async (row) => {
      const { case: id } = row
      const [x, y, width, height] = clampedBox ? row.boxClamped : row.box
      // cases.json rounds the boxes; this one's crop has 479 or 480 rows depending on the last bit (see core's reference.test.ts).
      const face = box(x, y, width, clampedBox && id === 'case08' ? height + 1e-4 : height)
      const ours = cropResize(await readPng(id), face, input.crop, input.width, input.height)
      const logits = await logitsOf(ours)
      const expected = await logitsOf(await readPng(`${id}.${reference}`))
      expect(logits.length).toBeGreaterThanOrEqual(2)
      logits.forEach((logit, i) => {
        expect(Math.abs(logit - expected[i]!)).toBeLessThanOrEqual(0.05)
      })
    })

    it('would notice another crop', async () => {
      const row = cases[0]!
      const frame = await readPng(row.case)
      const other = { ...input.crop, scale: input.crop.scale * 0.5 }
      const logits = await logitsOf(cropResize(frame, box(...row.box), other, input.width, input.height))
      const expected = await logitsOf(await readPng(`${row.case}.${reference}`))
      expect(Math.max(...logits.map((logit, i) => Math.abs(logit - expected[i]!)))).toBeGreaterThan(0.05)
    })
  })
})
