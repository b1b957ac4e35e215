/** The parts of a session at their bounds: what mutation testing (scripts/mutate.mjs) showed that no other test looked at. */
import { createFrame, type Face, type Frame, type ReasonCode } from '@unspoof/core'
import { type ChallengeKind, type FaceGeometry, faceGeometry, median, movementProgress } from '@unspoof/core/protocol'
import { describe, expect, it } from 'vitest'
import { equalText, fromBase64Url, randomId, toBase64Url, toHex } from '../bytes.ts'
import { judgeAnswer } from '../challenge/answer.ts'
import { drawPlan, secureRandom } from '../challenge/plan.ts'
import {
  type ContinuityFrame,
  continuityFrame,
  continuityReason,
  fastTurnReason,
  likenessOf,
  strangerReason,
} from '../frames/continuity.ts'
import { meanDifference } from '../frames/difference.ts'
import { frozenReason } from '../frames/frozen.ts'
import { timingReason } from '../frames/timing.ts'
import { createMemoryStore } from '../index.ts'
import { createKeys } from '../keys.ts'
import { readCommit, readMeta } from '../protocol/read.ts'
import { createRecords } from '../records.ts'

describe('times', () => {
  const at = (...times: number[]) => times.map((timeMs) => ({ timeMs }))
  const one = (atMs: number, ...times: number[]) => [{ frames: at(...times), atMs }]
  const TIMING: ReasonCode = 'frame-timing'

  it.each([
    [one(5000, 0, 250), undefined],
    [one(5000, -1, 250), { value: -1, bound: 0 }],
    [one(5000, 0, 100), undefined],
    [one(5000, 0, 99), { value: 99, bound: 100 }],
    [one(5000, 0, 1000), undefined],
    [one(5000, 0, 1001), { value: 1001, bound: 1000 }],
    [one(5000, 4900, 5250), undefined],
    [one(5000, 4900, 5251), { value: 5251, bound: 5000 }],
    [one(5000, 0, 250, 500, 510), { value: 10, bound: 100 }],
    [one(5000, 250, 0), { value: -250, bound: 100 }],
    [[], undefined],
    // Between two steps there may be a pause, but they do not overlap.
    [[...one(1000, 0, 250), ...one(6000, 4000, 4250)], undefined],
    [[...one(1000, 0, 250), ...one(6000, 349, 600)], { value: 99, bound: 100 }],
    // A step cannot take longer than the server waited for its commit.
    [[...one(1000, 0, 250), ...one(1500, 800, 1050, 1300, 1550)], undefined],
    [[...one(1000, 0, 250), ...one(1500, 749, 1000, 1250, 1500)], { value: 751, bound: 500 }],
  ])('%j', (steps, expected) => {
    const found = timingReason(steps, 250)
    if (expected === undefined) expect(found).toBeUndefined()
    else expect(found).toMatchObject({ code: TIMING, ...expected })
  })
})

describe('frozen frames', () => {
  /** Frames whose grids are so far apart. */
  const apart = (...steps: number[]) => {
    let level = 100
    return [0, ...steps].map((step, i) => {
      level += step
      return { grid: Float64Array.of(level, level), sha256: String(i) }
    })
  }

  it('are pairs of neighbours nearer than a half, above 34 %', () => {
    expect(frozenReason(apart(0.5))).toBeUndefined()
    expect(frozenReason(apart(0.4999))).toMatchObject({ code: 'frozen-frames', value: 1, bound: 0.34 })
    expect(frozenReason(apart(0, 9, 9))).toBeUndefined()
    expect(frozenReason(apart(0, 0, 9, 9, 9))).toMatchObject({ value: 0.4 })
    expect(frozenReason(apart(9, 9, 9, 0, 0))).toMatchObject({ value: 0.4 })
    // 17 of 50 is 34 %.
    expect(frozenReason(apart(...Array.from({ length: 50 }, (_, i) => (i < 17 ? 0 : 9))))).toBeUndefined()
    expect(frozenReason(apart(...Array.from({ length: 50 }, (_, i) => (i < 18 ? 0 : 9))))).toMatchObject({
      value: 0.36,
    })
  })

  it('are the same bytes twice, however different the rest', () => {
    const frames = apart(9, 9)
    expect(frozenReason([...frames, { ...frames[0]!, grid: Float64Array.of(0, 0) }])).toMatchObject({
      code: 'frozen-frames',
      value: 3,
      bound: 4,
    })
  })

  it('are not one frame, or none', () => {
    expect(frozenReason(apart())).toBeUndefined()
    expect(frozenReason([])).toBeUndefined()
  })

  it('differ by the mean of their cells', () => {
    expect(meanDifference(Float64Array.of(1, 2, 3, 4), Float64Array.of(2, 0, 3, 9))).toBe(2)
  })
})

