/** createLivenessPool() with its built worker: the same answers as createLiveness(), off the event loop. */
import { existsSync, readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Worker } from 'node:worker_threads'
import { box, type Face, type Liveness, LivenessError } from '@unspoof/core'
import * as make from '@unspoof/test-utils/images/make'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeImage } from '../image/decode.ts'
import type { NodeInput } from '../input/read.ts'
import { createLiveness } from '../liveness.ts'
import { createLivenessPool, type LivenessPool } from '../pool/liveness-pool.ts'
import { colourModel } from './colour-model.ts'

const worker = fileURLToPath(new URL('../../dist/pool/worker.js', import.meta.url))
if (!existsSync(worker)) console.warn('skipped: the tests of createLivenessPool need a build (npm run build)')

const faceBytes = readFileSync(new URL('../../../../fixtures/astronaut.jpg', import.meta.url))
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'resolved',
    (error) => (error instanceof LivenessError ? error.code : error),
  )

describe.skipIf(!existsSync(worker))('createLivenessPool', () => {
  let pool: LivenessPool
  let inline: Liveness<NodeInput>

  beforeAll(async () => {
    ;[pool, inline] = await Promise.all([createLivenessPool({ workers: 2 }), createLiveness()])
  })
  afterAll(() => Promise.all([pool.close(), inline.close()]))

  it('gives the answers of createLiveness(), for every kind of input', async () => {
    const { frame } = await decodeImage(faceBytes)
    const expected = await inline.check(faceBytes)
    expect(pool.models).toEqual(inline.models)
    const copy = new Uint8Array(faceBytes)
    for (const input of [copy, faceBytes, new Blob([faceBytes]), Readable.from([faceBytes]), frame!]) {
      const { timings: _, ...result } = await pool.check(input)
      const { timings: __, ...wanted } = input === frame ? await inline.check(frame) : expected
      expect(result).toEqual(wanted)
    }
    // What the caller passed is still the caller's.
    expect(copy.byteLength).toBe(faceBytes.byteLength)
    expect(frame!.data.byteLength).toBe(400 * 400 * 3)
  })

  it('judges given faces', async () => {
    const faces: Face[] = [
      { box: box(138, 52, 95, 130), detectorBox: box(138, 52, 95, 130), keyPoints: undefined, score: 1 },
    ]
    const [result] = await pool.checkFaces(faceBytes, faces)
    const [expected] = await inline.checkFaces(faceBytes, faces)
    expect(result!.liveProbability).toBe(expected!.liveProbability)
    expect(result!.face).toEqual(faces[0])
  })

  it('judges a sequence, and sees that frames repeat', async () => {
    const different = async function* () {
      for (let i = 0; i < 4; i++)
        yield await sharp(faceBytes)
          .modulate({ brightness: 1 + i / 100 })
          .jpeg()
          .toBuffer()
    }
    const frozen = async function* () {
      for (let i = 0; i < 4; i++) yield faceBytes
    }
    for (const frames of [different, frozen]) {
      const [answer, expected] = [await pool.checkSequence(frames()), await inline.checkSequence(frames())]
      expect(answer.verdict).toBe(expected.verdict)
      expect(answer.liveProbability).toBe(expected.liveProbability)
      expect(answer.frames).toEqual(expected.frames)
      expect(answer.reasons).toEqual(expected.reasons)
    }
    expect((await pool.checkSequence(frozen())).reasons.map((reason) => reason.code)).toEqual(['frozen-frames'])
  })

  it('answers bad pictures with the same errors', async () => {
    const bad: [NodeInput, string][] = [
      [Buffer.from('text'), 'IMAGE_TYPE'],
      [new Uint8Array(0), 'IMAGE_CORRUPT'],
      [faceBytes.subarray(0, 9000), 'IMAGE_CORRUPT'],
      [Buffer.concat([faceBytes.subarray(0, 9000), Buffer.from([0xff, 0xd9])]), 'IMAGE_CORRUPT'],
      [make.png({ width: 20_000, height: 20_000, lines: new Uint8Array(1) }), 'IMAGE_TOO_LARGE'],
      [new Uint8Array(6 * 1024 * 1024), 'BODY_TOO_LARGE'],
      ['no/such/file.jpg', 'INPUT_UNREADABLE'],
      ['https://127.0.0.1/x.jpg', 'INPUT_INVALID'],
    ]
    for (const [input, expected] of bad) expect(await code(pool.check(input))).toBe(expected)
    expect((await pool.check(make.png({ width: 5, height: 5 }))).reasons[0]!.code).toBe('image-too-small')
    expect(await code(pool.check(faceBytes, { crops: 2 as never }))).toBe('OPTION_INVALID')
    expect(await code(pool.check(faceBytes, { signal: AbortSignal.abort() }))).toBe('ABORTED')
    expect(pool.health()).toEqual({ ready: true, queued: 0, running: 0, workers: 2 })
  })

  it('passes the options of a check on', async () => {
    const result = await pool.check(faceBytes, { operatingPoint: 0.9999, crops: 5 })
    expect(result.operatingPoint).toEqual({ name: 'custom', threshold: 0.9999 })
    expect(result.verdict).not.toBe('live')
  })

  it('keeps the event loop free', { timeout: 60_000 }, async () => {
    /** Milliseconds this thread was busy with 30 checks. */
    const busyWith = async (checker: Pick<LivenessPool, 'check'>): Promise<number> => {
      await checker.check(faceBytes)
      const before = performance.eventLoopUtilization()
      for (let i = 0; i < 30; i++) await checker.check(faceBytes)
      return performance.eventLoopUtilization(before).active
    }
    // A twentieth on a quiet machine. A busy one makes both longer.
    expect(await busyWith(pool)).toBeLessThan((await busyWith(inline)) / 2)
  })

  it('refuses at once when full', async () => {
    const small = await createLivenessPool({ workers: 1, queue: 1 })
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => code(small.check(faceBytes))))
    expect(outcomes.sort()).toEqual(['OVERLOADED', 'OVERLOADED', 'OVERLOADED', 'OVERLOADED', 'resolved', 'resolved'])
    await small.close()
    expect(await code(small.check(faceBytes))).toBe('CLOSED')
  })

  it('drains: what was accepted is answered, what is new is refused', async () => {
    const draining = await createLivenessPool({ workers: 1, queue: 5 })
    const accepted = Array.from({ length: 4 }, () => code(draining.check(faceBytes)))
    const closing = draining.close()
    expect(await code(draining.check(faceBytes))).toBe('SHUTTING_DOWN')
    await closing
    expect(await Promise.all(accepted)).toEqual(['resolved', 'resolved', 'resolved', 'resolved'])
  })

  it('starts another worker with models where one was killed', { timeout: 120_000 }, async () => {
    const born = new Promise<Worker>((resolve) => process.once('worker', resolve))
    await using alone = await createLivenessPool({ workers: 1, timeoutMs: 60_000 })
    const before = await alone.check(faceBytes)
    // Idle: to terminate a thread inside a native call would abort the process, which is why the pool never does.
    await (await born).terminate()
    expect(alone.health().workers).toBe(0)
    const after = await alone.check(faceBytes)
    expect(after.liveProbability).toBe(before.liveProbability)
    expect(alone.health()).toMatchObject({ ready: true, workers: 1 })
  })

  it('sends a model of the caller to its workers, and fails to start with its error', async () => {
    const detectors = ['blazeface-short']
    const { source, card, bytes } = colourModel({ bias: [3, 0] })
    const own = await createLivenessPool({ workers: 1, models: source, detectors })
    expect(own.models).toEqual([{ id: 'colour', version: '1.0.0', variant: 'fp32' }])
    expect((await own.check(faceBytes)).liveProbability).toBeCloseTo(1 / (1 + Math.exp(-3)), 5)
    await own.close()
    const altered = {
      location: 'x',
      card: async () => card,
      read: async () => bytes.map((byte, i) => (i === 200 ? byte ^ 1 : byte)),
    }
    expect(await code(createLivenessPool({ workers: 2, models: altered, detectors }))).toBe('MODEL_HASH')
    expect(await code(createLivenessPool({ workers: 1, models: './no/such/model' }))).toBe('MODEL_MISSING')
    const nan = colourModel({ bias: [Number.NaN, 0] }).source
    expect(await code(createLivenessPool({ workers: 1, models: nan }))).toBe('MODEL_OUTPUT')
  })

  it.each([
    [{ workers: 0 }, 'workers'],
    [{ queue: -1 }, 'queue'],
    [{ worker: 2 }, 'did you mean "workers"'],
    [{ detectors: { id: 'x', detect: async () => [], close: async () => {} } }, 'cannot be sent to a worker'],
  ])('%o is refused when the pool is created', async (options, message) => {
    await expect(createLivenessPool(options as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(message),
    })
  })
})
