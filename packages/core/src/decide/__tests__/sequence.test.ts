/** The edges of the sequential decision: what mutation testing (scripts/mutate.mjs) showed that no other test looked at. */
import fc from 'fast-check'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { Face } from '../../face/face.ts'
import { box } from '../../image/box.ts'
import { createFrame, type Frame } from '../../image/frame.ts'
import { logit, sigmoid } from '../calibration.ts'
import { type Reason, type ReasonCode, reason } from '../reasons.ts'
import type { LivenessResult } from '../result.ts'
import { decideSequence, type SequenceParts, sequenceProbability } from '../sequence.ts'

interface Shown {
  /** Live probability; null: there is no face. */
  readonly p: number | null
  /** Frames of the same number have the same pixels. @default its own */
  readonly pixels?: number
  readonly face?: Face | null
  /** There is a face, though no model judged it. */
  readonly seen?: boolean
  readonly why?: ReasonCode
  readonly frame?: Frame
}

const faceAt = (x: number, width: number): Face => ({
  box: box(x, 0, width, width),
  detectorBox: box(x, 0, width, width),
  keyPoints: undefined,
  score: 1,
})

/** Judges frames whose answers are given. */
function judged(
  shown: readonly (Shown | number)[],
  options: SequenceParts<Shown>['options'] = {},
  threshold = 0.5,
  spoofBelow?: number,
) {
  let index = 0
  async function* frames(): AsyncGenerator<Shown> {
    for (const one of shown) yield typeof one === 'number' ? { p: one } : one
  }
  return decideSequence<Shown>({
    frames: frames(),
    point: { threshold, ...(spoofBelow === undefined ? {} : { spoofBelow }) },
    options,
    judge: async ({ p, pixels = index, face = faceAt(0, 100), seen = false, why = 'no-face', frame }) => {
      index++
      const data = new Uint8Array(12)
      new DataView(data.buffer).setUint32(0, pixels)
      const reasons: Reason[] = p === null ? [reason(why)] : []
      return {
        frame: frame ?? createFrame({ data, width: 2, height: 2, channels: 3 }),
        result: { liveProbability: p, face: p === null && !seen ? null : face, reasons } as unknown as LivenessResult,
      }
    },
  })
}

const times = (count: number, p: number): number[] => Array.from({ length: count }, () => p)
const codes = ({ reasons }: { readonly reasons: readonly Reason[] }) => reasons.map(({ code }) => code)

describe('how many frames', () => {
  test('by default at least 3 and at most 30', async () => {
    expect(await judged(times(9, 0.9999))).toMatchObject({ verdict: 'live', frames: { read: 3, judged: 3 } })
    expect(await judged(times(40, 0.5), {}, 0.7)).toMatchObject({ verdict: 'retry', frames: { read: 30, judged: 30 } })
    expect(await judged(times(2, 0.9999))).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'too-few-frames', value: 2, bound: 3 }],
    })
    expect((await judged(times(3, 0.9))).verdict).toBe('live')
  })

  test('as asked for, within the range', async () => {
    expect(await judged(times(9, 0.9999), { minFrames: 5 })).toMatchObject({ frames: { read: 5 } })
    expect(await judged(times(9, 0.5), { maxFrames: 4 }, 0.7)).toMatchObject({ frames: { read: 4 } })
    for (const options of [{ maxFrames: 1 }, { maxFrames: 1000 }, { minFrames: 1 }, { minFrames: 1000 }]) {
      expect((await judged([0.5], options)).frames.read).toBe(1)
    }
    for (const maxDurationMs of [100, 600_000]) expect((await judged([0.5], { maxDurationMs })).frames.read).toBe(1)
    for (const options of [
      { maxFrames: 0 },
      { maxFrames: 1001 },
      { minFrames: 0 },
      { minFrames: 1001 },
      { maxDurationMs: 99 },
      { maxDurationMs: 600_001 },
    ]) {
      await expect(judged([0.5], options)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    }
  })

  test('tells each as it comes', async () => {
    const seen: number[] = []
    await judged(times(4, 0.5), { onFrame: (_, i) => seen.push(i) })
    expect(seen).toEqual([0, 1, 2, 3])
  })
})

