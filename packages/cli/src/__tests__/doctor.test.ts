import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { box, createFrame, type RuntimeSession, seededRandom, type Tensor } from '@unspoof/core'
import { describe, expect, it } from 'vitest'
import { type DoctorPicture, diagnose, shapeOf } from '../models/doctor.ts'
import { SHARED, temporaryFolder, unspoof } from './run.ts'

function session(dims: readonly (number | null)[], classes: number, run: RuntimeSession['run']): RuntimeSession {
  return {
    inputs: [{ name: 'in', dims, type: 'float32' }],
    outputs: [{ name: 'out', dims: [null, classes], type: 'float32' }],
    run,
    close: async () => {},
  }
}

/** Live faces are reddish, attacks a little bluish, with noise: a network that looks at red minus blue tells colour order and range apart. */
function pictures(count: number): DoctorPicture[] {
  const random = seededRandom(3)
  return Array.from({ length: count }, (_, i) => {
    const label = i % 2 === 0 ? ('live' as const) : ('spoof' as const)
    const data = new Uint8Array(64 * 64 * 3)
    const shift = (label === 'live' ? 16 : -4) + (random() - 0.5) * 10
    for (let p = 0; p < data.length; p += 3) {
      data[p] = 128 + shift
      data[p + 1] = 128
      data[p + 2] = 128 - shift
    }
    return { frame: createFrame({ data, width: 64, height: 64 }), box: box(16, 16, 32, 32), label }
  })
}

/** Expects BGR 0..255 and answers logits, class 1 = live: with 0..1 its answers drown, with RGB they are the wrong way round. */
async function bgrNetwork(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>> {
  const { data } = feeds.in!
  const plane = data.length / 3
  const mean = (channel: number) =>
    data.subarray(channel * plane, (channel + 1) * plane).reduce((a, b) => a + b, 0) / plane
  const margin = (mean(2) - mean(0) - 12) / 4
  return { out: { data: Float32Array.of(0, margin, -5), dims: [1, 3] } }
}

describe('the doctor', () => {
  it('tells colour order, range, class order and kind of output', async () => {
    const diagnoses = await diagnose(session([null, 3, 32, 32], 3, bgrNetwork), pictures(40))
    expect(diagnoses[0]).toMatchObject({
      auc: expect.closeTo(1, 1),
      input: { colour: 'bgr', scale: 1, layout: 'nchw', width: 32, height: 32 },
      output: { kind: 'logits', classes: ['spoof-0', 'live', 'spoof-2'] },
    })
  })

  it('reads probabilities as such', async () => {
    const probabilities: RuntimeSession['run'] = async (feeds) => {
      const p = 1 / (1 + Math.exp(-(await bgrNetwork(feeds)).out!.data[1]!))
      return { out: { data: Float32Array.of(p, 1 - p), dims: [1, 2] } }
    }
    const [best] = await diagnose(session([1, 3, 32, 32], 2, probabilities), pictures(40))
    expect(best!.output).toEqual({ name: 'out', kind: 'probabilities', classes: ['live', 'spoof'] })
  })

  it('refuses too few pictures, and networks it does not understand', async () => {
    await expect(diagnose(session([1, 3, 32, 32], 2, bgrNetwork), pictures(18))).rejects.toThrow(
      expect.objectContaining({ code: 'DATA_TOO_FEW', message: expect.stringContaining('9 live and 9 spoof') }),
    )
    const never = async () => ({ out: { data: Float32Array.of(Number.NaN, 0), dims: [1, 2] } })
    await expect(diagnose(session([1, 3, 32, 32], 2, never), pictures(20))).rejects.toThrow(
      /does not answer with numbers/,
    )
    expect(() => shapeOf(session([1, 1, 32, 32], 2, never))).toThrow(/not a picture of three channels/)
    expect(() => shapeOf(session([1, 3, null, 32], 2, never))).toThrow(/size of its picture open/)
    expect(() => shapeOf(session([1, 3, 32, 32], 1, never))).toThrow(/row of two or more classes/)
    const two = { ...session([1, 3, 32, 32], 2, never) }
    expect(() => shapeOf({ ...two, inputs: [...two.inputs, ...two.inputs] })).toThrow(/2 inputs/)
    expect(shapeOf(session([1, 32, 48, 3], 2, never))).toMatchObject({ layout: 'nhwc', width: 48, height: 32 })
  })
})

const data = path.join(SHARED, 'data')

describe.skipIf(!existsSync(data))('unspoof models doctor', () => {
  it("finds out how Silent-Face's network is fed, and writes a card that loads", { timeout: 180_000 }, async () => {
    const folder = await temporaryFolder()
    const [head, ...rows] = (await readFile(path.join(data, 'index.csv'), 'utf8')).trimEnd().split('\n')
    const index = path.join(folder, 'nuaa.csv')
    const nuaa = rows.filter((row) => row.startsWith('nuaa-dev/')).map((row) => path.join(data, row))
    await writeFile(index, [head, ...nuaa].join('\n'))
    const output = path.join(folder, 'card')
    const ran = await unspoof([
      ...['models', 'doctor', path.join(SHARED, 'models', 'minifasnet-v2-80-scale2.7.onnx'), '--data', index],
      ...['--boxes', 'index', '--pictures', '40', '--output', output],
    ])
    expect(ran.code).toBe(0)
    const card = JSON.parse(await readFile(path.join(output, 'card.json'), 'utf8'))
    expect(card.inputs[0]).toMatchObject({ colour: 'bgr', scale: 1, mean: [0, 0, 0], width: 80 })
    expect(card.inputs[0].crop.scale).toBeGreaterThanOrEqual(2)
    expect(card.output).toMatchObject({ kind: 'logits', classes: ['spoof-0', 'live', 'spoof-2'] })
    expect((await unspoof(['models', 'verify', output])).code).toBe(0)
  })
})