describe('geometry', () => {
  const face = (points: NonNullable<Face['keyPoints']>): Face => ({ keyPoints: points }) as unknown as Face

  it('is the centre between eyes and mouth, their distance, and the nose in half eye distances', () => {
    const points = {
      rightEye: { x: 10, y: 20 },
      leftEye: { x: 30, y: 40 },
      nose: { x: 28, y: 34 },
      mouth: { x: 14, y: 38 },
    }
    // The eyes' middle is (20, 30); the mouth is (-6, 8) from it; the nose (8, 4), its part along the eyes (20, 20) is 240 of 800.
    expect(faceGeometry(face(points))).toEqual({ x: 17, y: 34, size: 10, yaw: expect.closeTo(240 / 400, 9) })
  })

  it('is not there without key points', () => {
    expect(faceGeometry(null)).toBeUndefined()
    expect(faceGeometry(undefined)).toBeUndefined()
    expect(faceGeometry({ keyPoints: undefined } as unknown as Face)).toBeUndefined()
  })

  it('is there for a face of a pixel, but not where eyes or mouth are one point', () => {
    const [a, b] = [
      { x: 0, y: 0 },
      { x: 1, y: 0 },
    ]
    expect(faceGeometry(face({ rightEye: a, leftEye: b, nose: a, mouth: { x: 0.5, y: 1 } }))).toBeDefined()
    expect(faceGeometry(face({ rightEye: a, leftEye: b, nose: a, mouth: { x: 0.5, y: 0 } }))).toBeUndefined()
    expect(faceGeometry(face({ rightEye: a, leftEye: a, nose: b, mouth: { x: 1, y: 1 } }))).toBeUndefined()
    expect(
      faceGeometry(
        face({ rightEye: a, leftEye: b, nose: { x: Number.POSITIVE_INFINITY, y: 0 }, mouth: { x: 1, y: 1 } }),
      ),
    ).toBeUndefined()
  })

  it('has a median for odd and even numbers', () => {
    expect(median([9, 1, 5])).toBe(5)
    expect(median([10, 9, 1, 2])).toBe(5.5)
    expect(median([10, 2])).toBe(6)
    expect(median([3])).toBe(3)
  })
})