describe('evidence', () => {
  test('counts n frames as n / (1 + 0.6 (n - 1)) independent ones', async () => {
    const of = async (logits: readonly number[]) =>
      (await judged(logits.map(sigmoid), { minFrames: 1, stopEarly: false })).liveProbability
    expect(await of([1.5])).toBeCloseTo(sigmoid(1.5), 12)
    expect(await of([1, 2])).toBeCloseTo(sigmoid((1.5 * 2) / 1.6), 12)
    expect(await of([1, 2, 3])).toBeCloseTo(sigmoid((2 * 3) / 2.2), 12)
    expect(await of([-1, -2, -3, 0.5])).toBeCloseTo(sigmoid((-1.375 * 4) / 2.8), 12)
  })

  test('of one frame is at most 6 log-odds', async () => {
    const options = { minFrames: 1 }
    expect((await judged([1 - 1e-9], options)).liveProbability).toBeCloseTo(sigmoid(6), 12)
    expect((await judged([1e-9], options)).liveProbability).toBeCloseTo(sigmoid(-6), 12)
    expect((await judged([sigmoid(5.9)], options)).liveProbability).toBeCloseTo(sigmoid(5.9), 9)
  })

  test('takes a face and a probability', async () => {
    const options = { minFrames: 1, stopEarly: false }
    const dark = { p: null, seen: true, why: 'too-dark' } as const
    expect(await judged([dark, 0.9], options)).toMatchObject({ verdict: 'live', frames: { read: 2, judged: 1 } })
    expect(await judged([{ p: 0.999, face: null }], options)).toMatchObject({ verdict: 'retry', frames: { judged: 0 } })
  })

  test('without any judged frame is none', async () => {
    expect((await judged([{ p: null }])).liveProbability).toBeNull()
  })
})

describe('stops', () => {
  const options = { minFrames: 1 }

  test('early for live at 99 % or at the threshold above it, not before', async () => {
    expect(await judged([sigmoid(Math.log(99) + 1e-9), 0.5], options)).toMatchObject({ frames: { read: 1 } })
    expect(await judged([sigmoid(Math.log(99) - 1e-6), 0.5], options)).toMatchObject({ frames: { read: 2 } })
    expect(await judged([0.995, 0.5], options, 0.995)).toMatchObject({ verdict: 'live', frames: { read: 1 } })
    expect(await judged([0.9949, 0.5], options, 0.995)).toMatchObject({ frames: { read: 2 } })
  })

  test('early for spoof at 5 %, not before', async () => {
    expect(await judged([0.05, 0.5], options)).toMatchObject({
      verdict: 'spoof',
      reasons: [{ code: 'attack-suspected' }],
      frames: { read: 1 },
    })
    expect(await judged([0.0501, 0.5], options)).toMatchObject({ frames: { read: 2 } })
  })

  test('never early while repeats freeze the camera', async () => {
    const frozen = [0.9999, ...times(5, 0.9999)].map((p) => ({ p, pixels: 1 }))
    const result = await judged(frozen, { minFrames: 1, stopEarly: true })
    expect(result).toMatchObject({ verdict: 'live', frames: { read: 1 } })
    // The second frame is asked for: from then on the camera stands still.
    expect(await judged(frozen, { minFrames: 2 })).toMatchObject({ verdict: 'retry', frames: { read: 6, judged: 1 } })
  })
})

