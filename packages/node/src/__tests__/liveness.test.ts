/** createLiveness() with the bundled models on a real face, and with models of the tests' own for what must never pass. */
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { box, type Face, type FaceDetector, type Liveness, LivenessError, type LivenessResult } from '@unspoof/core'
import { bundledModelFolder, DEFAULT_PAD_MODEL, folderSource } from '@unspoof/models'
import * as make from '@unspoof/test-utils/images/make'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeImage } from '../image/decode.ts'
import type { NodeInput } from '../input/read.ts'
import { createLiveness } from '../liveness.ts'
import { colourModel } from './colour-model.ts'

const facePath = fileURLToPath(new URL('../../../../fixtures/astronaut.jpg', import.meta.url))
const faceBytes = readFileSync(facePath)

const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error) => (error instanceof LivenessError ? error.code : error),
  )

describe('with the bundled models', () => {
  let liveness: Liveness<NodeInput>
  let expected: LivenessResult

  beforeAll(async () => {
    liveness = await createLiveness()
    expected = await liveness.check(facePath)
  })
  afterAll(() => liveness.close())

  it('judges a face: box, probability, digest, model, timings', () => {
    expect(expected.liveProbability).toBeGreaterThanOrEqual(0)
    expect(expected.liveProbability).toBeLessThanOrEqual(1)
    expect(['live', 'spoof', 'retry']).toContain(expected.verdict)
    const { x, y, width, height } = expected.face!.box
    // The face of the picture, by eye: about 140 to 230 across, 60 to 180 down.
    expect(x).toBeGreaterThan(100)
    expect(x + width).toBeLessThan(270)
    expect(y).toBeGreaterThan(10)
    expect(y + height).toBeLessThan(230)
    expect(expected.image).toEqual({
      width: 400,
      height: 400,
      sha256: createHash('sha256').update(faceBytes).digest('hex'),
    })
    expect(expected.model.map(({ id }) => id)).toEqual([DEFAULT_PAD_MODEL])
    for (const stage of ['decode', 'detect', 'quality', 'crop', 'model'] as const) {
      expect(expected.timings[stage]).toBeGreaterThan(0)
    }
  })

  it('gives the same answer for every kind of input', async () => {
    const { frame } = await decodeImage(faceBytes)
    const inputs: NodeInput[] = [
      faceBytes,
      new Uint8Array(faceBytes),
      new Blob([faceBytes]),
      Readable.from([faceBytes.subarray(0, 5000), faceBytes.subarray(5000)]),
      `data:image/jpeg;base64,${faceBytes.toString('base64')}`,
      frame!,
    ]
    for (const input of inputs) {
      const { verdict, liveProbability } = await liveness.check(input)
      expect({ verdict, liveProbability }).toEqual({
        verdict: expected.verdict,
        liveProbability: expected.liveProbability,
      })
    }
  })

  it('gives the same answer on the kernels as on onnxruntime-node, and tells which of them ran', async () => {
    const [native, wasm] = await Promise.all([
      createLiveness({ runtime: 'native' }),
      createLiveness({ runtime: 'wasm' }),
    ])
    expect(native.diagnostics()).toEqual({
      runtime: expect.stringMatching(/^onnxruntime-node \d/),
      runtimeReason: 'As the runtime option says.',
      threads: 1,
    })
    expect(wasm.diagnostics().runtime).toBe('unspoof kernels')
    const small = await sharp(faceBytes).resize(300).jpeg({ quality: 60 }).toBuffer()
    const photographed = await sharp(faceBytes).blur(2).gamma(1.6).jpeg().toBuffer()
    for (const image of [faceBytes, small, photographed]) {
      const [a, b] = [await native.check(image), await wasm.check(image)]
      expect(b.verdict).toBe(a.verdict)
      expect(Math.abs(b.liveProbability! - a.liveProbability!)).toBeLessThan(0.01)
    }
    await Promise.all([native.close(), wasm.close()])
  })

  it('reduces a large JPEG for check, and refuses it where faces are given in its pixels', async () => {
    const small = await createLiveness({ limits: { maxPixels: 100_000 } })
    const result = await small.check(faceBytes)
    expect(result.image).toMatchObject({ width: 200, height: 200 })
    expect(await code(small.checkFaces(faceBytes, [expected.face!]))).toBe('IMAGE_TOO_LARGE')
    await small.close()
  })

  it('gives the same answer for every EXIF orientation', async () => {
    const { frame } = await decodeImage(faceBytes)
    const { width, height } = frame!
    const raw = { raw: { width, height, channels: 3 as const } }
    // What undoes each orientation: turn and mirror of the upright picture.
    const undo = [
      [0, false],
      [0, true],
      [180, false],
      [180, true],
      [90, true],
      [270, false],
      [270, true],
      [90, false],
    ] as const
    for (const [i, [angle, mirrored]] of undo.entries()) {
      const turned = sharp(frame!.data, raw).rotate(angle)
      const stored = await sharp(await turned.png().toBuffer())
        .flop(mirrored)
        .png()
        .toBuffer()
      const header = make.pngChunks(stored)[0]!
      const exif = make.pngChunk('eXIf', make.exifBlock(i + 1))
      const file = Buffer.concat([stored.subarray(0, header.end), exif, stored.subarray(header.end)])
      const result = await liveness.check(file)
      expect(result.liveProbability, `orientation ${i + 1}`).toBeCloseTo(expected.liveProbability!, 5)
    }
  })

  it('answers concurrent checks each with its own', async () => {
    const small = await sharp(faceBytes).resize(360).jpeg().toBuffer()
    const alone = await liveness.check(small)
    const results = await Promise.all(
      Array.from({ length: 8 }, (_, i) => liveness.check(i % 2 === 0 ? faceBytes : small)),
    )
    results.forEach((result, i) => {
      expect(result.liveProbability).toBe((i % 2 === 0 ? expected : alone).liveProbability)
    })
  })

  it('tells a picture without a face', async () => {
    const plain = (background: string) =>
      sharp({ create: { width: 320, height: 240, channels: 3, background } })
        .png()
        .toBuffer()
    for (const file of [await plain('black'), await plain('white')]) {
      const result = await liveness.check(file)
      expect(result).toMatchObject({ verdict: 'retry', code: 'RETRY', liveProbability: null, face: null })
      expect(result.reasons.map((reason) => reason.code)).toEqual(['no-face'])
    }
    // Detectors see a face in noise now and then; the quality gate does not.
    const noise = await liveness.check(await make.noiseImage(320, 240).png().toBuffer())
    expect(noise).toMatchObject({ verdict: 'retry', liveProbability: null })
  })

  it('tells two faces of equal size', async () => {
    const two = await sharp({ create: { width: 800, height: 400, channels: 3, background: 'grey' } })
      .composite([
        { input: faceBytes, left: 0, top: 0 },
        { input: faceBytes, left: 400, top: 0 },
      ])
      .jpeg()
      .toBuffer()
    const result = await liveness.check(two)
    expect(result.verdict).toBe('retry')
    expect(result.reasons.map((reason) => reason.code)).toEqual(['multiple-faces'])
  })

  it('tells a tiny face', async () => {
    const tiny = await sharp(faceBytes)
      .resize(128)
      .extend({ right: 300, bottom: 300, background: 'grey' })
      .jpeg()
      .toBuffer()
    const result = await liveness.check(tiny)
    expect(result.verdict).toBe('retry')
    expect(['no-face', 'face-too-small']).toContain(result.reasons[0]!.code)
  })

  it('passes on what the decoder found', async () => {
    const trailing = await liveness.check(Buffer.concat([faceBytes, Buffer.from('more')]))
    expect(trailing.verdict).toBe(expected.verdict)
    expect(trailing.reasons.map((reason) => reason.code)).toContain('trailing-data')
    const small = await liveness.check(await sharp(faceBytes).resize(50).jpeg().toBuffer())
    expect(small).toMatchObject({ verdict: 'retry', reasons: [{ code: 'image-too-small', value: 50, bound: 64 }] })
    expect(await code(liveness.check(Buffer.from('text')))).toBe('IMAGE_TYPE')
    expect(await code(liveness.check(faceBytes.subarray(0, 3000)))).toBe('IMAGE_CORRUPT')
    expect(await code(liveness.check('no/such/file.jpg'))).toBe('INPUT_UNREADABLE')
  })

  it('keeps limits for frames too', async () => {
    const { frame } = await decodeImage(faceBytes)
    const strict = await createLiveness({ limits: { minSide: 600 } })
    expect((await strict.check(frame!)).reasons.map((reason) => reason.code)).toEqual(['image-too-small'])
    await strict.close()
  })

  it('is closed by `await using`, after which checks reject', async () => {
    let leaked: Liveness<NodeInput>
    {
      await using scoped = await createLiveness()
      leaked = scoped
      expect((await scoped.check(faceBytes)).verdict).toBe(expected.verdict)
    }
    expect(await code(leaked.check(faceBytes))).toBe('CLOSED')
  })
})

