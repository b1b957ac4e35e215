import { describe, expect, test } from 'vitest'
import { box } from '../../image/box.ts'
import { runtimeConformance } from '../../testing/conformance.ts'
import { createFakeRuntime, createMemorySource, examplePadCard, examplePadNetwork } from '../../testing/fakes.ts'
import { syntheticFrame } from '../../testing/pictures.ts'
import { loadPadModel } from '../pad-model.ts'
import type { TensorInfo } from '../runtime.ts'

const BYTES = Uint8Array.of(1, 2, 3, 4)
const FRAME = syntheticFrame('gradient', 100, 80)
const BOXES = [box(20, 20, 40, 40), box(30, 10, 30, 50)]

const good = examplePadNetwork((_, i) => [i, -i])

async function load(card: object = examplePadCard(), network = good, bytes = BYTES) {
  const source = await createMemorySource(card, BYTES)
  return loadPadModel({ source: { ...source, read: async () => bytes }, runtime: createFakeRuntime(network) })
}

describe('loadPadModel', () => {
  test('scores boxes in one batch', async () => {
    const model = await load()
    const { margins, timings } = await model.score(FRAME, BOXES)
    expect(margins).toEqual([0, 2])
    expect(timings.crop).toBeGreaterThanOrEqual(0)
    expect((await model.score(FRAME, [])).margins).toEqual([])
  })

  test('more boxes than the largest batch, and a network whose batch is 1', async () => {
    const many = Array.from({ length: 19 }, () => BOXES[0]!)
    expect((await (await load()).score(FRAME, many)).margins).toHaveLength(19)
    const sizes: number[] = []
    const one = {
      ...good,
      inputs: [{ name: 'face', dims: [1, 3, 32, 32], type: 'float32' }],
      run: (feeds: Parameters<typeof good.run>[0]) => {
        sizes.push(feeds.face!.dims[0]!)
        return good.run(feeds)
      },
    }
    expect((await (await load(examplePadCard(), one)).score(FRAME, many)).margins).toHaveLength(19)
    expect(sizes).toEqual(Array(19).fill(1))
  })

  test('weights with one changed byte, or one byte more, never reach the runtime', async () => {
    let loads = 0
    const source = await createMemorySource(examplePadCard(), BYTES)
    const runtime = {
      name: 'spy',
      load: async () => {
        loads++
        throw new Error('reached')
      },
    }
    for (const bytes of [Uint8Array.of(1, 2, 3, 5), Uint8Array.of(1, 2, 3, 4, 0), new Uint8Array(0)]) {
      await expect(loadPadModel({ source: { ...source, read: async () => bytes }, runtime })).rejects.toMatchObject({
        code: 'MODEL_HASH',
      })
    }
    expect(loads).toBe(0)
  })

  test('a card that lies about the network is refused with its field', async () => {
    const info = (name: string, ...dims: (number | null)[]): TensorInfo => ({ name, dims, type: 'float32' })
    const cases: [Partial<typeof good>, RegExp][] = [
      [{ inputs: [info('image', null, 3, 32, 32)] }, /inputs\[0\]\.name.*"face".*it has image/],
      [{ inputs: [info('face', null, 3, 64, 64)] }, /inputs\[0\].*n x 3 x 64 x 64.*n x 3 x 32 x 32/],
      [{ inputs: [info('face', null, 32, 32, 3)] }, /inputs\[0\]/],
      [{ inputs: [...good.inputs, info('more', 1)] }, /also wants "more"/],
      [{ outputs: [info('logits', null, 3)] }, /output.*n x 3.*n x 2/],
      [{ outputs: [] }, /output\.name/],
    ]
    for (const [part, message] of cases) {
      const failure = load(examplePadCard(), { ...good, ...part })
      await expect(failure).rejects.toMatchObject({ code: 'CARD_INVALID' })
      await expect(failure).rejects.toThrow(message)
    }
  })

  test.each([
    ['NaN', [Number.NaN, 0]],
    ['Infinity', [Number.POSITIVE_INFINITY, 0]],
    ['minus Infinity', [0, Number.NEGATIVE_INFINITY]],
  ] as const)('%s from the network is MODEL_OUTPUT', async (_, logits) => {
    const model = await load(
      examplePadCard(),
      examplePadNetwork(() => logits),
    )
    await expect(model.score(FRAME, BOXES)).rejects.toMatchObject({ code: 'MODEL_OUTPUT' })
  })

  test('a missing output, one of another length and a throwing network are MODEL_OUTPUT', async () => {
    const runs = [
      () => ({}),
      () => ({ logits: { data: new Float32Array(3), dims: [1, 3] } }),
      () => {
        throw new Error('boom')
      },
    ]
    for (const run of runs) {
      const model = await load(examplePadCard(), { ...good, run })
      await expect(model.score(FRAME, BOXES)).rejects.toMatchObject({ code: 'MODEL_OUTPUT' })
    }
  })

  test('logits read as probabilities are refused instead of squeezed', async () => {
    const card = { ...examplePadCard(), output: { name: 'logits', kind: 'probabilities', classes: ['live', 'spoof'] } }
    const model = await load(
      card,
      examplePadNetwork(() => [4, -4]),
    )
    await expect(model.score(FRAME, BOXES)).rejects.toMatchObject({ code: 'MODEL_OUTPUT' })
  })

  test('an unreadable source is MODEL_MISSING, an unknown variant OPTION_INVALID', async () => {
    const source = await createMemorySource(examplePadCard(), BYTES)
    const runtime = createFakeRuntime(good)
    const fails = () => Promise.reject(new Error('ENOENT'))
    await expect(loadPadModel({ source: { ...source, card: fails }, runtime })).rejects.toMatchObject({
      code: 'MODEL_MISSING',
    })
    await expect(loadPadModel({ source: { ...source, read: fails }, runtime })).rejects.toMatchObject({
      code: 'MODEL_MISSING',
    })
    await expect(loadPadModel({ source, runtime, variant: 'int4' })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})

test('the conformance suite notices a runtime that does not conform', async () => {
  const broken = createFakeRuntime({
    inputs: [{ name: 'x', dims: [null, 2], type: 'float32' }],
    outputs: [{ name: 'y', dims: [null, 2], type: 'float32' }],
    run: ({ x }) => ({ y: { data: x!.data, dims: x!.dims } }),
  })
  const outcomes = await Promise.allSettled(runtimeConformance(() => broken).map(({ run }) => run()))
  expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(5)
})
