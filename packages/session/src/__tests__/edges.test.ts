/** The parts of a session at their bounds: what mutation testing (scripts/mutate.mjs) showed that no other test looked at. */
import { createFrame, type Face, type Frame, type ReasonCode } from '@unspoof/core'
import { describe, expect, it } from 'vitest'
import { equalText, fromBase64Url, randomId, toBase64Url, toHex } from '../bytes.ts'
import { type ChallengeKind, challengeFault, chooseChallenge, secureRandom } from '../challenge/challenge.ts'
import {
  type ContinuityFrame,
  continuityFrame,
  continuityReason,
  fastTurnReason,
  likenessOf,
} from '../frames/continuity.ts'
import { meanDifference } from '../frames/difference.ts'
import { type FaceGeometry, faceGeometry, median } from '../frames/face-geometry.ts'
import { frozenReason } from '../frames/frozen.ts'
import { timingReason } from '../frames/timing.ts'
import { createKeys } from '../keys.ts'
import { readResultRecord, readSessionRecord } from '../record.ts'
import { parseMeta } from '../submission.ts'

describe('times', () => {
  const at = (...times: number[]) => times.map((timeMs, index) => ({ index, timeMs }))
  const TIMING: ReasonCode = 'frame-timing'

  it.each([
    [at(0, 250), undefined],
    [at(-1, 250), { code: TIMING, value: -1, bound: 0 }],
    [at(0, 100), undefined],
    [at(0, 99), { code: TIMING, value: 99, bound: 100 }],
    [at(0, 1000), undefined],
    [at(0, 1001), { code: TIMING, value: 1001, bound: 1000 }],
    [at(4900, 5250), undefined],
    [at(4900, 5251), { code: TIMING, value: 5251, bound: 5000 }],
    [at(0, 250, 500, 750), undefined],
    [at(0, 250, 500, 510), { code: TIMING, value: 10, bound: 100 }],
    [[{ index: 1, timeMs: 0 }], { code: 'frame-order' }],
    [at(0, 250).toReversed(), { code: 'frame-order' }],
    [at(-1), { code: TIMING, value: -1, bound: 0 }],
    [[], undefined],
  ])('%j', (frames, expected) => {
    const found = timingReason(frames, 250, 5000)
    if (expected === undefined) expect(found).toBeUndefined()
    else expect(found).toMatchObject(expected)
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

describe('a challenge', () => {
  type Shown = Partial<FaceGeometry> | null
  const still: Shown[] = [{}, {}, {}]
  /** What is wrong with three held frames and those after them, 250 ms apart. */
  const faultOf = (kind: ChallengeKind, held: Shown[], moved: Shown[], { mirrored = false, pause = 400 } = {}) =>
    challengeFault({
      kind,
      holdFrames: held.length,
      mirrored,
      frames: [...held, ...moved].map((shown, i) => ({
        face: shown === null ? undefined : { x: 0, y: 0, size: 100, yaw: 0, ...shown },
        timeMs: i < held.length ? 250 * i : 250 * (held.length - 1) + pause + 250 * (i - held.length),
      })),
    })
  const yaws = (...all: number[]): Shown[] => all.map((yaw) => ({ yaw }))
  const sizes = (...all: number[]): Shown[] => all.map((size) => ({ size }))

  it('of none asks nothing', () => {
    expect(faultOf('none', [null, null], [])).toBeUndefined()
  })

  it('is a turn of .35 for two frames in a row', () => {
    expect(faultOf('turn-left', still, yaws(0.35, 0.35))).toBeUndefined()
    expect(faultOf('turn-left', still, yaws(0.35, 0.349))).toBe('not-reached')
    expect(faultOf('turn-left', still, yaws(0.349, 0.349, 0.349))).toBe('not-reached')
    expect(faultOf('turn-left', still, yaws(0.5, 0, 0.5))).toBe('not-reached')
    expect(faultOf('turn-left', still, [...yaws(0.5), null, ...yaws(0.5)])).toBe('not-reached')
    expect(faultOf('turn-left', still, [null, ...yaws(0, 0.5, 0.5)])).toBeUndefined()
    expect(faultOf('turn-left', still, [])).toBe('not-reached')
  })

  it('is a turn in one direction', () => {
    expect(faultOf('turn-right', still, yaws(-0.35, -0.35))).toBeUndefined()
    expect(faultOf('turn-right', still, yaws(-0.349, -0.349))).toBe('not-reached')
    expect(faultOf('turn-right', still, yaws(0.35, 0.35))).toBe('wrong-direction')
    expect(faultOf('turn-right', still, yaws(0.249, -0.35, -0.35))).toBeUndefined()
    expect(faultOf('turn-left', still, yaws(-0.25, 0.35, 0.35))).toBe('wrong-direction')
    expect(faultOf('turn-left', still, yaws(-0.249, 0.35, 0.35))).toBeUndefined()
    expect(faultOf('turn-left', still, yaws(-0.35, -0.35), { mirrored: true })).toBeUndefined()
    expect(faultOf('turn-right', still, yaws(0.35, 0.35), { mirrored: true })).toBeUndefined()
    expect(faultOf('turn-right', still, yaws(-0.35, -0.35), { mirrored: true })).toBe('wrong-direction')
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

  it('is a face that grew by a fifth', () => {
    expect(faultOf('move-closer', still, sizes(120, 120))).toBeUndefined()
    expect(faultOf('move-closer', still, sizes(119, 119))).toBe('not-reached')
    expect(faultOf('move-closer', sizes(100, 100, 112), sizes(120, 120))).toBeUndefined()
    expect(faultOf('move-closer', sizes(100, 100, 113), sizes(130, 130))).toBe('not-held')
    expect(faultOf('move-closer', sizes(110, 110, 100), sizes(132, 132))).toBeUndefined()
    expect(faultOf('move-closer', sizes(110, 110, 100), sizes(130, 130))).toBe('not-reached')
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
    expect(faultOf('turn-left', [{}], yaws(0.5, 0.5))).toBeUndefined()
    expect(faultOf('turn-left', [null], yaws(0.5, 0.5))).toBe('no-face')
  })

  it('is chosen evenly', () => {
    const kinds = ['none', 'turn-left', 'turn-right'] as const
    const chosen = [0, 0.33, 0.34, 0.66, 0.67, 0.999, 1].map((value) =>
      kinds.indexOf(chooseChallenge(kinds, () => value) as 'none'),
    )
    expect(chosen).toEqual([0, 0, 1, 1, 2, 2, 2])
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
  const session = {
    subject: 'a',
    nonce: 'n'.repeat(22),
    challenge: 'none',
    operatingPoint: 'balanced',
    frames: 1,
    holdFrames: 1,
    intervalMs: 1,
  }
  const result = {
    verdict: 'retry',
    code: 'RETRY',
    reasons: ['blurred'],
    challenge: 'none',
    operatingPoint: 'balanced',
    models: [],
    liveProbability: null,
    injection: null,
    jti: null,
    finishedAt: '2026-01-01T00:00:00.000Z',
  }
  const refused = expect.objectContaining({ code: 'STORE_UNAVAILABLE' })

  it('are read as they were written', () => {
    expect(readSessionRecord(JSON.stringify(session))).toEqual(session)
    expect(readResultRecord(JSON.stringify(result))).toEqual(result)
    const live = { ...result, verdict: 'live', code: 'LIVE', reasons: [], jti: 'x' }
    expect(readResultRecord(JSON.stringify(live))).toEqual(live)
  })

  it.each([
    { subject: 1 },
    { nonce: 'n'.repeat(21) },
    { nonce: Array.from({ length: 22 }, () => 'n') },
    { challenge: 'smile' },
    { operatingPoint: 'custom' },
    { frames: 0 },
    { frames: 1.5 },
    { holdFrames: 0 },
    { holdFrames: '1' },
    { intervalMs: 0 },
    { intervalMs: null },
  ])('of a session with %j are no records', (change) => {
    expect(() => readSessionRecord(JSON.stringify({ ...session, ...change }))).toThrowError(refused)
  })

  it.each([
    { verdict: 1 },
    { verdict: 'toString' },
    { verdict: 'live' },
    { code: 'LIVE' },
    { reasons: 'blurred' },
    { reasons: [1] },
    { reasons: ['blurred', 'toString'] },
    { challenge: 'smile' },
    { operatingPoint: 'custom' },
    { models: {} },
    { jti: 1 },
    { jti: undefined },
    { finishedAt: 0 },
  ])('of a result with %j are no records', (change) => {
    expect(() => readResultRecord(JSON.stringify({ ...result, ...change }))).toThrowError(refused)
  })

  it.each(['null', '1', '"text"', 'text', '[]'])('are not %s', (text) => {
    expect(() => readSessionRecord(text)).toThrowError(refused)
    expect(() => readResultRecord(text)).toThrowError(refused)
  })
})

describe('a submission', () => {
  const frame = { index: 0, timeMs: 0, digest: '0'.repeat(64) }
  const meta = { version: 1, nonce: 'n', frames: [frame] }
  const codeOf = (value: unknown): string => {
    try {
      parseMeta(value)
      return 'read'
    } catch (error) {
      return (error as { code: string }).code
    }
  }

  it('is read, with pixels that are not mirrored and no track unless it says so', () => {
    expect(parseMeta(meta)).toEqual({ ...meta, mirrored: false, track: undefined })
    const track = { label: 'l', width: 1, height: 2, frameRate: 3, facingMode: 'user' }
    expect(parseMeta({ ...meta, mirrored: true, track })).toEqual({ ...meta, mirrored: true, track })
    expect(parseMeta({ ...meta, mirrored: false, track: {} })).toMatchObject({ mirrored: false, track: {} })
  })

  it.each([
    [{ nonce: 'n'.repeat(64) }, 'read'],
    [{ nonce: 'n'.repeat(65) }, 'INPUT_INVALID'],
    [{ nonce: 1 }, 'INPUT_INVALID'],
    [{ version: 2 }, 'INPUT_INVALID'],
    [{ frames: {} }, 'INPUT_INVALID'],
    [{ frames: Array.from({ length: 64 }, () => frame) }, 'read'],
    [{ frames: Array.from({ length: 65 }, () => frame) }, 'TOO_MANY_PARTS'],
    [{ mirrored: 1 }, 'INPUT_INVALID'],
    [{ mirrored: null }, 'INPUT_INVALID'],
    [{ more: 1 }, 'INPUT_INVALID'],
    [{ track: null }, 'INPUT_INVALID'],
    [{ track: [] }, 'INPUT_INVALID'],
    [{ track: 'track' }, 'INPUT_INVALID'],
  ])('with %j: %s', (change, code) => {
    expect(codeOf({ ...meta, ...change })).toBe(code)
  })

  it.each([
    [{ index: 1_000_000 }, 'read'],
    [{ index: 1_000_001 }, 'INPUT_INVALID'],
    [{ index: -1_000_000 }, 'read'],
    [{ index: -1_000_001 }, 'INPUT_INVALID'],
    [{ index: 0.5 }, 'INPUT_INVALID'],
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
    expect(codeOf({ ...meta, frames: [{ ...frame, ...change }] })).toBe(code)
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
    expect(codeOf({ ...meta, track })).toBe(code)
  })

  it.each([null, [], 'text', 1, undefined])('is not %j', (value) => {
    expect(codeOf(value)).toBe('INPUT_INVALID')
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
    const sealed = await keys.seal('text')
    expect(sealed.split('.').map((part) => fromBase64Url(part).length)).toEqual([12, 4 + 16])
    const [nonce, content] = sealed.split('.')
    for (const broken of [nonce!, `${nonce}.`, `.${content}`, '']) expect(await keys.open(broken)).toBeUndefined()
    expect(await createKeys('s'.repeat(32)).open(sealed)).toBe('text')
  })
})
