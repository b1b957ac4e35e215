/** The parts that look at frames: hashes and their look-up, luma, challenges' geometry, injection signals. */
import { box, type Face, hammingDistance, LUMA_GRID_SIDE, lumaGrid, perceptualHash } from '@unspoof/core'
import { faceGeometry } from '@unspoof/core/protocol'
import { syntheticFrame } from '@unspoof/core/testing'
import fc from 'fast-check'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { createSeenFrames } from '../frames/seen-frames.ts'
import { createMemoryStore } from '../index.ts'
import { jpegTables } from '../injection/jpeg-tables.ts'
import { INJECTION_SIGNALS, type InjectionInput, injectionReport } from '../injection/signals.ts'
import { createKeys } from '../keys.ts'
import { createHarness, submissionOf } from './harness.ts'
import { draw, raw, SCENE, toJpeg } from './scene.ts'

describe('luma grid', () => {
  it('is the mean of each cell, for every size', () => {
    for (const [width, height] of [
      [32, 32],
      [320, 240],
      [333, 251],
      [1281, 961],
      [2049, 64],
    ] as const) {
      const flat = lumaGrid(syntheticFrame('white', width, height))
      expect(Math.min(...flat)).toBeCloseTo(255, 6)
      expect(Math.max(...flat)).toBeCloseTo(255, 6)
    }
    const { frame } = draw(SCENE, 64, 64)
    const grid = lumaGrid(frame)
    for (const [x, y] of [
      [0, 0],
      [31, 31],
      [7, 20],
    ] as const) {
      let sum = 0
      for (const [dx, dy] of [
        [0, 0],
        [1, 0],
        [0, 1],
        [1, 1],
      ] as const) {
        const p = ((2 * y + dy) * 64 + 2 * x + dx) * 3
        sum += 0.299 * frame.data[p]! + 0.587 * frame.data[p + 1]! + 0.114 * frame.data[p + 2]!
      }
      expect(grid[y * LUMA_GRID_SIDE + x]).toBeCloseTo(sum / 4, 6)
    }
  })
})

describe('perceptual hash', () => {
  it('is the same for a mirrored frame', async () => {
    const { frame } = draw(SCENE)
    const { data, info } = await raw(frame).flop().raw().toBuffer({ resolveWithObject: true })
    const mirrored = perceptualHash(
      lumaGrid({ ...frame, data: new Uint8Array(data), width: info.width, height: info.height }),
    )
    const plain = perceptualHash(lumaGrid(frame))
    expect(hammingDistance(mirrored.fine, plain.fine)).toBe(0)
    expect(mirrored.coarse).toEqual(plain.coarse)
  })

  it('has as many ones as zeros, and tells rooms apart', () => {
    const hashes = Array.from({ length: 12 }, (_, room) =>
      perceptualHash(lumaGrid(draw({ ...SCENE, room, person: room, x: 0.3 + room / 30 }).frame)),
    )
    for (const { coarse, fine } of hashes) {
      expect(coarse.reduce((sum, bit) => sum + bit, 0)).toBe(32)
      expect(hammingDistance(fine, new Uint8Array(32))).toBe(128)
    }
    for (const [i, a] of hashes.entries())
      for (const b of hashes.slice(0, i)) expect(hammingDistance(a.fine, b.fine)).toBeGreaterThan(20)
  })

  it('measures distances as bits that differ', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        fc.uniqueArray(fc.nat(255), { maxLength: 40 }),
        (hash, flips) => {
          const other = hash.slice()
          for (const bit of flips) other[bit >> 3]! ^= 1 << (bit & 7)
          return hammingDistance(hash, other) === flips.length
        },
      ),
    )
  })
})

