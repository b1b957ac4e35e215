import { existsSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ModelCard, parseCard, verifyBytes } from '@unspoof/core'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import {
  bundledModel,
  bundledModelFolder,
  DEFAULT_DETECTORS,
  DEFAULT_LANDMARKS,
  DEFAULT_PAD_MODEL,
  MODELS,
  registry,
} from '../index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const schema = JSON.parse(await readFile(join(root, 'card.schema.json'), 'utf8'))
const valid = new Ajv2020({ strict: true, strictRequired: false, allErrors: true }).compile(schema)

function copyOf(card: unknown): Record<string, never> {
  return JSON.parse(JSON.stringify(card))
}

/** Sets the value at a path such as `files.0.bytes`; `undefined` deletes it. */
function withValue(card: unknown, path: string, value: unknown): unknown {
  const copy = copyOf(card)
  const keys = path.split('.')
  const last = keys.pop()!
  const parent = keys.reduce((object: Record<string, never>, key) => object[key]!, copy) as Record<string, unknown>
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}

function accepted(card: unknown): boolean {
  try {
    parseCard(card, 'test')
    return true
  } catch {
    return false
  }
}

describe.each(MODELS)('bundled model %s', (id) => {
  it('has a card that is valid, of that id, for the schema and for the core', async () => {
    const card = await bundledModel(id).card()
    expect(valid(card), JSON.stringify(valid.errors)).toBe(true)
    expect(parseCard(card, id).id).toBe(id)
  })

  it('has every file of its card, with the stated bytes and hash', async () => {
    const source = bundledModel(id)
    const card = (await source.card()) as ModelCard
    for (const file of card.files) await verifyBytes(await source.read(file), file, id)
  })

  it('has a README that states licence and origin', async () => {
    const card = (await bundledModel(id).card()) as ModelCard
    const readme = await readFile(join(bundledModelFolder(id), 'README.md'), 'utf8')
    expect(readme).toContain(card.licence)
    expect(readme).toMatch(/## Origin and licence/)
  })
})

describe('defaults', () => {
  it('are bundled and of the right task', async () => {
    expect(((await bundledModel(DEFAULT_PAD_MODEL).card()) as ModelCard).task).toBe('pad')
    for (const id of DEFAULT_DETECTORS) {
      expect(((await bundledModel(id).card()) as ModelCard).task).toBe('face-detection')
    }
    expect(((await bundledModel(DEFAULT_LANDMARKS).card()) as ModelCard).task).toBe('face-landmarks')
  })

  it('refuses ids that are not bundled', () => {
    for (const id of ['../unspoof-pad-1', 'toString', '', 'yunet-2023mar-640']) {
      // @ts-expect-error only bundled ids are typed
      expect(() => bundledModel(id)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
  })
})

describe('registry', () => {
  it.each(Object.entries(registry))('%s is a valid card under its own id, with a note', (id, { card, note }) => {
    expect(valid(copyOf(card)), JSON.stringify(valid.errors)).toBe(true)
    expect(parseCard(copyOf(card), id).id).toBe(id)
    expect(note.length).toBeGreaterThan(10)
    expect(MODELS).not.toContain(id)
  })

  it('has no inherited keys, so that any string can be looked up', () => {
    expect(registry.toString).toBeUndefined()
    expect(Object.isFrozen(registry)).toBe(true)
  })

  it('says so where no public address is known', () => {
    for (const { card, note } of Object.values(registry)) {
      const addressed = card.files.every((file) => file.url !== undefined)
      expect(note.includes('No public address')).toBe(!addressed)
    }
  })

  const folder = join(root, '..', '..', 'shared', 'models')
  it.skipIf(!existsSync(folder))(
    'states the bytes and hashes of the files that lie beside the repository',
    async () => {
      const names: Record<string, string> = {
        'facenox-minifasnet-v2-se-128/int8': 'minifasnet-v2-se-128-int8.onnx',
        'facenox-minifasnet-v2-se-128/fp32': 'minifasnet-v2-se-128-fp32.onnx',
        'facenox-minifasnet-v2-se-128-earlier/fp32': 'minifasnet-v2-se-128-fp32-earlier.onnx',
        'silent-face-v2-80-opset11/fp32': 'minifasnet-v2-80-scale2.7.onnx',
        'silent-face-v1se-80-opset11/fp32': 'minifasnet-v1se-80-scale4.0.onnx',
        'hairymax-bin-128/fp32': 'hairymax-bin-1.5-128.onnx',
        'hairymax-print-replay-128/fp32': 'hairymax-print-replay-1.5-128.onnx',
        'yunet-2023mar-640/fp32': 'yunet-2023mar-640.onnx',
      }
      for (const [key, name] of Object.entries(names)) {
        const [id, variant] = key.split('/') as [string, string]
        const file = registry[id]!.card.files.find((candidate) => candidate.variant === variant)!
        await verifyBytes(await readFile(join(folder, name)), file, id)
      }
    },
  )
})

describe('card.schema.json and parseCard', () => {
  it.each([
    ['schema', 2],
    ['id', 'With Capitals'],
    ['id', undefined],
    ['task', 'other'],
    ['licence', ''],
    ['limits', []],
    ['files', []],
    ['files.0.name', '../model.onnx'],
    ['files.0.bytes', 0],
    ['files.0.bytes', 1.5],
    ['files.0.sha256', 'ABC'],
    ['files.0.url', 'http://insecure.example'],
    ['inputs', []],
    ['inputs.0.width', 4],
    ['inputs.0.layout', 'chw'],
    ['inputs.0.mean', [0, 0]],
    ['inputs.0.std', [1, 1, 0]],
    ['inputs.0.crop', undefined],
    ['inputs.0.crop.border', 'wrap'],
    ['inputs.0.crop.square', 'yes'],
    ['output.kind', 'scores'],
    ['output.classes', ['spoof', 'print']],
    ['output.classes', ['live', 'live']],
    ['output.classes', ['live']],
    ['calibration.slope', 0],
    ['calibration.ece', 2],
    ['operatingPoints.strict', undefined],
    ['operatingPoints.balanced.threshold', 1],
    ['operatingPoints.balanced.measured', undefined],
    ['validFace.minSide', 0],
    ['liveSpectrum', { input: 'face', mean: [1], deviation: [1], n: 0, data: 'x' }],
    ['liveSpectrum', { input: 'face', mean: [], deviation: [], n: 9, data: 'x' }],
  ])('both refuse a PAD card whose %s is %j', async (path, value) => {
    const card = withValue(await bundledModel(DEFAULT_PAD_MODEL).card(), path, value)
    expect(accepted(card)).toBe(false)
    expect(valid(card)).toBe(false)
  })

  it.each([
    ['input', undefined],
    ['input.letterbox', 'left'],
    ['input.scale', 0],
    ['scoreThreshold', 1],
    ['iouThreshold', undefined],
    ['decoder.kind', 'ssd'],
    ['decoder.boxes', undefined],
    ['decoder.unit', 0],
    ['decoder.anchors', []],
    ['decoder.anchors.0.stride', 0],
    ['decoder.anchors.0.perCell', 1.5],
  ])('both refuse a detector card whose %s is %j', async (path, value) => {
    const card = withValue(await bundledModel('blazeface-short').card(), path, value)
    expect(accepted(card)).toBe(false)
    expect(valid(card)).toBe(false)
  })
})

describe('card.schema.json and parseCard for landmarks', () => {
  it.each([
    ['input', undefined],
    ['input.width', 4],
    ['crop', undefined],
    ['crop.scale', 0],
    ['crop.down', 9],
    ['output.landmarks', ''],
    ['output.count', 0],
    ['output.count', 1.5],
    ['output.presence', undefined],
  ])('both refuse a landmarks card whose %s is %j', async (path, value) => {
    const card = withValue(await bundledModel(DEFAULT_LANDMARKS).card(), path, value)
    expect(accepted(card)).toBe(false)
    expect(valid(card)).toBe(false)
  })

  it('parseCard refuses an input that is no square', async () => {
    expect(accepted(withValue(await bundledModel(DEFAULT_LANDMARKS).card(), 'input.height', 128))).toBe(false)
  })
})

describe('the package', () => {
  it('publishes what a model needs', async () => {
    const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    expect(files).toEqual(expect.arrayContaining(['*/*.onnx', '*/card.json', '*/README.md', 'card.schema.json']))
    for (const id of MODELS) expect((await stat(bundledModelFolder(id))).isDirectory()).toBe(true)
  })
})