describe('an answer', () => {
  type Shown = (Partial<FaceGeometry> & { readonly proves?: boolean }) | null
  const still: Shown[] = [{}, {}, {}]
  /** Frames 250 ms apart; the first one `pause` after the step before. */
  const framesOf = (shown: readonly Shown[], from: number) =>
    shown.map((face, i) => ({
      face: face === null ? undefined : { x: 0, y: 0, size: 100, yaw: 0, ...face },
      timeMs: from + 250 * i,
      proves: face?.proves ?? face !== null,
    }))
  /** What is wrong with one movement after held frames. */
  const faultOf = (kind: ChallengeKind, held: Shown[], moved: Shown[], { mirrored = false, pause = 400 } = {}) =>
    judgeAnswer({
      held: framesOf(held, 0),
      steps: [{ kind, frames: framesOf(moved, 250 * (held.length - 1) + pause) }],
      mirrored,
    }).fault
  const yaws = (...all: number[]): Shown[] => all.map((yaw) => ({ yaw }))
  const sizes = (...all: number[]): Shown[] => all.map((size) => ({ size }))

  it('is a turn of .35 for two frames at the end, of which the last may be lost', () => {
    expect(faultOf('turn-left', still, yaws(0, 0.35, 0.35))).toBeUndefined()
    expect(faultOf('turn-left', still, yaws(0.35, 0.349))).toBe('not-reached')
    expect(faultOf('turn-left', still, yaws(0.349, 0.349, 0.349))).toBe('not-reached')
    expect(faultOf('turn-left', still, yaws(0.5, 0, 0.5))).toBe('not-reached')
    expect(faultOf('turn-left', still, [...yaws(0.5, 0.5), null])).toBeUndefined()
    expect(faultOf('turn-left', still, [...yaws(0.5, 0.5), null, null])).toBe('not-reached')
    expect(faultOf('turn-left', still, yaws(0.5, 0.5, 0, 0))).toBe('not-reached')
    expect(faultOf('turn-left', still, [null, ...yaws(0, 0.5, 0.5)])).toBeUndefined()
    expect(faultOf('turn-left', still, [])).toBe('not-reached')
  })

  it('is a turn in one direction, in which the face keeps its size', () => {
    expect(faultOf('turn-right', still, yaws(-0.35, -0.35))).toBeUndefined()
    expect(faultOf('turn-right', still, yaws(0.35, 0.35))).toBe('not-reached')
    expect(faultOf('turn-left', still, yaws(-0.35, -0.35), { mirrored: true })).toBeUndefined()
    expect(faultOf('turn-right', still, yaws(-0.35, -0.35), { mirrored: true })).toBe('not-reached')
    const turned = (size: number) => [1, 2].map(() => ({ yaw: 0.4, size }))
    expect(faultOf('turn-left', still, turned(115))).toBeUndefined()
    expect(faultOf('turn-left', still, turned(87))).toBeUndefined()
    expect(faultOf('turn-left', still, turned(117))).toBe('not-reached')
    expect(faultOf('turn-left', still, turned(86))).toBe('not-reached')
  })

  it('begins with a face held straight, and is measured from there', () => {
    expect(faultOf('turn-left', yaws(0.3, 0.3, 0.3), yaws(0.65, 0.65))).toBeUndefined()
    expect(faultOf('turn-left', yaws(0.3, 0.3, 0.3), yaws(0.64, 0.64))).toBe('not-reached')
    expect(faultOf('turn-left', yaws(0.31, 0.31, 0.31), yaws(0.9, 0.9))).toBe('not-held')
    expect(faultOf('turn-left', yaws(-0.31, -0.31, -0.31), yaws(0.9, 0.9))).toBe('not-held')
    expect(faultOf('turn-left', yaws(-0.2, 0, 0.2), yaws(0.5, 0.5))).toBeUndefined()
    expect(faultOf('turn-left', yaws(0, 0, 0.21), yaws(0.5, 0.5))).toBe('not-held')
    expect(faultOf('turn-left', yaws(-0.21, 0, 0), yaws(0.5, 0.5))).toBe('not-held')
  })

  it('is a face that grew by a fifth and looks straight ahead', () => {
    expect(faultOf('move-closer', still, sizes(120, 120))).toBeUndefined()
    expect(faultOf('move-closer', still, sizes(119, 119))).toBe('not-reached')
    expect(faultOf('move-closer', sizes(100, 100, 112), sizes(120, 120))).toBeUndefined()
    expect(faultOf('move-closer', sizes(100, 100, 113), sizes(130, 130))).toBe('not-held')
    expect(faultOf('move-closer', sizes(110, 110, 100), sizes(132, 132))).toBeUndefined()
    expect(faultOf('move-closer', sizes(110, 110, 100), sizes(130, 130))).toBe('not-reached')
    const grown = (yaw: number) => [1, 2].map(() => ({ yaw, size: 130 }))
    expect(faultOf('move-closer', still, grown(0.24))).toBeUndefined()
    expect(faultOf('move-closer', still, grown(0.25))).toBe('not-reached')
    expect(faultOf('move-closer', still, grown(-0.25))).toBe('not-reached')
  })

  it('takes 400 ms to react to', () => {
    expect(faultOf('turn-left', still, yaws(0.5, 0.5), { pause: 399 })).toBe('too-early')
    // From the last held frame, not from another.
    expect(faultOf('turn-left', still, yaws(0, 0.5, 0.5), { pause: 150 })).toBeUndefined()
    expect(faultOf('turn-left', still, yaws(0, 0.5, 0.5), { pause: 149 })).toBe('too-early')
  })

  it('may lose one held face, not two', () => {
    expect(faultOf('turn-left', [null, {}, {}], yaws(0.5, 0.5))).toBeUndefined()
    expect(faultOf('turn-left', [null, null, {}], yaws(0.5, 0.5))).toBe('no-face')
    expect(faultOf('turn-left', [null], yaws(0.5, 0.5))).toBe('no-face')
  })

  it('is proven by two held frames and by the two at the end', () => {
    const unproven = { proves: false }
    expect(faultOf('turn-left', [unproven, {}, {}], yaws(0.5, 0.5))).toBeUndefined()
    expect(faultOf('turn-left', [unproven, unproven, {}], yaws(0.5, 0.5))).toBe('unproven')
    const [good, bad] = [{ yaw: 0.5 }, { yaw: 0.5, proves: false }]
    expect(faultOf('turn-left', still, [bad, good, good])).toBeUndefined()
    expect(faultOf('turn-left', still, [good, good, bad])).toBeUndefined()
    expect(faultOf('turn-left', still, [good, bad, good])).toBe('unproven')
    expect(faultOf('turn-left', still, [good, good, bad, bad])).toBe('unproven')
  })

  it('of several steps turns where the person stands after moving closer, and names the step at fault', () => {
    const answer = (...turned: number[]) =>
      judgeAnswer({
        held: framesOf(still, 0),
        steps: [
          { kind: 'move-closer', frames: framesOf(sizes(100, 130, 130), 900) },
          {
            kind: 'turn-left',
            frames: framesOf(
              turned.map((size) => ({ size, yaw: 0.5 })),
              1900,
            ),
          },
        ],
        mirrored: false,
      })
    expect(answer(130, 130)).toMatchObject({ fault: undefined, step: 2 })
    expect(answer(100, 100)).toEqual({
      fault: undefined,
      step: 2,
      reached: [
        [false, true, true],
        [true, true],
      ],
    })
    expect(answer(155, 155)).toMatchObject({ fault: 'not-reached', step: 2 })
    expect(judgeAnswer({ held: [], steps: [], mirrored: false })).toEqual({ fault: 'unproven', step: 0, reached: [] })
    expect(judgeAnswer({ held: framesOf(yaws(0.9, 0.9), 0), steps: [], mirrored: false }).fault).toBeUndefined()
  })

  it('comes by degrees, and only what was asked counts', () => {
    const base = { yaw: 0, size: 100 }
    const face = { x: 0, y: 0, size: 100, yaw: 0 }
    expect(movementProgress('turn-left', { ...face, yaw: 0.175 }, base)).toBeCloseTo(0.5)
    expect(movementProgress('turn-left', { ...face, yaw: -0.2 }, base)).toBe(0)
    expect(movementProgress('turn-left', { ...face, yaw: 0.9 }, base)).toBe(1)
    expect(movementProgress('turn-left', { ...face, yaw: 0.9, size: 150 }, base)).toBe(0.95)
    expect(movementProgress('move-closer', { ...face, size: 110 }, base)).toBeCloseTo(0.5)
    expect(movementProgress('move-closer', { ...face, size: 150, yaw: 0.4 }, base)).toBe(0.95)
    expect(movementProgress('move-closer', { ...face, size: 90 }, base)).toBe(0)
  })
})

