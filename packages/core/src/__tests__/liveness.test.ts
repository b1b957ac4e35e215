import { describe, expect, test } from 'vitest'
import { reason } from '../decide/reasons.ts'
import { toClientResult } from '../decide/result.ts'
import type { Face, FaceDetector } from '../face/face.ts'
import { box } from '../image/box.ts'
import { createFrame, type Frame } from '../image/frame.ts'
import { createLiveness, type DecodedImage, type LivenessOptions } from '../liveness.ts'
import { loadPadModel } from '../model/pad-model.ts'
import type { Tensor } from '../model/runtime.ts'
import {
  createFakeDetector,
  createFakeRuntime,
  createMemorySource,
  examplePadCard,
  examplePadNetwork,
} from '../testing/fakes.ts'
import { syntheticFrame } from '../testing/pictures.ts'

const face = (x: number, y: number, side: number, nose = 0.5): Face => ({
  box: box(x, y, side, side),
  detectorBox: box(x, y, side, side),
  keyPoints: {
    rightEye: { x: x + 0.3 * side, y: y + 0.4 * side },
    leftEye: { x: x + 0.7 * side, y: y + 0.4 * side },
    nose: { x: x + (0.3 + 0.4 * nose) * side, y: y + 0.6 * side },
    mouth: { x: x + 0.5 * side, y: y + 0.8 * side },
  },
  score: 0.9,
})

const FRAME = syntheticFrame('checker', 320, 240)

async function padModel(logitsOf: (input: Tensor, index: number) => readonly [number, number]) {
  const source = await createMemorySource(examplePadCard(), Uint8Array.of(1))
  return loadPadModel({ source, runtime: createFakeRuntime(examplePadNetwork(logitsOf)) })
}

async function liveness(
  logits: readonly [number, number] | ((input: Tensor, index: number) => readonly [number, number]) = [4, 0],
  options: Partial<LivenessOptions<Frame | DecodedImage>> = {},
) {
  return createLiveness<Frame | DecodedImage>({
    detector: createFakeDetector([face(100, 60, 100)]),
    models: [{ model: await padModel(typeof logits === 'function' ? logits : () => logits) }],
    decode: async (input) => ('frame' in input ? input : { frame: input }),
    ...options,
  })
}