describe('seen frames', () => {
  const bits = fc
    .array(fc.constantFrom(0, 1), { minLength: 64, maxLength: 64 })
    .map((values) => Uint8Array.from(values))

  it('finds every pair of frames whose coarse bits differ in at most 4 places and whose fine bits differ in at most 10', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(bits, { minLength: 2, maxLength: 4 }),
        fc.uniqueArray(fc.nat(63), { maxLength: 4 }),
        fc.uniqueArray(fc.nat(255), { maxLength: 10 }),
        async (coarse, coarseFlips, fineFlips) => {
          const seen = createSeenFrames(createMemoryStore(), createKeys(undefined), 60_000)
          const hashes = coarse.map((bits, i) => ({ coarse: bits, fine: new Uint8Array(32).fill(i * 37) }))
          expect((await seen.check('A'.repeat(22), hashes)).seen).toBe(false)
          const again = hashes.map(({ coarse: bits, fine }) => {
            const changed = { coarse: bits.slice(), fine: fine.slice() }
            for (const bit of coarseFlips) changed.coarse[bit]! ^= 1
            for (const bit of fineFlips) changed.fine[bit >> 3]! ^= 1 << (bit & 7)
            return changed
          })
          expect((await seen.check('B'.repeat(22), again)).seen).toBe(true)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('does not count frames of the session itself, nor those sealed with another secret', async () => {
    const store = createMemoryStore()
    const hash = { coarse: new Uint8Array(64).fill(1, 32), fine: new Uint8Array(32) }
    const hashes = [hash, { ...hash, coarse: hash.coarse.toReversed() }, hash, hash]
    const keys = createKeys('x'.repeat(32))
    await createSeenFrames(store, keys, 60_000).check('A'.repeat(22), hashes)
    expect((await createSeenFrames(store, keys, 60_000).check('A'.repeat(22), hashes)).matches).toBe(0)
    expect(
      (await createSeenFrames(store, createKeys('y'.repeat(32)), 60_000).check('B'.repeat(22), hashes)).matches,
    ).toBe(0)
    expect((await createSeenFrames(store, keys, 60_000).check('C'.repeat(22), hashes)).seen).toBe(true)
  })

  it('two sessions with the same frames at the same moment: at least one is found out', async () => {
    const seen = createSeenFrames(createMemoryStore(), createKeys(undefined), 60_000)
    const hashes = Array.from({ length: 4 }, (_, i) => ({
      coarse: Uint8Array.from({ length: 64 }, (_, k) => (k * (i + 3)) & 1),
      fine: new Uint8Array(32).fill(i),
    }))
    const answers = await Promise.all(['A', 'B'].map((id) => seen.check(id.repeat(22), hashes)))
    expect(answers.some(({ seen }) => seen)).toBe(true)
  })
})

describe('seen frames, to the bit', () => {
  const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
  const idOf = (letter: string): string => letter.repeat(22)
  /** Bits of a room that no other number has in any two bands, as good as random. */
  const hashOf = (number: number, fine = number) => ({
    coarse: Uint8Array.from({ length: 64 }, (_, i) => (Math.imul((number + 1) * 64 + i, 0x9e3779b1) >>> 27) & 1),
    fine: new Uint8Array(32).fill(fine * 37),
  })
  const flipped = ({ coarse, fine }: ReturnType<typeof hashOf>, coarseBits: number[], fineBits: number[] = []) => {
    const changed = { coarse: coarse.slice(), fine: fine.slice() }
    for (const bit of coarseBits) changed.coarse[bit]! ^= 1
    for (const bit of fineBits) changed.fine[bit >> 3]! ^= 1 << (bit & 7)
    return changed
  }
  const create = () => createSeenFrames(createMemoryStore(), createKeys(undefined), 60_000)
  const FRAMES = [0, 1, 2, 3].map((number) => hashOf(number))
  const NOTHING = { matches: 0, bound: 2, seen: false }

  /** The first and the last bit of each band. The next release must cut alike, or what this one remembers is not found. */
  const BANDS = [
    [0, 10],
    [11, 21],
    [22, 32],
    [33, 43],
    [44, 53],
    [54, 63],
  ] as const
  const pairs = BANDS.flatMap((_, a) => BANDS.slice(a + 1).map((_, i) => [a, a + 1 + i] as const))

  it.each(pairs)('bands %d and %d are enough to find a frame', async (a, b) => {
    const seen = create()
    expect(await seen.check(idOf('A'), FRAMES)).toEqual(NOTHING)
    const others = BANDS.filter((_, band) => band !== a && band !== b).map(([first]) => first)
    const again = FRAMES.map((frame) => flipped(frame, others))
    expect(await seen.check(idOf('B'), again)).toEqual({ matches: 4, bound: 2, seen: true })
  })

  it.each([0, 1, 2, 3, 4, 5])('band %d alone is not', async (band) => {
    for (const end of [0, 1] as const) {
      const seen = create()
      await seen.check(idOf('A'), FRAMES)
      const others = BANDS.filter((_, other) => other !== band).map((ends) => ends[end])
      const changed = FRAMES.map((frame) => flipped(frame, others))
      expect(await seen.check(idOf('B'), changed)).toEqual(NOTHING)
    }
  })

  it('ten fine bits may differ, eleven may not', async () => {
    const bits = Array.from({ length: 11 }, (_, i) => 23 * i)
    for (const [differ, matches] of [
      [10, 4],
      [11, 0],
    ] as const) {
      const seen = create()
      await seen.check(idOf('A'), FRAMES)
      const again = FRAMES.map((frame) => flipped(frame, [], bits.slice(0, differ)))
      expect((await seen.check(idOf('B'), again)).matches).toBe(matches)
    }
  })

  it('two frames that come again are enough, one is not', async () => {
    const seen = create()
    await seen.check(idOf('A'), FRAMES)
    const mixed = (old: number, from: number) => [...FRAMES.slice(0, old), hashOf(from), hashOf(from + 1)]
    expect(await seen.check(idOf('B'), mixed(1, 10))).toEqual({ matches: 1, bound: 2, seen: false })
    expect(await seen.check(idOf('C'), mixed(2, 20))).toEqual({ matches: 2, bound: 2, seen: true })
  })

  it('of sessions of one or two frames all are remembered', async () => {
    const seen = create()
    expect(await seen.check(idOf('A'), FRAMES.slice(0, 1))).toEqual({ matches: 0, bound: 1, seen: false })
    expect(await seen.check(idOf('B'), FRAMES.slice(0, 1))).toEqual({ matches: 1, bound: 1, seen: true })
    const pair = [hashOf(10), hashOf(11)]
    expect(await seen.check(idOf('C'), pair)).toEqual(NOTHING)
    expect(await seen.check(idOf('D'), pair)).toEqual({ matches: 2, bound: 2, seen: true })
  })

  it('of twelve frames four are remembered, spread evenly', async () => {
    const twelve = Array.from({ length: 12 }, (_, number) => hashOf(number))
    const among = async (indices: number[]) => {
      const seen = create()
      await seen.check(idOf('A'), twelve)
      return (
        await seen.check(
          idOf('B'),
          indices.map((i) => twelve[i]!),
        )
      ).matches
    }
    expect(await among([0, 4, 7, 11])).toBe(4)
    expect(await among([1, 2, 3, 5, 6, 8, 9, 10])).toBe(0)
  })

  it('what somebody else wrote among them is passed over', async () => {
    const store = createMemoryStore()
    const members: typeof store.members = async (keys) =>
      (await store.members(keys)).map((list) => ['', 'x', 'x.y', ...list, 'AAAA.AAAA'])
    const seen = createSeenFrames(
      Object.assign(Object.create(store) as typeof store, {
        append: store.append.bind(store),
        members,
      }),
      createKeys(undefined),
      60_000,
    )
    expect(await seen.check(idOf('A'), FRAMES)).toEqual(NOTHING)
    expect(await seen.check(idOf('B'), FRAMES)).toEqual({ matches: 4, bound: 2, seen: true })
  })

  it('of what lies at the same place the newest sixteen are kept', async () => {
    for (const [others, matches] of [
      [14, 4],
      [15, 0],
    ] as const) {
      const seen = create()
      await seen.check(idOf('A'), FRAMES)
      // They look alike in the coarse bits only; the last place is of who asks.
      const alike = FRAMES.map(({ coarse }, i) => ({ coarse, fine: new Uint8Array(32).fill(0xff - i * 37) }))
      for (let i = 1; i <= others; i++) await seen.check(idOf(LETTERS[i]!), alike)
      expect((await seen.check(idOf('Z'), FRAMES)).matches).toBe(matches)
    }
  })
})

describe('keys', () => {
  it('open what they sealed, where it belongs, and nothing else', async () => {
    const keys = createKeys(undefined)
    const sealed = await keys.seal('text', 'p')
    expect(await keys.open(sealed, 'p')).toBe('text')
    expect(await keys.seal('text', 'p')).not.toBe(sealed)
    for (const broken of ['', '.', 'a.b', '!.!', sealed.slice(0, -2), `${sealed}AA`])
      expect(await keys.open(broken, 'p')).toBeUndefined()
    expect(await createKeys(undefined).open(sealed, 'p')).toBeUndefined()
    expect(await keys.name('a', 'x')).not.toBe(await keys.name('b', 'x'))
  })
})

describe('face geometry', () => {
  const face = (nose: number): Face => ({
    box: box(0, 0, 100, 100),
    detectorBox: box(0, 0, 100, 100),
    keyPoints: {
      rightEye: { x: 30, y: 40 },
      leftEye: { x: 70, y: 40 },
      nose: { x: nose, y: 60 },
      mouth: { x: 50, y: 80 },
    },
    score: 1,
  })

  it('a nose to the right of the picture is a turn to the own left', () => {
    expect(faceGeometry(face(50))!.yaw).toBe(0)
    expect(faceGeometry(face(60))!.yaw).toBeCloseTo(0.5)
    expect(faceGeometry(face(40))!.yaw).toBeCloseTo(-0.5)
  })

  it('does not depend on roll and place', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.integer({ min: -500, max: 500 }),
        fc.integer({ min: 35, max: 65 }),
        (angle, shift, nose) => {
          const { keyPoints, ...rest } = face(nose)
          const turn = ({ x, y }: { x: number; y: number }) => ({
            x: x * Math.cos(angle) - y * Math.sin(angle) + shift,
            y: x * Math.sin(angle) + y * Math.cos(angle) - shift,
          })
          const p = keyPoints!
          const turned = {
            ...rest,
            keyPoints: {
              rightEye: turn(p.rightEye),
              leftEye: turn(p.leftEye),
              nose: turn(p.nose),
              mouth: turn(p.mouth),
            },
          }
          const [a, b] = [faceGeometry(face(nose))!, faceGeometry(turned)!]
          return Math.abs(a.yaw - b.yaw) < 1e-6 && Math.abs(a.size - b.size) < 1e-6
        },
      ),
    )
  })

  it('is not there without key points, or where they are one point', () => {
    expect(faceGeometry(null)).toBeUndefined()
    expect(faceGeometry({ ...face(50), keyPoints: undefined })).toBeUndefined()
    const point = { x: 1, y: 1 }
    expect(
      faceGeometry({ ...face(50), keyPoints: { rightEye: point, leftEye: point, nose: point, mouth: point } }),
    ).toBeUndefined()
    expect(
      faceGeometry({ ...face(50), keyPoints: { ...face(50).keyPoints!, nose: { x: Number.NaN, y: 0 } } }),
    ).toBeUndefined()
  })
})