describe('a plan', () => {
  const all = ['move-closer', 'turn-left', 'turn-right'] as const
  const many = (options: Partial<Parameters<typeof drawPlan>[0]> = {}) =>
    Array.from({ length: 400 }, () => drawPlan({ challenges: all, steps: undefined, random: secureRandom, ...options }))
  const orderOf = (plan: ReturnType<typeof drawPlan>) => plan.map(({ kind }) => kind).join()

  it('has two or three movements, of which neighbours differ and one at most comes closer', () => {
    const plans = many()
    expect(new Set(plans.map(orderOf)).size).toBe(16)
    for (const plan of plans) {
      expect([2, 3]).toContain(plan.length)
      const kinds = plan.map(({ kind }) => kind)
      expect(kinds.every((kind, i) => kind !== kinds[i + 1])).toBe(true)
      expect(kinds.filter((kind) => kind === 'move-closer').length).toBeLessThan(2)
      expect(plan.map(({ index, of }) => [index, of])).toEqual(kinds.map((_, i) => [i + 1, kinds.length]))
    }
  })

  it('draws the frames of each movement, within what a server can judge', () => {
    const plans = many()
    const frames = plans.map((plan) => plan.map((step) => step.frames))
    expect(new Set(frames.flat())).toEqual(new Set([4, 5, 6]))
    expect(Math.max(...frames.map((counts) => counts.reduce((sum, count) => sum + count)))).toBe(16)
    expect(new Set(frames.map(String)).size).toBeGreaterThan(20)
  })

  it('asks for as many movements as is said, or as are possible', () => {
    expect(many({ steps: 0 }).every((plan) => plan.length === 0)).toBe(true)
    expect(many({ challenges: [] }).every((plan) => plan.length === 0)).toBe(true)
    expect(new Set(many({ steps: 1 }).map(orderOf))).toEqual(new Set(all))
    expect(new Set(many({ steps: 3, challenges: ['turn-left'] }).map(orderOf))).toEqual(new Set(['turn-left']))
    expect(new Set(many({ steps: 3, challenges: ['move-closer', 'turn-left'] }).map(orderOf))).toEqual(
      new Set(['turn-left,move-closer,turn-left']),
    )
    expect(many({ steps: 2, challenges: ['turn-left', 'turn-left'] }).every((plan) => plan.length === 1)).toBe(true)
  })

  it('asks for kept movements in any order', () => {
    const orders = new Set(many({ kept: ['move-closer', 'turn-right'] }).map(orderOf))
    expect(orders).toEqual(new Set(['move-closer,turn-right', 'turn-right,move-closer']))
    expect(new Set(many({ kept: ['turn-left', 'move-closer', 'turn-left'] }).map(orderOf))).toEqual(
      new Set(['turn-left,move-closer,turn-left']),
    )
  })

  it('is drawn evenly', () => {
    const kinds = [0, 0.33, 0.34, 0.66, 0.67, 0.999, 1].map((value) =>
      orderOf(drawPlan({ challenges: all, steps: 1, random: () => value })),
    )
    expect(kinds).toEqual([all[0], all[0], all[1], all[1], all[2], all[2], all[2]])
    const values = Array.from({ length: 1000 }, secureRandom)
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBeLessThan(1)
    // The mean of a thousand is within .046 of a half, five standard deviations.
    expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 1000 - 0.5)).toBeLessThan(0.046)
  })
})