describe('when no more frames come', () => {
  const options = { minFrames: 1, stopEarly: false }

  test('live at the threshold, spoof below both it and even odds, retry between', async () => {
    expect(await judged([0.7], options, 0.7)).toMatchObject({ verdict: 'live', reasons: [], hint: '' })
    const between = await judged([0.69], options, 0.7)
    expect(between).toMatchObject({ verdict: 'retry', reasons: [{ code: 'undecided' }] })
    expect(between.hint).toBe(reason('undecided').hint)
    expect((await judged([0.5], options, 0.7)).verdict).toBe('retry')
    expect((await judged([0.4999], options, 0.7)).verdict).toBe('spoof')
    expect((await judged([0.3], options, 0.3)).verdict).toBe('live')
    expect(await judged([0.2999], options, 0.3)).toMatchObject({
      verdict: 'spoof',
      hint: reason('attack-suspected').hint,
    })
  })

  test('with a second threshold: uncertain between the two, spoof below both it and even odds', async () => {
    expect((await judged([0.7], options, 0.7, 0.4)).verdict).toBe('live')
    expect(await judged([0.69], options, 0.7, 0.4)).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'uncertain' }],
    })
    expect(await judged([0.4], options, 0.7, 0.4)).toMatchObject({ verdict: 'retry', reasons: [{ code: 'uncertain' }] })
    expect((await judged([0.3999], options, 0.7, 0.4)).verdict).toBe('spoof')
  })

  test('a second threshold below the odds of a sure attack delays spoof until those are passed', async () => {
    const few = { minFrames: 1 }
    expect((await judged([0.04, 0.04, 0.04], few, 0.7, 0.02)).frames.read).toBe(2)
    expect((await judged([0.004, 0.004, 0.004], few, 0.7, 0.02)).frames.read).toBe(1)
  })

  test('never live from what is no number', async () => {
    expect((await judged([Number.NaN], options)).verdict).toBe('retry')
    expect((await judged([0.9], options, Number.NaN)).verdict).toBe('retry')
  })

  test('too few: the reason most frames gave comes first', async () => {
    const result = await judged([
      { p: null, why: 'too-dark' },
      { p: null, why: 'blurred' },
      { p: null, why: 'blurred' },
      0.9,
    ])
    expect(codes(result)).toEqual(['blurred', 'too-few-frames'])
    expect(result.hint).toBe(reason('blurred').hint)
    expect(result.frames).toEqual({ read: 4, judged: 1, repeated: 0 })
    expect(result.results).toHaveLength(4)
  })
})

describe('repeats', () => {
  const repeats = (fresh: number, repeated: number): Shown[] => [
    ...Array.from({ length: fresh }, (_, i) => ({ p: 0.9, pixels: i })),
    ...Array.from({ length: repeated }, () => ({ p: 0.9, pixels: fresh - 1 })),
  ]

  test('freeze the camera when they are more than half of the frames, and are no evidence', async () => {
    const options = { stopEarly: false }
    expect(await judged(repeats(4, 4), options)).toMatchObject({
      verdict: 'live',
      frames: { read: 8, judged: 4, repeated: 4 },
    })
    expect(await judged(repeats(4, 5), options)).toMatchObject({
      verdict: 'retry',
      reasons: [{ code: 'frozen-frames', value: 5 / 9, bound: 0.5 }],
    })
  })

  test('are told by every pixel, and by the size', async () => {
    const of = (width: number, height: number, channels: 3 | 4, last: number): Frame => {
      const data = new Uint8Array(width * height * channels)
      data[data.length - 1] = last
      return createFrame({ data, width, height, channels })
    }
    const pair = async (a: Frame, b: Frame) =>
      (
        await judged(
          [
            { p: 0.9, frame: a },
            { p: 0.9, frame: b },
          ],
          { stopEarly: false },
        )
      ).frames.repeated
    expect(await pair(of(2, 6, 3, 1), of(2, 6, 3, 1))).toBe(1)
    expect(await pair(of(2, 6, 3, 1), of(2, 6, 3, 2))).toBe(0)
    const other = of(2, 6, 3, 1)
    other.data[0] = 1
    expect(await pair(of(2, 6, 3, 1), other)).toBe(0)
    expect(await pair(of(2, 6, 3, 1), of(6, 2, 3, 1))).toBe(0)
    expect(await pair(of(2, 6, 3, 1), of(2, 4, 3, 1))).toBe(0)
    expect(await pair(of(4, 6, 3, 1), of(2, 6, 3, 1))).toBe(0)
    expect(await pair(of(4, 3, 4, 1), of(4, 4, 3, 1))).toBe(0)
    // Black, and the larger one first: only the size tells.
    expect(await pair(of(2, 6, 3, 0), of(2, 4, 3, 0))).toBe(0)
    expect(await pair(of(4, 6, 3, 0), of(2, 6, 3, 0))).toBe(0)
    expect(await pair(of(2, 6, 4, 0), of(2, 6, 3, 0))).toBe(0)
  })
})