describe('injection signals', () => {
  async function input(change: Partial<InjectionInput> = {}): Promise<InjectionInput> {
    const frames = Array.from(
      { length: 5 },
      (_, i) => draw({ ...SCENE, x: 0.5 + 0.01 * Math.sin(i * 2), noise: i }).frame,
    )
    return {
      track: { label: 'FaceTime HD Camera (Built-in)', width: 1280, height: 960, frameRate: 30 },
      steps: [[0, 253, 509, 758, 1011]],
      images: await Promise.all(frames.map((frame) => toJpeg(frame, 92))),
      width: 336,
      height: 252,
      grids: frames.map(lumaGrid),
      quality: 92,
      ...change,
    }
  }
  const suspicious = (report: ReturnType<typeof injectionReport>) =>
    report.signals.filter((s) => s.suspicious).map(({ id }) => id)

  it('are quiet for a camera', async () => {
    expect(injectionReport(await input())).toMatchObject({ suspicion: 0 })
    expect(suspicious(injectionReport(await input({ track: undefined })))).toEqual([])
  })

  it.each([
    ['OBS Virtual Camera', 'virtual-camera'],
    ['Dummy video device (0x0000)', 'virtual-camera'],
    ['fake_device_0', 'virtual-camera'],
    ['ManyCam Video Source', 'virtual-camera'],
  ] as const)('name %s', async (label, id) => {
    expect(suspicious(injectionReport(await input({ track: { label } })))).toEqual([id])
  })

  it.each(['Logitech HD Webcam C270', 'Integrated Camera', 'Jobs Cam', 'camera2 1, facing front', ''])(
    'do not know %j for a virtual camera',
    async (label) => {
      expect(suspicious(injectionReport(await input({ track: { label } })))).toEqual([])
    },
  )

  it('see settings that contradict the frames', async () => {
    expect(suspicious(injectionReport(await input({ track: { width: 160, height: 120 } })))).toEqual(['track-settings'])
    expect(suspicious(injectionReport(await input({ track: { width: 1280, height: 720 } })))).toEqual([
      'track-settings',
    ])
    expect(suspicious(injectionReport(await input({ track: { width: 480, height: 640 } })))).toEqual([])
  })

  it('see the times of a script, a loop, and foreign tables', async () => {
    expect(suspicious(injectionReport(await input({ steps: [[0, 250, 500, 750, 1000]] })))).toEqual(['frame-times'])
    const { grids, images } = await input()
    const ramp = grids.map((_, i) => grids[0]!.map((value, k) => value + i * ((k % 7) - 3)))
    expect(suspicious(injectionReport(await input({ grids: ramp })))).toEqual(['sensor-noise'])
    expect(suspicious(injectionReport(await input({ grids: grids.map(() => grids[0]!) })))).toEqual(['sensor-noise'])
    const other = await toJpeg(draw(SCENE).frame, 60)
    expect(suspicious(injectionReport(await input({ images: [...images.slice(1), other] })))).toEqual(['re-encoding'])
  })

  it('are reported and change nothing, unless a bound is set', async () => {
    const track = { label: 'OBS Virtual Camera' }
    for (const [injectionBound, verdict] of [
      [undefined, 'live'],
      [0.5, 'live'],
      [0.4, 'spoof'],
    ] as const) {
      const h = createHarness({ challenges: [], ...(injectionBound === undefined ? {} : { injectionBound }) })
      const started = await h.sessions.create({ subject: 'ann' })
      const shots = await h.film(started)
      const answer = await h.sessions.submit(started.id, submissionOf(started, shots, { track }), { subject: 'ann' })
      expect(answer.verdict).toBe(verdict)
      expect(JSON.stringify(answer)).not.toMatch(/injection|virtual/)
      const { injection } = await h.sessions.result(started.id, { subject: 'ann' })
      expect(injection!.suspicion).toBe(INJECTION_SIGNALS['virtual-camera'])
    }
  })
})

describe('JPEG tables', () => {
  it('tell the quality that libjpeg was given', async () => {
    for (const quality of [50, 70, 80, 92, 95]) {
      const jpeg = new Uint8Array(
        await sharp({ create: { width: 16, height: 16, channels: 3, background: 'grey' } })
          .jpeg({ quality })
          .toBuffer(),
      )
      expect(Math.abs(jpegTables(jpeg)!.quality - quality)).toBeLessThanOrEqual(1)
    }
  })

  it('never read outside the bytes, whatever they are', async () => {
    const jpeg = await toJpeg(draw(SCENE, 64, 64).frame)
    fc.assert(
      fc.property(fc.nat(400), fc.nat(255), fc.nat(jpeg.length), (at, value, length) => {
        const broken = jpeg.slice(0, length)
        if (at < broken.length) broken[at] = value
        const tables = jpegTables(broken)
        return tables === undefined || (tables.quality >= 1 && tables.quality <= 100)
      }),
    )
  })
})