describe('one face', () => {
  const frame = (face: Partial<FaceGeometry> = {}, ...patch: number[]): ContinuityFrame => ({
    face: { x: 0, y: 0, size: 1, yaw: 0, ...face },
    patch: Float64Array.from(patch.length === 0 ? [1, 0] : patch),
  })

  it('moves by at most 2.5 of its own length', () => {
    expect(continuityReason([frame(), frame({ x: 2.5 })])).toBeUndefined()
    expect(continuityReason([frame(), frame({ y: -2.5 })])).toBeUndefined()
    expect(continuityReason([frame({ size: 10 }), frame({ x: 15, y: 20, size: 10 })])).toBeUndefined()
    expect(continuityReason([frame({ size: 10 }), frame({ x: 15, y: 21, size: 10 })])).toMatchObject({
      code: 'face-changed',
      bound: 2.5,
    })
    // The face before is the measure.
    expect(continuityReason([frame({ size: 10, x: 26 }), frame({ size: 12 })])).toMatchObject({
      value: 2.6,
      bound: 2.5,
    })
    expect(continuityReason([frame({ size: 12, x: 26 }), frame({ size: 10 })])).toBeUndefined()
    expect(continuityReason([frame({ x: 100, y: 100 }), frame({ x: 100, y: 100 })])).toBeUndefined()
  })

  it('grows and shrinks by at most 1.6', () => {
    expect(continuityReason([frame({ size: 10 }), frame({ size: 16 })])).toBeUndefined()
    expect(continuityReason([frame({ size: 16 }), frame({ size: 10 })])).toBeUndefined()
    expect(continuityReason([frame({ size: 10 }), frame({ size: 16.1 })])).toMatchObject({ value: 1.61, bound: 1.6 })
    expect(continuityReason([frame({ size: 16.1 }), frame({ size: 10 })])).toMatchObject({ value: 1.61, bound: 1.6 })
  })

  it('is like one of the three before it by .55', () => {
    expect(continuityReason([frame(), frame({}, 0.55, 0.8)])).toBeUndefined()
    expect(continuityReason([frame(), frame({}, 0.54, 0.8)])).toMatchObject({ value: 0.54, bound: 0.55 })
    expect(continuityReason([frame(), frame({}, Number.NaN, 0)])).toMatchObject({ code: 'face-changed' })
    const patches = (...all: number[][]) => all.map((patch) => ({ patch: Float64Array.from(patch) }))
    expect(likenessOf(patches([1, 0], [0, 1], [0, 1], [1, 0]), 3)).toBe(1)
    expect(likenessOf(patches([1, 0], [0, 1], [0, 1], [0, 1], [1, 0]), 4)).toBe(0)
    expect(likenessOf(patches([0.5, 0.5], [1, 1]), 1)).toBe(1)
    // Nor are later ones asked, or the face itself.
    expect(likenessOf(patches([0, 1], [1, 0], [1, 0]), 1)).toBe(0)
  })

  it('may be unlike where it looks more than .35 away from each of the three before it', () => {
    const both = (...frames: ContinuityFrame[]) => [continuityReason(frames), fastTurnReason(frames)]
    const found = expect.objectContaining({ code: 'face-changed', value: 0.1, bound: 0.55 })
    const turned = (yaw: number) => frame({ yaw }, 0.1, 0.9)
    expect(both(frame(), turned(0.35))).toEqual([found, undefined])
    expect(both(frame(), turned(0.36))).toEqual([undefined, found])
    expect(both(frame(), turned(-0.36))).toEqual([undefined, found])
    expect(both(frame({ yaw: 0.36 }), turned(0))).toEqual([undefined, found])
    // One that looks there is enough to be compared with, and the fourth before is not asked.
    expect(both(frame(), frame({ yaw: 0.2 }), frame(), turned(0.4))).toEqual([found, undefined])
    expect(both(frame({ yaw: 0.2 }), frame(), frame(), frame(), turned(0.4))).toEqual([undefined, found])
    // A like face may look anywhere; a jump and a growth are what they are, however it looks.
    expect(both(frame(), frame({ yaw: 0.9 }))).toEqual([undefined, undefined])
    expect(both(frame(), frame({ yaw: 0.9, x: 2.6 }))).toEqual([expect.objectContaining({ bound: 2.5 }), undefined])
    expect(both(frame(), frame({ yaw: 0.9, size: 1.7 }))).toEqual([expect.objectContaining({ bound: 1.6 }), undefined])
    // Nor does a fast turn hide what comes after it.
    expect(both(frame(), turned(0.5), frame({ yaw: 0.5 }, -1, 0))).toEqual([
      expect.objectContaining({ value: -0.1 }),
      found,
    ])
  })

  it('stays like one of the held faces, but for one frame', () => {
    const held = [frame(), frame({}, 0, 1)]
    const [like, unlike] = [frame({}, 0.55, 0), frame({}, 0.54, 0)]
    expect(strangerReason(held, [like, unlike, like])).toBeUndefined()
    expect(strangerReason(held, [unlike, like, unlike])).toMatchObject({
      code: 'face-changed',
      value: 0.54,
      bound: 0.55,
    })
    expect(strangerReason(held, [frame({}, 0, 0.6), frame({}, 0, 0.6)])).toBeUndefined()
    expect(strangerReason(held, [frame({}, Number.NaN, 0), frame({}, Number.NaN, 0)])).toMatchObject({
      code: 'face-changed',
    })
    expect(strangerReason([], [unlike, unlike])).toBeUndefined()
    expect(strangerReason(held, [])).toBeUndefined()
  })

  it('is not judged alone', () => {
    expect(continuityReason([frame()])).toBeUndefined()
    expect(continuityReason([])).toBeUndefined()
    expect(fastTurnReason([frame()])).toBeUndefined()
  })
})