const middle: Face = {
  box: box(80, 60, 80, 64),
  detectorBox: box(80, 60, 80, 64),
  keyPoints: undefined,
  score: 0.9,
}

/** Finds the middle of every picture, for tests that are about the PAD model. */
function fixedDetector(onClose = () => {}): FaceDetector {
  return { id: 'fixed', detect: async () => [middle], close: async () => onClose() }
}

describe('models', () => {
  const picture = () => make.noiseImage(240, 200).png().toBuffer()

  it('takes a source, a folder and a bundled id, with the variant of the card', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unspoof-model-'))
    try {
      cpSync(bundledModelFolder(DEFAULT_PAD_MODEL), folder, { recursive: true })
      for (const models of [DEFAULT_PAD_MODEL, `${folder}/`, folderSource(folder), [DEFAULT_PAD_MODEL]]) {
        const liveness = await createLiveness({ models, detectors: fixedDetector() })
        expect(liveness.models.map(({ id }) => id)).toEqual([DEFAULT_PAD_MODEL])
        await liveness.close()
      }
      expect(await code(createLiveness({ variant: 'int3' }))).toBe('OPTION_INVALID')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('averages an ensemble by its weights', async () => {
    const live = colourModel({ bias: [2, 0], id: 'a' }).source
    const spoof = colourModel({ bias: [0, 2], id: 'b' }).source
    const probability = async (models: Parameters<typeof createLiveness>[0] & object) => {
      const liveness = await createLiveness({ detectors: fixedDetector(), ...models })
      const [result] = await liveness.checkFaces(await picture(), [middle])
      await liveness.close()
      return result!.liveProbability!
    }
    const sigmoid = (x: number) => 1 / (1 + Math.exp(-x))
    expect(await probability({ models: live })).toBeCloseTo(sigmoid(2), 5)
    expect(await probability({ models: [live, spoof] })).toBeCloseTo(0.5, 5)
    expect(await probability({ models: [{ model: live, weight: 3 }, spoof] })).toBeCloseTo(sigmoid(1), 5)
  })

  it('closes a detector of the caller', async () => {
    let closed = 0
    const liveness = await createLiveness({ models: colourModel().source, detectors: fixedDetector(() => closed++) })
    await liveness.close()
    await liveness.close()
    expect(closed).toBe(1)
  })

  it.each([
    ['NaN', [Number.NaN, 0]],
    ['Infinity', [Number.POSITIVE_INFINITY, 0]],
  ] as const)('weights that answer %s fail at the start', async (_name, bias) => {
    expect(await code(createLiveness({ models: colourModel({ bias }).source, detectors: fixedDetector() }))).toBe(
      'MODEL_OUTPUT',
    )
  })

  it('weights that answer Infinity for some pictures only give an error for those, and no verdict', async () => {
    // Grey, on which a model is tried at the start, is 0 after the mean; brighter red overflows float32.
    const [input] = colourModel().card.inputs
    const card = { inputs: [{ ...input!, scale: 1, mean: [128, 128, 128] as const }] }
    const { source } = colourModel({ weights: [3e38, 0, 0, 0, 0, 0], bias: [0, 0], card })
    const liveness = await createLiveness({ models: source, detectors: fixedDetector() })
    const bright = await make.noiseImage(240, 200).linear(0.5, 110).png().toBuffer()
    const dark = await make.noiseImage(240, 200).linear(0.5, 64).png().toBuffer()
    expect(await code(liveness.checkFaces(bright, [middle]))).toBe('MODEL_OUTPUT')
    expect((await liveness.checkFaces(dark, [middle]))[0]!.verdict).not.toBe('live')
    await liveness.close()
  })

  it('a changed byte, a missing byte and another file are refused before the runtime sees them', async () => {
    const { card, bytes } = colourModel()
    const load = (read: () => Uint8Array) =>
      code(
        createLiveness({
          models: { location: 'x', card: async () => card, read: async () => read() },
          detectors: fixedDetector(),
        }),
      )
    for (let i = 0; i < 64; i++) {
      const changed = new Uint8Array(bytes)
      changed[Math.floor((i * bytes.length) / 64)]! ^= 1
      expect(await load(() => changed)).toBe('MODEL_HASH')
    }
    expect(await load(() => bytes.subarray(1))).toBe('MODEL_HASH')
    expect(await load(() => new Uint8Array(bytes.length))).toBe('MODEL_HASH')
    expect(await load(() => bytes)).toBe('resolved')
  })

  it('a folder that is missing, broken or leads elsewhere is refused', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unspoof-folder-'))
    const load = (files: Record<string, string | Uint8Array | { link: string }>) => {
      const path = mkdtempSync(join(folder, 'model-'))
      for (const [name, content] of Object.entries(files)) {
        if (typeof content === 'object' && 'link' in content) symlinkSync(content.link, join(path, name))
        else writeFileSync(join(path, name), content)
      }
      return code(createLiveness({ models: path, detectors: fixedDetector() }))
    }
    try {
      const { card, bytes } = colourModel()
      const json = JSON.stringify(card)
      writeFileSync(join(folder, 'outside.onnx'), bytes)
      writeFileSync(join(folder, 'outside.json'), json)
      expect(await load({ 'card.json': json, 'model.onnx': bytes })).toBe('resolved')
      expect(await load({})).toBe('MODEL_MISSING')
      expect(await load({ 'card.json': json })).toBe('MODEL_MISSING')
      expect(await load({ 'card.json': '{' })).toBe('CARD_INVALID')
      expect(await load({ 'card.json': '{}' })).toBe('CARD_INVALID')
      expect(await load({ 'card.json': json, 'model.onnx': { link: join(folder, 'outside.onnx') } })).toBe(
        'MODEL_MISSING',
      )
      expect(await load({ 'card.json': { link: join(folder, 'outside.json') }, 'model.onnx': bytes })).toBe(
        'MODEL_MISSING',
      )
      const climbing = JSON.stringify({ ...card, files: [{ ...card.files[0], name: '../outside.onnx' }] })
      expect(await load({ 'card.json': climbing, 'model.onnx': bytes })).toBe('CARD_INVALID')
      await expect(folderSource(folder).read({ name: '../outside.onnx' } as never)).rejects.toMatchObject({
        code: 'CARD_INVALID',
      })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('options', () => {
  it.each([
    [{ model: 'x' }, 'did you mean "models"'],
    [{ models: 'no-such-model' }, 'Unknown model "no-such-model"'],
    [{ models: [] }, 'at least one entry for models'],
    [{ models: 5 }, 'models[0]'],
    [{ models: [{ model: DEFAULT_PAD_MODEL, weight: 0 }] }, 'models[0].weight'],
    [{ models: [{ model: DEFAULT_PAD_MODEL, wieght: 1 }] }, 'did you mean "weight"'],
    [{ detectors: [] }, 'at least one entry for detectors'],
    [{ threads: 0 }, 'threads'],
    [{ limits: { maxBytes: 5 } }, 'limits.maxBytes'],
    [{ operatingPoint: 'strictest' }, 'operatingPoint'],
    [{ operatingPoint: Number.NaN }, 'operatingPoint'],
    [{ signal: new AbortController().signal }, 'Unknown liveness option "signal"'],
  ])('%o is refused when the object is created', async (options, message) => {
    await expect(createLiveness(options as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(message),
    })
  })
})