describe('check', () => {
  test('a live face', async () => {
    const result = await (await liveness()).check(FRAME)
    expect(result).toMatchObject({
      verdict: 'live',
      code: 'LIVE',
      hint: '',
      reasons: [],
      stability: null,
      operatingPoint: { name: 'balanced', threshold: 0.5 },
      model: [{ id: 'example-pad', version: '1.0.0', variant: 'fp32' }],
      image: { width: 320, height: 240 },
    })
    expect(result.liveProbability).toBeCloseTo(1 / (1 + Math.exp(-4)), 6)
    expect(result.timings.total).toBeGreaterThan(0)
    // One crop has nothing to agree with; three equal ones agree.
    expect(await (await liveness()).check(FRAME, { crops: 3 })).toMatchObject({ verdict: 'live', stability: 1 })
  })

  test('an attack, and what a client may be told of it', async () => {
    const result = await (await liveness([0, 4])).check(FRAME)
    expect(result.verdict).toBe('spoof')
    const told = toClientResult(result)
    expect(told).toEqual({ verdict: 'spoof', code: 'SPOOF', reasons: ['attack-suspected'], hint: result.hint })
    expect(JSON.stringify(told)).not.toMatch(/prob|score|logit|threshold|stability/i)
  })

  test('operating points: by name, by number, per check over the default', async () => {
    const checker = await liveness([1, 0], { operatingPoint: 'strict' })
    expect((await checker.check(FRAME)).verdict).toBe('spoof')
    expect((await checker.check(FRAME, { operatingPoint: 'lenient' })).verdict).toBe('live')
    expect(await checker.check(FRAME, { operatingPoint: 0.75 })).toMatchObject({
      verdict: 'spoof',
      operatingPoint: { name: 'custom' },
    })
  })

  test('no face, several faces, a small face in the background', async () => {
    const check = async (faces: Face[], options = {}) =>
      (await liveness([4, 0], { detector: createFakeDetector(faces) })).check(FRAME, options)
    expect(await check([])).toMatchObject({ verdict: 'retry', reasons: [{ code: 'no-face' }], face: null })
    const two = [face(10, 60, 100), face(180, 60, 100)]
    expect(await check(two)).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'multiple-faces' }],
      liveProbability: null,
    })
    expect(await check([face(10, 10, 20), face(100, 60, 100)])).toMatchObject({ verdict: 'live' })
    const all = await check(two, { faces: 'all' })
    expect(all.verdict).toBe('live')
    expect(all.faces).toHaveLength(2)
  })

  describe('with a detector that looks again', () => {
    /** Says what a second look at each of the faces gives. */
    const lookingAgain = (looks: ReadonlyMap<Face, number>, more: readonly Face[] = []): FaceDetector => ({
      ...createFakeDetector([...looks.keys()]),
      detect: async (_, options) => [...looks.keys(), ...(options?.thorough ? more : [])],
      confirm: async (_, seen) => {
        const score = looks.get(seen) ?? 0.95
        return { score, isFace: score >= 0.52 }
      },
    })
    const doubtful = (x: number, y: number, side: number): Face => ({ ...face(x, y, side), score: 0.7 })
    const check = async (detector: FaceDetector, options = {}, frame = syntheticFrame('noise', 320, 240)) =>
      (await liveness([4, 0], { detector })).check(frame, options)

    test('a thing that was taken for a face is no face, whatever the model says of it', async () => {
      const result = await check(lookingAgain(new Map([[doubtful(100, 60, 100), 0.4]])))
      expect(result).toMatchObject({
        verdict: 'retry',
        reasons: [{ code: 'no-face' }],
        face: null,
        liveProbability: null,
      })
    })

    test('so is a drawing of even areas, and a confident detector does not help it', async () => {
      const frame = createFrame({
        data: new Uint8Array(320 * 240 * 3).map((_, i) => [180, 120, 90][i % 3]! + (i > 115_200 ? 60 : 0)),
        width: 320,
        height: 240,
      })
      const drawn = await check(lookingAgain(new Map([[face(100, 60, 100), 0.99]])), {}, frame)
      expect(drawn.verdict).toBe('retry')
      expect(drawn.liveProbability).toBeNull()
    })

    test('a thing beside a person does not make two people', async () => {
      const looks = new Map([
        [doubtful(10, 60, 100), 0.4],
        [doubtful(180, 60, 100), 0.9],
      ])
      expect((await check(lookingAgain(looks))).verdict).toBe('live')
    })

    test('lettering that lies on its side does not make two people either', async () => {
      const sideways: Face = {
        ...doubtful(10, 60, 100),
        keyPoints: {
          rightEye: { x: 50, y: 80 },
          leftEye: { x: 52, y: 120 },
          nose: { x: 40, y: 100 },
          mouth: { x: 30, y: 100 },
        },
      }
      const looks = new Map([
        [sideways, 0.9],
        [doubtful(180, 60, 100), 0.9],
      ])
      expect((await check(lookingAgain(looks))).verdict).toBe('live')
    })

    test('a doubtful face does not hide a clear one, however small that one is', async () => {
      const looks = new Map([[doubtful(100, 60, 100), 0.65]])
      const hidden = doubtful(10, 10, 40)
      expect((await check(lookingAgain(looks, [hidden]))).reasons).toMatchObject([{ code: 'multiple-faces', value: 2 }])
      expect((await check(lookingAgain(looks))).verdict).toBe('live')
    })

    test('faces: all goes on to the smaller ones', async () => {
      const looks = new Map([[doubtful(100, 60, 100), 0.9]])
      const result = await check(lookingAgain(looks, [doubtful(10, 10, 50)]), { faces: 'all' })
      expect(result.faces).toHaveLength(2)
    })

    test('faces from elsewhere are looked at again, too', async () => {
      const thing = face(100, 60, 100)
      const checker = await liveness([4, 0], { detector: lookingAgain(new Map([[thing, 0.4]])) })
      expect((await checker.checkFaces(syntheticFrame('noise', 320, 240), [thing]))[0]).toMatchObject({
        verdict: 'retry',
        reasons: [{ code: 'no-face' }],
      })
    })
  })

  test('with faces: all the worst face counts', async () => {
    let calls = 0
    const checker = await liveness(() => (calls++ === 0 ? [4, 0] : [0, 4]), {
      detector: createFakeDetector([face(10, 60, 100), face(180, 60, 100)]),
    })
    const result = await checker.check(FRAME, { faces: 'all', crops: 1 })
    expect(result.faces.map((f) => f.verdict)).toEqual(['live', 'spoof'])
    expect(result).toMatchObject({ verdict: 'spoof', code: 'SPOOF' })
  })

  test('gates answer before any model runs', async () => {
    let ran = 0
    const spy = () => {
      ran++
      return [4, 0] as const
    }
    const small = await liveness(spy, { detector: createFakeDetector([face(100, 60, 30)]) })
    expect(await small.check(FRAME)).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'face-too-small', value: 30, bound: 40 }],
    })
    const outside = await liveness(spy, { detector: createFakeDetector([face(-60, 60, 120)]) })
    expect((await outside.check(FRAME)).reasons.map((r) => r.code)).toContain('face-cut-off')
    const turned = await liveness(spy, { detector: createFakeDetector([face(100, 60, 100, 1.2)]) })
    expect((await turned.check(FRAME)).reasons.map((r) => r.code)).toContain('face-turned')
    const checker = await liveness(spy)
    for (const [pattern, code] of [
      ['black', 'too-dark'],
      ['white', 'too-bright'],
    ] as const) {
      const result = await checker.check(syntheticFrame(pattern, 320, 240))
      expect(result.reasons.map((r) => r.code)).toContain(code)
      expect(result.verdict).toBe('retry')
    }
    expect(ran).toBe(0)
  })

  test('a decoder can refuse, and can add notes that decide nothing', async () => {
    const checker = await liveness()
    expect(await checker.check({ frame: undefined, reasons: [reason('animated-image')] })).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'animated-image' }],
      image: null,
    })
    await expect(checker.check({ frame: undefined })).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' })
    expect(await checker.check({ frame: FRAME, notes: [reason('trailing-data')] })).toMatchObject({
      verdict: 'live',
      hint: '',
      reasons: [{ code: 'trailing-data' }],
    })
  })

  test('faults never yield a verdict', async () => {
    const nan = await liveness(() => [Number.NaN, 0])
    await expect(nan.check(FRAME)).rejects.toMatchObject({ code: 'MODEL_OUTPUT', status: 503 })
    const detectorDown = await liveness([4, 0], {
      detector: { id: 'x', detect: () => Promise.reject(new Error('boom')), close: async () => {} },
    })
    await expect(detectorDown.check(FRAME)).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
    const decoderDown = await liveness([4, 0], { decode: () => Promise.reject(new Error('boom')) })
    await expect(decoderDown.check(FRAME)).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE' })
  })

  test.each<[string, (boxes: number) => readonly number[]]>([
    ['no margins', () => []],
    ['too few margins', (boxes) => new Array(boxes - 1).fill(4)],
    ['too many margins', (boxes) => new Array(boxes + 1).fill(4)],
    ['Infinity', (boxes) => new Array(boxes).fill(Number.POSITIVE_INFINITY)],
    ['Infinity once', (boxes) => new Array(boxes).fill(4).with(-1, Number.POSITIVE_INFINITY)],
    ['NaN', (boxes) => new Array(boxes).fill(Number.NaN)],
  ])('a PadModel of others that answers %s is refused', async (_, margins) => {
    const model = {
      ...(await padModel(() => [4, 0])),
      score: async (_: Frame, boxes: readonly unknown[]) => ({
        margins: margins(boxes.length),
        timings: { crop: 0, model: 0 },
      }),
    }
    const checker = await liveness([4, 0], { models: [{ model }] })
    await expect(checker.check(FRAME)).rejects.toMatchObject({ code: 'MODEL_OUTPUT', status: 503 })
  })

  test('time-out and abort', async () => {
    const hanging = await liveness([4, 0], { decode: () => new Promise(() => {}) })
    await expect(hanging.check(FRAME, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'CHECK_TIMEOUT' })
    const controller = new AbortController()
    const aborted = hanging.check(FRAME, { signal: controller.signal })
    controller.abort()
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
    let decoded = false
    const checker = await liveness([4, 0], {
      decode: async (input) => {
        decoded = true
        return { frame: input as Frame }
      },
    })
    await expect(checker.check(FRAME, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
    expect(decoded).toBe(false)
  })

  test('wrong options are refused with the nearest name', async () => {
    const checker = await liveness()
    await expect(checker.check(FRAME, { operatingPiont: 'strict' } as never)).rejects.toThrow(
      'did you mean "operatingPoint"?',
    )
    await expect(checker.check(FRAME, { operatingPoint: 'STRICT' as never })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
    await expect(checker.check(FRAME, { operatingPoint: 1 })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(checker.check(FRAME, { operatingPoint: 0 })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(checker.check(FRAME, { crops: 2 as never })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(liveness([4, 0], { timeoutMs: Number.NaN })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('ensembles average log-odds by weight; a member that fails fails the check', async () => {
    const sure = await padModel(() => [4, 0])
    const doubtful = await padModel(() => [0, 2])
    const both = await liveness([0, 0], { models: [{ model: sure, weight: 3 }, { model: doubtful }] })
    expect((await both.check(FRAME)).liveProbability).toBeCloseTo(1 / (1 + Math.exp(-(3 * 4 - 2) / 4)), 6)
    const broken = await padModel(() => [Number.NaN, 0])
    const withBroken = await liveness([0, 0], { models: [{ model: sure }, { model: broken }] })
    await expect(withBroken.check(FRAME)).rejects.toMatchObject({ code: 'MODEL_OUTPUT' })
    await expect(liveness([0, 0], { models: [{ model: sure, weight: 0 }] })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
    await expect(liveness([0, 0], { models: [] })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('close waits for checks in flight; later ones reject', async () => {
    const checker = await liveness()
    const running = checker.check(FRAME)
    const closed = checker.close()
    expect((await running).verdict).toBe('live')
    await closed
    await checker.close()
    await expect(checker.check(FRAME)).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

test('checkFaces answers one result a face, in order', async () => {
  const checker = await liveness((_, i) => (i === 0 ? [4, 0] : [4, 0]))
  const results = await checker.checkFaces(FRAME, [face(100, 60, 100), face(100, 60, 20)])
  expect(results.map((r) => r.verdict)).toEqual(['live', 'retry'])
  expect(await checker.checkFaces(FRAME, [])).toEqual([])
})

describe('checkSequence', () => {
  async function* frames(n: number, make: (i: number) => Frame = (i) => syntheticFrame('noise', 320, 240, i + 1)) {
    for (let i = 0; i < n; i++) yield make(i)
  }

  test('stops early when it is sure, either way', async () => {
    const seen: number[] = []
    const live = await (await liveness([6, 0])).checkSequence(frames(30), { onFrame: (_, i) => seen.push(i) })
    expect(live).toMatchObject({ verdict: 'live', reasons: [], hint: '' })
    expect(live.frames.read).toBeLessThanOrEqual(6)
    expect(seen).toHaveLength(live.frames.read)
    const spoof = await (await liveness([0, 6])).checkSequence(frames(30))
    expect(spoof).toMatchObject({ verdict: 'spoof', frames: { read: 3, judged: 3 } })
  })

  test('reads every frame where the caller needs each face, and still notices a changed one', async () => {
    const all = await (await liveness([6, 0])).checkSequence(frames(8), { stopEarly: false })
    expect(all).toMatchObject({ verdict: 'live', frames: { read: 8, judged: 8 } })
    let call = 0
    const detector = {
      id: 'moving',
      detect: async () => [call++ === 1 ? face(200, 120, 80) : face(10, 10, 80)],
      close: async () => {},
    }
    const changed = await (await liveness([6, 0], { detector })).checkSequence(frames(8), { stopEarly: false })
    expect(changed).toMatchObject({ verdict: 'spoof', reasons: [{ code: 'face-changed' }], frames: { read: 8 } })
  })

  test('a single frame is never enough for live', async () => {
    const result = await (await liveness([20, 0])).checkSequence(frames(1))
    expect(result).toMatchObject({ verdict: 'retry', frames: { judged: 1 } })
    expect(result.reasons.map((r) => r.code)).toContain('too-few-frames')
  })

  test('undecided between the bounds', async () => {
    const checker = await liveness([0.2, 0])
    expect(await checker.checkSequence(frames(5), { operatingPoint: 'strict' })).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'undecided' }],
    })
    expect(await checker.checkSequence(frames(5), { operatingPoint: 'lenient' })).toMatchObject({ verdict: 'live' })
  })

  test('a frozen picture is no evidence', async () => {
    const still = syntheticFrame('noise', 320, 240)
    const result = await (await liveness([9, 0])).checkSequence(frames(10, () => still))
    expect(result).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'frozen-frames' }],
      frames: { read: 10, judged: 1, repeated: 9 },
    })
  })

  test('a face that jumps or is replaced', async () => {
    let call = 0
    const detector = {
      id: 'moving',
      detect: async () => [call++ < 2 ? face(10, 10, 80) : face(200, 120, 80)],
      close: async () => {},
    }
    const result = await (await liveness([2, 0], { detector })).checkSequence(frames(10))
    expect(result).toMatchObject({ verdict: 'spoof', reasons: [{ code: 'face-changed' }] })
  })

  test('no face in any frame: the reason most frames gave', async () => {
    const result = await (await liveness([9, 0], { detector: createFakeDetector([]) })).checkSequence(frames(4))
    expect(result).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'no-face' }, { code: 'too-few-frames' }],
      liveProbability: null,
    })
  })

  test('a camera that hangs is timed out, and its iterator is closed', async () => {
    let closed = false
    const hanging: AsyncIterable<Frame> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          closed = true
          return { done: true, value: undefined }
        },
      }),
    }
    const result = await (await liveness()).checkSequence(hanging, { maxDurationMs: 100 })
    expect(result).toMatchObject({ verdict: 'retry', reasons: [{ code: 'timed-out' }] })
    expect(closed).toBe(true)
  })

  test('a frame that cannot be judged for a technical reason rejects', async () => {
    const checker = await liveness(() => [Number.NaN, 0])
    await expect(checker.checkSequence(frames(5))).rejects.toMatchObject({ code: 'MODEL_OUTPUT' })
    await expect(checker.checkSequence(frames(5), { minFrames: 0 })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(checker.checkSequence(frames(5), { maxFrame: 3 } as never)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    })
  })
})

test('frames and boxes refuse what they cannot be', () => {
  expect(() => createFrame({ data: new Uint8Array(11), width: 2, height: 2 })).toThrow('2 x 2 pixels')
  expect(() => createFrame({ data: new Uint8Array(0), width: 0, height: 2 })).toThrow('frame.width')
  expect(() => box(0, 0, -1, 5)).toThrow()
  expect(() => box(Number.NaN, 0, 1, 5)).toThrow()
})