describe('the aligned patch', () => {
  const SIDE = 24
  /** Colours by place, in face lengths across and down from the eyes' middle. The face is 48 pixels long, so that a sample spans two. */
  function patchOf(
    paint: (u: number, v: number) => readonly [number, number, number],
    { angle = 0, x = 200, y = 150, yaw = 0, mouth = 0 } = {},
  ): Float64Array {
    const [width, height, length] = [400, 320, 48]
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
    const data = new Uint8Array(width * height * 3)
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const [dx, dy] = [(column - x) / length, (row - y) / length]
        data.set(paint(dx * cos + dy * sin, dy * cos - dx * sin), (row * width + column) * 3)
      }
    }
    const point = (u: number, v: number) => ({
      x: x + length * (u * cos - v * sin),
      y: y + length * (u * sin + v * cos),
    })
    const keyPoints = {
      rightEye: point(-0.4, 0),
      leftEye: point(0.4, 0),
      nose: point(0.4 * yaw, 0.5),
      mouth: point(mouth, 1),
    }
    const frame: Frame = createFrame({ data, width, height, channels: 3 })
    return continuityFrame(frame, { keyPoints } as unknown as Face)!.patch
  }
  const grey = (level: number) => [level, level, level] as const
  /** Where a patch is brighter than the middle between its extremes: the first and last such column of a row, or row of a column. */
  const bright = (patch: Float64Array, line: number, along: 'row' | 'column') => {
    const middle = (Math.min(...patch) + Math.max(...patch)) / 2
    const cells = Array.from({ length: SIDE }, (_, i) =>
      along === 'row' ? patch[line * SIDE + i]! : patch[i * SIDE + line]!,
    )
    const found = cells.flatMap((value, i) => (value > middle ? [i] : []))
    return [found[0], found.at(-1)]
  }

  it('has the mean 0 and the length 1', () => {
    const patch = patchOf((u, v) => grey(120 + 40 * u + 20 * v))
    expect(patch).toHaveLength(SIDE * SIDE)
    expect(patch.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 9)
    expect(Math.hypot(...patch)).toBeCloseTo(1, 9)
  })

  it('of one grey is nothing', () => {
    expect(patchOf(() => grey(77)).every((value) => Math.abs(value) < 1e-9)).toBe(true)
    // Of nearly one grey it has its length all the same.
    expect(Math.hypot(...patchOf((u) => grey(u < 0.5 ? 77 : 78)).slice(0))).toBeCloseTo(1, 9)
    expect(Math.hypot(...patchOf((u, v) => grey(Math.hypot(u, v - 0.5) < 0.04 ? 78 : 77)))).toBeCloseTo(1, 9)
  })

  it.each([0, 0.5, -1.2, Math.PI / 2])(
    'turned by %d reaches from -1 to 1 across and from -0.6 to 1.6 down',
    (angle) => {
      // A band from -0.25 to 0.5 across: columns 9 to 17; one from 0.05 to 1 down: 0.65 and 1.6 of 2.2, rows 7 to 16.
      const across = patchOf((u) => grey(u > -0.25 && u < 0.5 ? 255 : 0), { angle })
      expect(bright(across, 3, 'row')).toEqual([9, 17])
      expect(bright(across, 20, 'row')).toEqual([9, 17])
      const down = patchOf((_, v) => grey(v > 0.05 && v < 1 ? 255 : 0), { angle })
      expect(bright(down, 3, 'column')).toEqual([7, 16])
      expect(bright(down, 20, 'column')).toEqual([7, 16])
    },
  )

  it('shows a turned head as if it looked straight ahead', () => {
    const band = (u: number) => grey(u > -0.75 && u < 0.6 ? 255 : 0)
    expect(bright(patchOf(band), 12, 'row')).toEqual([3, 18])
    // Half of .135 - .8 u^2 to the side: what lies at .77 is shown at .6, and what lies at -.65 at -.75.
    expect(bright(patchOf(band, { yaw: 0.5 }), 12, 'row')).toEqual([4, 20])
    for (const angle of [0, 0.5, -1.2]) {
      const left = patchOf(band, { yaw: 0.5, angle })
      const right = patchOf((u) => band(-u), { yaw: -0.5, angle })
      expect(bright(right, 12, 'row')).toEqual([SIDE - 1 - 20, SIDE - 1 - 4])
      expect(bright(left, 12, 'row')).toEqual([4, 20])
    }
    // Farther than .6 no head is turned back.
    expect(patchOf(band, { yaw: 0.7 })).toEqual(patchOf(band, { yaw: 0.6 }))
    expect(patchOf(band, { yaw: -5 })).toEqual(patchOf(band, { yaw: -0.6 }))
    expect(patchOf(band, { yaw: 0.55 })).not.toEqual(patchOf(band, { yaw: 0.6 }))
  })

  it('stands upright on the line of the eyes, wherever the mouth of a turned head is', () => {
    const paint = (u: number, v: number) => grey(120 + 60 * Math.sin(5 * u) + 40 * Math.cos(4 * v))
    expect(patchOf(paint, { mouth: 0.3 })).toEqual(patchOf(paint))
    const [turned, straight] = [patchOf(paint, { mouth: -0.2, angle: 0.6 }), patchOf(paint, { angle: 0.6 })]
    expect(turned.every((value, i) => Math.abs(value - straight[i]!) < 0.01)).toBe(true)
  })

  it('weighs colours as luma', () => {
    // Bands of red, green and blue, eight columns each.
    const patch = patchOf((u) => (u < -1 / 3 ? [200, 0, 0] : u < 1 / 3 ? [0, 200, 0] : [0, 0, 200]))
    const [red, green, blue] = [4, 12, 20].map((column) => patch[12 * SIDE + column]!) as [number, number, number]
    expect((green - red) / (red - blue)).toBeCloseTo((0.587 - 0.299) / (0.299 - 0.114), 6)
  })

  it('takes a mean over nine samples a cell apart', () => {
    // A line of three pixels down the middle: of three samples across, two pixels apart, one or two meet it in five columns or fewer.
    const patch = patchOf((u) => grey(Math.abs(u) < 1.6 / 48 ? 240 : 0))
    const row = Array.from({ length: SIDE }, (_, column) => patch[12 * SIDE + column]! - patch[12 * SIDE]!)
    const top = Math.max(...row)
    expect(row.flatMap((value, column) => (value > top / 10 ? [column] : []))).toEqual([11, 12])
    expect(row[11]! / row[12]!).toBeGreaterThan(0.4)
    // And of three samples down: rows are 4.4 pixels apart.
    const down = patchOf((_, v) => grey(Math.abs(v - 0.5) < 1.6 / 48 ? 240 : 0))
    const column = Array.from({ length: SIDE }, (_, line) => down[line * SIDE + 12]! - down[12]!)
    const middle = Math.max(...column)
    expect(column.flatMap((value, line) => (value > middle / 10 ? [line] : []))).toEqual([11, 12])
  })

  it('takes the nearest pixel where a face reaches outside', () => {
    // Bright beyond the left edge's own column alone: what lies outside is as bright as it.
    const left = patchOf((u) => grey(u < -0.48 ? 255 : 0), { x: 24 })
    expect(bright(left, 12, 'row')).toEqual([0, 5])
    const right = patchOf((u) => grey(u > 0.48 ? 255 : 0), { x: 375 })
    expect(bright(right, 12, 'row')).toEqual([18, 23])
    const top = patchOf((_, v) => grey(v < -0.24 ? 255 : 0), { y: 12 })
    expect(bright(top, 12, 'column')).toEqual([0, 3])
    const bottom = patchOf((_, v) => grey(v > 0.96 ? 255 : 0), { y: 272 })
    expect(bright(bottom, 12, 'column')).toEqual([17, 23])
  })
})