describe('a face', () => {
  const pair = async (a: Face, b: Face) =>
    (await judged([{ p: 0.9, face: a }, { p: 0.9, face: b }, 0.9], { maxFrames: 2 })).verdict

  test('may double or halve its size between two frames, not more', async () => {
    expect(await pair(faceAt(0, 100), faceAt(0, 200))).toBe('retry')
    expect(await pair(faceAt(0, 100), faceAt(0, 201))).toBe('spoof')
    expect(await pair(faceAt(0, 100), faceAt(0, 50))).toBe('retry')
    expect(await pair(faceAt(0, 100), faceAt(0, 49))).toBe('spoof')
  })

  test('may move as long as it overlaps its place', async () => {
    expect(await pair(faceAt(0, 100), faceAt(99, 100))).toBe('retry')
    expect(await pair(faceAt(0, 100), faceAt(100, 100))).toBe('spoof')
  })

  test('that changed once stays a changed one', async () => {
    const shown = [
      0.99,
      { p: 0.99, face: faceAt(300, 100) },
      ...times(6, 0.99).map((p) => ({ p, face: faceAt(300, 100) })),
    ]
    expect(await judged(shown, { stopEarly: false })).toMatchObject({
      verdict: 'spoof',
      reasons: [{ code: 'face-changed' }],
      frames: { read: 8 },
    })
    expect((await judged(shown)).frames.read).toBe(2)
  })
})

describe('time', () => {
  afterEach(() => void vi.useRealTimers())

  test('is 20 seconds by default', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const hanging = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) }
    let verdict: string | undefined
    const decided = decideSequence({
      frames: hanging,
      point: { threshold: 0.5 },
      options: {},
      judge: () => Promise.reject(new Error('There is no frame.')),
    }).then((result) => {
      verdict = result.verdict
      return result
    })
    await vi.advanceTimersByTimeAsync(19_999)
    expect(verdict).toBeUndefined()
    await vi.advanceTimersByTimeAsync(1)
    expect(codes(await decided)).toEqual(['timed-out'])
    expect(verdict).toBe('retry')
  })
})

test('frames that took their time leave less of it', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  try {
    let asked = 0
    const slow = {
      [Symbol.asyncIterator]: () => ({
        next: (): Promise<IteratorResult<Shown>> =>
          new Promise((resolve) => {
            if (asked++ === 0) setTimeout(() => resolve({ done: false, value: { p: 0.9 } }), 15_000)
          }),
      }),
    }
    let ended = false
    const decided = decideSequence<Shown>({
      frames: slow,
      point: { threshold: 0.5 },
      options: {},
      judge: async () => ({ frame: undefined, result: { liveProbability: null, face: null, reasons: [] } as never }),
    }).finally(() => {
      ended = true
    })
    await vi.advanceTimersByTimeAsync(19_999)
    expect(ended).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(codes(await decided)).toEqual(['timed-out'])
  } finally {
    vi.useRealTimers()
  }
})

test('sequenceProbability is what decideSequence ends with', async () => {
  const shown = fc.array(fc.option(fc.double({ min: 0.001, max: 0.999, noNaN: true }), { freq: 5 }), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(shown, async (probabilities) => {
      const result = await judged(probabilities.map((p) => ({ p })))
      const expected = sequenceProbability(probabilities)
      if (result.frames.judged < 3) expect(expected).toBeNull()
      else {
        expect(expected).toBeCloseTo(result.liveProbability!, 12)
        expect(result.verdict === 'live').toBe(logit(expected!) >= 0)
      }
    }),
    { numRuns: 200 },
  )
  // Read to the 30th frame and no further.
  expect(sequenceProbability([...times(30, 0.6), ...times(9, 0.001)])).toBeCloseTo(
    sequenceProbability(times(30, 0.6))!,
    12,
  )
})