describe('records of the store', () => {
  const make = (secret: string, store = createMemoryStore()) => ({
    store,
    records: createRecords(store, createKeys(secret.repeat(32))),
  })
  const refused = expect.objectContaining({ code: 'STORE_UNAVAILABLE' })

  it('come back as they were written, and cannot be read in the store', async () => {
    const { store, records } = make('s')
    await records.set('a', { verdict: 'retry', score: 0.25 }, 1000)
    expect((await records.get('a'))?.value).toEqual({ verdict: 'retry', score: 0.25 })
    expect((await store.get('a'))!.value).not.toMatch(/retry|score|0\.25/)
    expect(await records.add('a', {}, 1000)).toBe(false)
    expect(await records.get('b')).toBeUndefined()
  })

  it.each(['text', '{"verdict":"retry"}', ''])('are refused where they are %j', async (value) => {
    const { store, records } = make('s')
    await store.set('a', value, 1000)
    await expect(records.get('a')).rejects.toEqual(refused)
  })

  it('are refused where they were made with another secret', async () => {
    const { store, records } = make('s')
    await make('x', store).records.set('a', {}, 1000)
    await expect(records.get('a')).rejects.toEqual(refused)
  })

  it('are refused at another key, and where a byte was changed', async () => {
    const { store, records } = make('s')
    await records.set('result:a', { verdict: 'retry' }, 1000)
    const { value } = (await store.get('result:a'))!
    await store.set('result:b', value, 1000)
    await expect(records.get('result:b')).rejects.toEqual(refused)
    const last = value.at(-2) === 'A' ? 'B' : 'A'
    await store.set('result:a', `${value.slice(0, -2)}${last}${value.at(-1)}`, 1000)
    await expect(records.get('result:a')).rejects.toEqual(refused)
  })
})

describe('what a client sends', () => {
  const frame = { timeMs: 0, digest: '0'.repeat(64) }
  const commit = { version: 2, nonce: 'n', step: 0, frames: [frame] }
  const meta = { version: 2, nonce: 'n' }
  const codeOf = (read: (value: unknown) => unknown, value: unknown): string => {
    try {
      read(value)
      return 'read'
    } catch (error) {
      return (error as { code: string }).code
    }
  }

  it('is read as it is', () => {
    expect(readCommit(commit)).toEqual(commit)
    expect(readCommit({ ...commit, mirrored: true })).toEqual({ ...commit, mirrored: true })
    expect(readMeta(meta)).toEqual({ ...meta, track: undefined })
    const track = { label: 'l', width: 1, height: 2, frameRate: 3, facingMode: 'user' }
    expect(readMeta({ ...meta, track })).toEqual({ ...meta, track })
  })

  it.each([
    [{ nonce: 'n'.repeat(64) }, 'read'],
    [{ nonce: 'n'.repeat(65) }, 'INPUT_INVALID'],
    [{ nonce: 1 }, 'INPUT_INVALID'],
    [{ version: 1 }, 'PROTOCOL_VERSION'],
    [{ version: undefined, more: 1 }, 'PROTOCOL_VERSION'],
    [{ step: 9 }, 'read'],
    [{ step: 10 }, 'INPUT_INVALID'],
    [{ step: -1 }, 'INPUT_INVALID'],
    [{ step: 0.5 }, 'INPUT_INVALID'],
    [{ frames: {} }, 'INPUT_INVALID'],
    [{ frames: Array.from({ length: 64 }, () => frame) }, 'read'],
    [{ frames: Array.from({ length: 65 }, () => frame) }, 'TOO_MANY_PARTS'],
    [{ mirrored: 1 }, 'INPUT_INVALID'],
    [{ mirrored: null }, 'INPUT_INVALID'],
    [{ mirrored: false, step: 1 }, 'INPUT_INVALID'],
    [{ more: 1 }, 'INPUT_INVALID'],
  ])('in a commit with %j: %s', (change, code) => {
    expect(codeOf(readCommit, { ...commit, ...change })).toBe(code)
  })

  it.each([
    [{ version: 1 }, 'PROTOCOL_VERSION'],
    [{ nonce: 'n'.repeat(65) }, 'INPUT_INVALID'],
    [{ frames: [] }, 'INPUT_INVALID'],
    [{ mirrored: false }, 'INPUT_INVALID'],
    [{ track: null }, 'INPUT_INVALID'],
    [{ track: [] }, 'INPUT_INVALID'],
    [{ track: 'track' }, 'INPUT_INVALID'],
  ])('with frames and %j: %s', (change, code) => {
    expect(codeOf(readMeta, { ...meta, ...change })).toBe(code)
  })

  it.each([
    [{ index: 0 }, 'INPUT_INVALID'],
    [{ timeMs: 0.5 }, 'INPUT_INVALID'],
    [{ timeMs: 1e15 }, 'read'],
    [{ timeMs: 1e15 + 1 }, 'INPUT_INVALID'],
    [{ timeMs: -1e15 }, 'read'],
    [{ timeMs: -1e15 - 1 }, 'INPUT_INVALID'],
    [{ digest: 'F'.repeat(64) }, 'INPUT_INVALID'],
    [{ digest: '0'.repeat(63) }, 'INPUT_INVALID'],
    [{ digest: 0 }, 'INPUT_INVALID'],
    // Its text would do.
    [{ digest: ['0'.repeat(64)] }, 'INPUT_INVALID'],
  ])('with a frame of %j: %s', (change, code) => {
    expect(codeOf(readCommit, { ...commit, frames: [{ ...frame, ...change }] })).toBe(code)
  })

  it.each([
    [{ label: 'l'.repeat(200) }, 'read'],
    [{ label: 'l'.repeat(201) }, 'INPUT_INVALID'],
    [{ label: 1 }, 'INPUT_INVALID'],
    [{ facingMode: 'f'.repeat(20) }, 'read'],
    [{ facingMode: 'f'.repeat(21) }, 'INPUT_INVALID'],
    [{ width: 1, height: 1 }, 'read'],
    [{ width: 16_384, height: 16_384 }, 'read'],
    [{ width: 0.9 }, 'INPUT_INVALID'],
    [{ width: 16_385 }, 'INPUT_INVALID'],
    [{ height: 0.9 }, 'INPUT_INVALID'],
    [{ height: 16_385 }, 'INPUT_INVALID'],
    [{ frameRate: 0 }, 'read'],
    [{ frameRate: 1000 }, 'read'],
    [{ frameRate: -0.1 }, 'INPUT_INVALID'],
    [{ frameRate: 1000.5 }, 'INPUT_INVALID'],
  ])('with a track of %j: %s', (track, code) => {
    expect(codeOf(readMeta, { ...meta, track })).toBe(code)
  })

  it.each([null, [], 'text', 1, undefined])('is not %j', (value) => {
    expect(codeOf(readMeta, value)).toBe('INPUT_INVALID')
    expect(codeOf(readCommit, value)).toBe('INPUT_INVALID')
  })
})

describe('bytes', () => {
  it('become hex and base64url, and come back', () => {
    expect(toHex(Uint8Array.of(0, 9, 15, 16, 255))).toBe('00090f10ff')
    expect(toBase64Url(Uint8Array.of(251, 255, 254, 0))).toBe('-__-AA')
    expect(fromBase64Url('-__-AA')).toEqual(Uint8Array.of(251, 255, 254, 0))
    expect(randomId()).toMatch(/^[\w-]{22}$/)
  })

  it.each([
    ['', '', true],
    ['a', 'a', true],
    ['abc', 'abc', true],
    ['abc', 'abd', false],
    ['abc', 'xbc', false],
    ['abc', 'ab', false],
    ['ab', 'abc', false],
    ['aa', 'aaa', false],
    ['', 'a', false],
    ['a', '', false],
  ])('%j and %j: the same text? %s', (a, b, same) => {
    expect(equalText(a, b)).toBe(same)
  })
})

describe('keys', () => {
  it('are made of at least 32 bytes', () => {
    expect(() => createKeys('s'.repeat(31))).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(() => createKeys(new Uint8Array(31))).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }))
    expect(() => createKeys(Array.from({ length: 32 }, () => 1) as unknown as Uint8Array)).toThrowError(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
    expect(() => createKeys(new Uint8Array(32))).not.toThrow()
  })

  it('give the same names in every process and version, or shared stores would forget', async () => {
    expect(await createKeys('s'.repeat(32)).name('subject', 'ann')).toBe('subject:9ebZgmGurTX7hckoIzotvg')
  })

  it('seal with a nonce of 12 bytes, in two parts', async () => {
    const keys = createKeys('s'.repeat(32))
    const sealed = await keys.seal('text', 'here')
    expect(sealed.split('.').map((part) => fromBase64Url(part).length)).toEqual([12, 4 + 16])
    const [nonce, content] = sealed.split('.')
    for (const broken of [nonce!, `${nonce}.`, `.${content}`, ''])
      expect(await keys.open(broken, 'here')).toBeUndefined()
    expect(await createKeys('s'.repeat(32)).open(sealed, 'here')).toBe('text')
    expect(await keys.open(sealed, 'there')).toBeUndefined()
  })
})
