/** Whole sessions: the ones that pass, and what is refused at each step. */
import { createHash } from 'node:crypto'
import { box, createFrame, type Face } from '@unspoof/core'
import { syntheticFrame } from '@unspoof/core/testing'
import { describe, expect, it } from 'vitest'
import { type ChallengeKind, createMemoryStore, createSessions, type ReferenceImage } from '../index.ts'
import {
  clock,
  codeOf,
  createHarness,
  type Film,
  type Harness,
  type Known,
  type Shot,
  submissionOf,
} from './harness.ts'
import { draw, fromJpeg, HEIGHT, raw, SCENE, type Scene, toJpeg, WIDTH } from './scene.ts'

const ANN = { subject: 'ann' }

/** A whole session of Ann's. */
async function run(h: Harness, film: Film = {}, extra: object = {}) {
  const started = await h.sessions.create(ANN)
  const shots = await h.film(started, film)
  return { started, shots, answer: await h.sessions.submit(started.id, submissionOf(started, shots, extra), ANN) }
}

/** The JPEGs of another session, with the times of this one. */
function recorded(others: readonly Shot[]): Required<Pick<Film, 'change'>> {
  let at = 0
  return { change: (shots) => shots.map(({ timeMs }) => ({ timeMs, jpeg: others[at++]!.jpeg })) }
}

describe('a person who does what they are asked', () => {
  it.each([
    [['move-closer'], 1],
    [['turn-left'], 1],
    [['turn-right'], 1],
    [[], 0],
  ] as const)('passes with %j', async (challenges, count) => {
    const h = createHarness({ challenges })
    const { started, answer, shots } = await run(h)
    expect(h.asked.map(({ kind }) => kind)).toEqual(challenges)
    expect(answer).toEqual({ verdict: 'live', code: 'LIVE', reasons: [], hint: '' })
    expect(h.judged).toHaveLength(shots.length)
    expect(shots.length).toBe(4 + h.asked.reduce((sum, { frames }) => sum + frames, 0))
    const result = await h.sessions.result(started.id, ANN)
    expect(result).toMatchObject({
      verdict: 'live',
      subject: 'ann',
      steps: challenges,
      operatingPoint: 'balanced',
      models: [{ id: 'example-pad', version: '1.0.0' }],
    })
    expect(h.asked).toHaveLength(count)
    expect(result.liveProbability).toBeGreaterThan(0.9)
    expect(result.injection!.suspicion).toBe(0)
    // Encoded as the session asked for.
    expect(result.injection!.signals.find(({ id }) => id === 're-encoding')!.value).toBe(0)
  })

  it('passes with mirrored pixels where the client says so at the first commit', async () => {
    const h = createHarness({ challenges: ['turn-left'] })
    const { answer } = await run(h, { kind: 'turn-right', mirrored: true })
    expect(answer.verdict).toBe('live')
  })

  it('passes with two or three movements of every kind and order', async () => {
    const orders = new Set<string>()
    for (let i = 0; i < 8; i++) {
      const h = createHarness()
      const { answer } = await run(h)
      expect({ asked: h.asked, answer }).toMatchObject({ answer: { verdict: 'live' } })
      orders.add(h.asked.map(({ kind }) => kind).join())
    }
    expect(orders.size).toBeGreaterThan(2)
  })

  it('passes five times in a row, each time in a slightly different place', async () => {
    const h = createHarness()
    for (let i = 0; i < 5; i++) expect((await run(h)).answer).toMatchObject({ verdict: 'live' })
  })
})

describe('the reference frame', () => {
  it('is a held frame, named in the result and handed to the hook', async () => {
    const images: ReferenceImage[] = []
    const h = createHarness({ challenges: ['turn-left'], onReference: (image) => void images.push(image) })
    const { started, shots } = await run(h, {
      at: (i, scene) => (i === 2 ? scene : { ...scene, yaw: scene.yaw + 0.05 }),
    })
    const { reference } = await h.sessions.result(started.id, ANN)
    expect(images).toHaveLength(1)
    expect(reference).toEqual({ index: 2, sha256: createHash('sha256').update(shots[2]!.jpeg).digest('hex') })
    const bytes = shots[2]!.jpeg
    expect(images[0]).toEqual({ sessionId: started.id, subject: 'ann', bytes, sha256: reference!.sha256 })
  })

  it('is none where the verdict is not live, and a hook that fails leaves no result', async () => {
    const calls: unknown[] = []
    const h = createHarness({ challenges: [], onReference: (image) => void calls.push(image) })
    const refused = await run(h, { margin: -4 })
    expect((await h.sessions.result(refused.started.id, ANN)).reference).toBeNull()
    expect(calls).toEqual([])
    const failing = createHarness({ challenges: [], onReference: () => Promise.reject(new Error('The disk is full.')) })
    const started = await failing.sessions.create(ANN)
    const submission = submissionOf(started, await failing.film(started))
    expect(await codeOf(failing.sessions.submit(started.id, submission, ANN))).toBe('MODEL_UNAVAILABLE')
    expect(await failing.sessions.result(started.id, ANN)).toMatchObject({ verdict: 'not-checked', reference: null })
  })
})

describe('sessions', () => {
  it('unknown and foreign ids get the same answer', async () => {
    const h = createHarness()
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    const errors = await Promise.all(
      [
        h.sessions.submit('AAAAAAAAAAAAAAAAAAAAAA', submissionOf(started, shots), ANN),
        h.sessions.submit(started.id, submissionOf(started, shots), { subject: 'bob' }),
        h.sessions.submit('../../x', submissionOf(started, shots), ANN),
        h.sessions.result('AAAAAAAAAAAAAAAAAAAAAA', ANN),
        h.sessions.result(started.id, { subject: 'bob' }),
      ].map((action) => action.catch((error) => ({ code: error.code, message: error.message, hint: error.hint }))),
    )
    for (const error of errors) expect(error).toEqual(errors[0])
    expect(errors[0]).toMatchObject({ code: 'SESSION_UNKNOWN' })
  })

  it('expire before the first commit, between two steps and before the upload', async () => {
    const h = createHarness({ challenges: ['turn-left'], steps: 1 })
    const never = await h.sessions.create(ANN)
    h.advance(120_001)
    expect(await codeOf(h.film(never))).toBe('SESSION_EXPIRED')
    expect(await codeOf(h.sessions.result(never.id, ANN))).toBe('SESSION_EXPIRED')
    const between = await h.sessions.create(ANN)
    const wait = (step: number) => (shots: Shot[], at: number) => {
      if (at === step) h.advance(9000)
      return shots
    }
    expect(await codeOf(h.film(between, { change: wait(1) }))).toBe('SESSION_EXPIRED')
    const late = await h.sessions.create(ANN)
    const shots = await h.film(late)
    h.advance(60_001)
    expect(await codeOf(h.sessions.submit(late.id, submissionOf(late, shots), ANN))).toBe('SESSION_EXPIRED')
    h.advance(1_800_000)
    expect(await codeOf(h.sessions.submit(late.id, submissionOf(late, shots), ANN))).toBe('SESSION_UNKNOWN')
  })

  it('are good to the last millisecond', async () => {
    const h = createHarness({ challenges: [] })
    const started = await h.sessions.create(ANN)
    expect(started).toMatchObject({ version: 2, expiresInMs: 120_000 })
    expect(started.expiresAt).toBe(new Date(clock.ms + 120_000).toISOString())
    const submission = submissionOf(started, await h.film(started))
    expect(await codeOf(h.sessions.result(started.id, ANN))).toBe('SESSION_PENDING')
    h.advance(60_000)
    expect((await h.sessions.submit(started.id, submission, ANN)).verdict).toBe('live')
    h.advance(299_999)
    expect((await h.sessions.result(started.id, { ...ANN, consume: false })).verdict).toBe('live')
    h.advance(1)
    expect(await codeOf(h.sessions.result(started.id, ANN))).toBe('SESSION_USED')
  })

  it('take no other number of images than was committed, and nothing is used up', async () => {
    const h = createHarness({ challenges: [] })
    const started = await h.sessions.create(ANN)
    const good = submissionOf(started, await h.film(started))
    for (const frames of [
      good.frames.slice(1),
      [...good.frames, good.frames[0]!],
      { length: good.frames.length },
      [],
    ]) {
      const submission = { ...good, frames: frames as Uint8Array[] }
      expect(await codeOf(h.sessions.submit(started.id, submission, ANN))).toBe('FRAMES_INVALID')
    }
    expect((await h.sessions.submit(started.id, good, ANN)).verdict).toBe('live')
  })

  it('say what a body may weigh', () => {
    const { limits } = createHarness({ capture: { holdFrames: 5 } }).sessions
    expect(limits).toEqual({ maxFrameBytes: 524_288, maxTotalBytes: 4_194_304, maxFrames: 21 })
  })

  it('ask the store for no id that cannot be one, and remember no frames where they shall not', async () => {
    const store = createMemoryStore({ now: () => clock.ms })
    const asked: string[] = []
    const h = createHarness({
      challenges: [],
      seenFramesTtlMs: 0,
      store: {
        shared: false,
        get: (key) => {
          asked.push(key)
          return store.get(key)
        },
        set: (...args) => store.set(...args),
        add: (...args) => store.add(...args),
        take: (...args) => store.take(...args),
        delete: (...args) => store.delete(...args),
        increment: (...args) => store.increment(...args),
        append: () => Promise.reject(new Error('Something was to be remembered.')),
        members: () => Promise.reject(new Error('Something was to be remembered.')),
        close: () => store.close(),
      },
    })
    expect((await run(h)).answer.verdict).toBe('live')
    expect(await codeOf(h.sessions.result('x'.repeat(23), ANN))).toBe('SESSION_UNKNOWN')
    expect(asked.filter((key) => key.includes('x'.repeat(23)))).toEqual([])
    expect(asked).not.toEqual([])
  })

  it('a second submission is refused, also after the time is over', async () => {
    const h = createHarness()
    const { started, shots } = await run(h)
    expect(await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), ANN))).toBe('SESSION_USED')
    h.advance(130_000)
    expect(await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), ANN))).toBe('SESSION_USED')
  })

  it('of 100 submissions at once one is judged', async () => {
    const h = createHarness({ challenges: [] })
    const started = await h.sessions.create(ANN)
    const submission = submissionOf(started, await h.film(started))
    h.advance(100)
    const codes = await Promise.all(
      Array.from({ length: 100 }, () => codeOf(h.sessions.submit(started.id, submission, ANN))),
    )
    expect(codes.filter((code) => code.startsWith('resolved'))).toHaveLength(1)
    expect(codes.filter((code) => code === 'SESSION_USED')).toHaveLength(99)
    expect(h.judged).toHaveLength(4)
  })

  it('refuse a wrong nonce and other frames than were committed, and nothing is used up', async () => {
    const h = createHarness({ challenges: [], limits: { failures: 50 } })
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    const wrong = submissionOf({ nonce: 'x'.repeat(22) }, shots)
    expect(await codeOf(h.sessions.submit(started.id, wrong, ANN))).toBe('NONCE_MISMATCH')
    const good = submissionOf(started, shots)
    const swapped = { ...good, frames: [good.frames[1]!, good.frames[0]!, ...good.frames.slice(2)] }
    expect(await codeOf(h.sessions.submit(started.id, swapped, ANN))).toBe('NONCE_MISMATCH')
    const other = new Uint8Array(await (await load(shots[3]!.jpeg)).jpeg({ quality: 91 }).toBuffer())
    const exchanged = { ...good, frames: [...good.frames.slice(0, 3), other] }
    expect(await codeOf(h.sessions.submit(started.id, exchanged, ANN))).toBe('NONCE_MISMATCH')
    expect((await h.sessions.submit(started.id, good, ANN)).verdict).toBe('live')
  })

  describe('frames of another session', () => {
    const forgeries: Record<string, (jpeg: Uint8Array, h: Harness) => Promise<Buffer>> = {
      'as they are': async (jpeg) => Buffer.from(jpeg),
      'encoded again at 70': async (jpeg) => (await load(jpeg)).jpeg({ quality: 70 }).toBuffer(),
      'encoded again at 95': async (jpeg) => (await load(jpeg)).jpeg({ quality: 95 }).toBuffer(),
      'cut by a pixel on each side, at 80': async (jpeg) =>
        (await load(jpeg))
          .extract({ left: 1, top: 1, width: WIDTH - 2, height: HEIGHT - 2 })
          .jpeg({ quality: 80 })
          .toBuffer(),
      'cut by a pixel at the left, at 70': async (jpeg) =>
        (await load(jpeg))
          .extract({ left: 1, top: 0, width: WIDTH - 1, height: HEIGHT })
          .jpeg({ quality: 70 })
          .toBuffer(),
    }
    it.each(Object.keys(forgeries))('%s', async (name) => {
      const h = createHarness({ challenges: ['turn-left'], random: () => 0 })
      const first = await run(h)
      expect(first.answer.verdict).toBe('live')
      const again = await Promise.all(
        first.shots.map(async ({ jpeg, timeMs }) => {
          const forged = new Uint8Array(await forgeries[name]!(jpeg, h))
          h.know(forged, h.knownOf(jpeg))
          return { jpeg: forged, timeMs }
        }),
      )
      // By another account, too.
      const started = await h.sessions.create({ subject: 'mallory' })
      const shots = await h.film(started, recorded(again), 'mallory')
      const answer = await h.sessions.submit(started.id, submissionOf(started, shots), { subject: 'mallory' })
      expect(answer).toMatchObject({ verdict: 'retry', code: 'RETRY', reasons: ['frames-seen-before'] })
    })

    it('mirrored, for the opposite challenge', async () => {
      const kinds: ChallengeKind[] = ['turn-left']
      const h = createHarness({ challenges: ['turn-left'], random: () => 0 })
      const first = await run(h)
      expect(kinds).toHaveLength(1)
      const again = await Promise.all(
        first.shots.map(async ({ jpeg, timeMs }) => {
          const forged = new Uint8Array(await (await load(jpeg)).flop().jpeg({ quality: 80 }).toBuffer())
          const { faces, margin } = h.knownOf(jpeg)
          h.know(forged, { margin, faces: faces.map((face) => mirrored(face, WIDTH)) })
          return { jpeg: forged, timeMs }
        }),
      )
      const { answer } = await run(h, { ...recorded(again), mirrored: true })
      expect(answer.reasons).toEqual(['frames-seen-before'])
    })

    it('half of them, mixed with new ones', async () => {
      const h = createHarness({ challenges: [], capture: { width: 320, height: 240, holdFrames: 8 } })
      const first = await run(h)
      const change = (shots: Shot[]) => shots.map((shot, i) => (i < 4 ? { ...shot, jpeg: first.shots[i]!.jpeg } : shot))
      expect((await run(h, { change })).answer.reasons).toContain('frames-seen-before')
    })

    it('is forgotten after a day', async () => {
      const h = createHarness({ challenges: [] })
      const first = await run(h)
      h.advance(24 * 3600_000 + 1)
      expect((await run(h, recorded(first.shots))).answer.verdict).toBe('live')
    })
  })

  it('the same frame again and again is frozen', async () => {
    const h = createHarness()
    let first: Uint8Array
    const change = (shots: Shot[]) => {
      first ??= shots[0]!.jpeg
      return shots.map(({ timeMs }) => ({ timeMs, jpeg: first }))
    }
    const same = await run(h, { change })
    expect(same.answer).toMatchObject({ verdict: 'retry' })
    expect(same.answer.reasons).toContain('frozen-frames')
  })

  it('one frame, encoded at another quality each time, is frozen', async () => {
    const h = createHarness({ challenges: [] })
    const change = (shots: Shot[]) =>
      Promise.all(
        shots.map(async ({ timeMs }, i) => {
          const jpeg = new Uint8Array(await (await load(shots[0]!.jpeg)).jpeg({ quality: 95 - 5 * i }).toBuffer())
          h.know(jpeg, h.knownOf(shots[0]!.jpeg))
          return { jpeg, timeMs }
        }),
      )
    expect((await run(h, { change })).answer.reasons).toContain('frozen-frames')
  })

  it.each([
    ['equal', (t: number, i: number) => (i === 3 ? t - 256 : t)],
    ['backwards', (t: number, i: number) => (i === 3 ? 900 : t)],
    ['negative', (t: number) => t - 20_000],
    ['in the future', (t: number) => t + 60_000],
    ['a day ahead', (t: number) => t + 86_400_000],
    ['with a gap', (t: number, i: number) => (i > 2 ? t + 1200 : t)],
    ['too fast', (t: number) => 1000 + (t - 1000) / 3],
  ])('times %s are refused unjudged', async (_, shift) => {
    const h = createHarness()
    const change = (shots: Shot[]) => shots.map((shot, i) => ({ ...shot, timeMs: Math.round(shift(shot.timeMs, i)) }))
    const { answer } = await run(h, { change })
    expect(answer).toMatchObject({ verdict: 'retry', reasons: ['frame-timing'] })
    expect(h.judged).toHaveLength(0)
  })

  it('commits of too few and too many frames are refused, and may be sent again', async () => {
    const h = createHarness({ challenges: [] })
    const started = await h.sessions.create(ANN)
    const commit = (count: number) =>
      h.sessions.commit(
        started.id,
        {
          version: 2,
          nonce: started.nonce,
          step: 0,
          frames: Array.from({ length: count }, (_, i) => ({ timeMs: 1000 + 255 * i, digest: '0'.repeat(64) })),
        },
        ANN,
      )
    for (const count of [0, 3, 5]) expect(await codeOf(commit(count))).toBe('FRAMES_INVALID')
    expect(await codeOf(commit(65))).toBe('TOO_MANY_PARTS')
    expect(await commit(4)).toEqual({ version: 2, step: null, withinMs: 60_000 })
  })

  describe('a movement that was not made', () => {
    // With four held frames and, of one step, the fifth frame is the first after the instruction.
    it.each([
      ['turn-left', 'the other turn', { kind: 'turn-right' }],
      ['turn-right', 'the other turn', { kind: 'turn-left' }],
      ['turn-left', 'no turn', { kind: 'none' }],
      ['turn-left', 'coming closer', { kind: 'move-closer' }],
      ['move-closer', 'a turn', { kind: 'turn-left' }],
      ['move-closer', 'standing still', { kind: 'none' }],
      ['turn-left', 'a turn that grows', { at: (i, s) => (i < 4 ? s : { ...s, size: s.size * 1.25 }) }],
      ['move-closer', 'a growth that turns', { at: (i, s) => (i < 4 ? s : { ...s, yaw: 0.3 }) }],
      ['turn-left', 'turned from the beginning', { kind: 'none', scene: { yaw: 0.5 } }],
      ['turn-left', 'turned while holding', { kind: 'none', at: (i, s) => (i < 2 ? s : { ...s, yaw: 0.5 }) }],
      ['turn-left', 'one frame only', { kind: 'none', at: (i, s) => (i === 6 ? { ...s, yaw: 0.5 } : s) }],
      ['turn-left', 'back before the end', { at: (i, s) => (i < 7 ? s : { ...s, yaw: 0 }) }],
      [
        'move-closer',
        'close while holding',
        { kind: 'none', at: (i, s) => (i < 2 ? s : { ...s, size: s.size * 1.3 }) },
      ],
    ] satisfies [ChallengeKind, string, Film][])('%s, but %s', async (kind, _, film) => {
      const h = createHarness({ challenges: [kind], random: () => 0.99 })
      expect((await run(h, film)).answer).toMatchObject({ verdict: 'retry', reasons: ['challenge-failed'] })
    })

    it('sooner than anybody can read the instruction', async () => {
      const h = createHarness({ challenges: ['turn-left'] })
      const change = (shots: Shot[], step: number) =>
        step === 0 ? shots : shots.map((shot) => ({ ...shot, timeMs: shot.timeMs - 560 }))
      const at = (i: number, scene: Scene) => (i < 4 ? scene : { ...scene, yaw: 0.5 })
      const { answer } = await run(h, { at, change })
      expect(answer.reasons).toEqual(['challenge-failed'])
    })

    it('a turn in mirrored pixels that are not said to be', async () => {
      const h = createHarness({ challenges: ['turn-left'] })
      expect((await run(h, { mirrored: true })).answer.reasons).toEqual(['challenge-failed'])
    })

    it('one set of frames that grows and turns, whatever is asked', async () => {
      const at = (i: number, scene: Scene) => ({
        ...scene,
        size: SCENE.size * (i < 5 ? 1 : 1.35),
        yaw: i < 5 ? 0 : 0.5,
      })
      for (const kind of ['move-closer', 'turn-left'] as const) {
        const h = createHarness({ challenges: [kind] })
        expect((await run(h, { kind: 'none', at })).answer.reasons).toEqual(['challenge-failed'])
      }
    })
  })

  describe('frames that prove the end position', () => {
    /** Changes what is known of the frames from `from` on. */
    const known = (h: Harness, from: number, to: (known: Known) => Known) => {
      let seen = 0
      return (shots: Shot[]) => {
        for (const { jpeg } of shots) if (seen++ >= from) h.know(jpeg, to(h.knownOf(jpeg)))
        return shots
      }
    }

    it.each([
      [
        'too small to be judged',
        ({ faces, margin }: Known) => ({ margin, faces: [tiny(faces[0]!)] }),
        'face-too-small',
      ],
      ['below the threshold by themselves', ({ faces }: Known) => ({ faces, margin: -0.5 }), 'undecided'],
    ] as const)('%s ask again', async (_, to, code) => {
      const h = createHarness({ challenges: ['turn-left'], random: () => 0 })
      // Four held frames, and of four more the last two.
      const { answer } = await run(h, { change: known(h, 6, to) })
      expect(answer).toMatchObject({ verdict: 'retry' })
      expect(answer.reasons).toContain(code)
    })

    it('are those at the end: one that is lost on the way does not matter', async () => {
      const h = createHarness({ challenges: ['turn-left'], random: () => 0.99 })
      const change = (shots: Shot[], step: number) => {
        if (step === 1) h.know(shots[1]!.jpeg, { faces: [], margin: 4 })
        return shots
      }
      expect((await run(h, { change })).answer.verdict).toBe('live')
    })
  })

  it.each([
    [1, 'live'],
    [2, 'retry'],
  ])('of four frames three must show a face: with %i that does not the answer is %s', async (without, verdict) => {
    const h = createHarness({ challenges: [] })
    const change = (shots: Shot[]) => {
      for (const { jpeg } of shots.slice(0, without)) h.know(jpeg, { faces: [], margin: 4 })
      return shots
    }
    const { answer } = await run(h, { change })
    expect(answer.verdict).toBe(verdict)
  })

  it.each([
    ['in the same place', (i: number) => (i < 6 ? {} : { person: 2 })],
    ['in another place', (i: number) => (i < 6 ? {} : { x: 0.2, y: 0.6 })],
    ['of another size', (i: number) => (i < 6 ? {} : { size: 0.13 })],
    ['for one frame', (i: number) => (i === 6 ? { person: 2 } : {})],
  ])('another face midway, %s', async (_, change) => {
    const h = createHarness({ challenges: ['turn-left'] })
    const { answer } = await run(h, { at: (i, scene) => ({ ...scene, ...change(i) }) })
    expect(answer).toMatchObject({ verdict: 'spoof', code: 'SPOOF' })
    expect(answer.reasons).toContain('face-changed')
  })

  it('another face midway that looks elsewhere: it may be one head that turned fast, and is not let in', async () => {
    const h = createHarness({ challenges: ['turn-left'] })
    const at = (i: number, scene: Scene) => (i < 6 ? { ...scene, yaw: 0 } : { ...scene, yaw: 0.5, person: 2 })
    const { answer } = await run(h, { at })
    expect(answer).toMatchObject({ verdict: 'retry', code: 'RETRY', reasons: ['face-changed'] })
  })

  it('another face that looks elsewhere, and then somebody else who looks there, too', async () => {
    const h = createHarness({ challenges: ['turn-left'], random: () => 0.99 })
    const at = (i: number, scene: Scene) =>
      i < 6 ? { ...scene, yaw: 0 } : { ...scene, yaw: 0.5, person: i < 8 ? 2 : 5 }
    const { answer } = await run(h, { at })
    expect(answer).toMatchObject({ verdict: 'spoof', reasons: ['face-changed'] })
  })

  it('another face that comes so slowly that each frame is like the one before', async () => {
    const h = createHarness({ challenges: ['move-closer'], random: () => 0.99 })
    const change = async (shots: Shot[], step: number) => {
      if (step === 0) return shots
      const end = draw({ ...SCENE, size: SCENE.size * 1.3, person: 2 }).frame
      return Promise.all(
        shots.map(async ({ jpeg, timeMs }, i) => {
          const { data } = await fromJpeg(jpeg)
          const part = Math.min(1, (i + 1) / 5)
          const faded = Uint8Array.from(data, (value, k) => Math.round(value * (1 - part) + end.data[k]! * part))
          const mixed = await toJpeg(createFrame({ data: faded, width: WIDTH, height: HEIGHT, channels: 3 }))
          h.know(mixed, h.knownOf(jpeg))
          return { jpeg: mixed, timeMs }
        }),
      )
    }
    const { answer } = await run(h, { change, scene: { x: SCENE.x, y: SCENE.y } })
    expect(answer.verdict).not.toBe('live')
    expect(answer.reasons).toContain('face-changed')
  })

  it('another face after a frame without one', async () => {
    const h = createHarness({ challenges: ['turn-left'] })
    const { answer } = await run(h, {
      at: (i, scene) => (i < 6 ? scene : { ...scene, person: 2 }),
      change: (shots, step) => {
        if (step === 1) h.know(shots[2]!.jpeg, { faces: [], margin: 4 })
        return shots
      },
    })
    expect(answer.reasons).toContain('face-changed')
  })

  it('the sixth failure is made to wait, longer each time, and another account is not', async () => {
    const h = createHarness({ challenges: [], limits: { starts: 1000 } })
    for (let i = 0; i < 5; i++) expect((await run(h, { margin: -4 })).answer.verdict).toBe('spoof')
    const wait = async () =>
      h.sessions.create(ANN).then(
        () => 0,
        (error) => error.retryAfter as number,
      )
    expect(await wait()).toBe(30)
    const bob = await h.sessions.create({ subject: 'bob' })
    expect(bob.id).toHaveLength(22)
    h.advance(30_001)
    const waits = []
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 5; i++) await run(h, { margin: -4 })
      const seconds = await wait()
      waits.push(seconds)
      h.advance(seconds * 1000 + 1)
    }
    expect(waits).toEqual([60, 120])
  })

  it('an abandoned session is a failed attempt, from its first commit on', async () => {
    const h = createHarness({ challenges: ['turn-left'], limits: { starts: 1000 } })
    for (let i = 0; i < 8; i++) await h.sessions.create(ANN)
    for (let i = 0; i < 5; i++) await h.film(await h.sessions.create(ANN), { upTo: 0 })
    const next = await h.sessions.create(ANN)
    expect(await codeOf(h.film(next, { upTo: 0 }))).toBe('ATTEMPTS_EXCEEDED')
    expect(await codeOf(h.sessions.create(ANN))).toBe('ATTEMPTS_EXCEEDED')
  })

  it('a new session ends the open one of the account, and no other', async () => {
    const h = createHarness({ challenges: ['turn-left'] })
    const [first, other] = [await h.sessions.create(ANN), await h.sessions.create({ subject: 'bob' })]
    const shots = await h.film(first)
    await h.sessions.create(ANN)
    expect(await codeOf(h.sessions.submit(first.id, submissionOf(first, shots), ANN))).toBe('SESSION_USED')
    expect(await codeOf(h.film(first))).toBe('SESSION_USED')
    const theirs = await h.film(other, {}, 'bob')
    expect((await h.sessions.submit(other.id, submissionOf(other, theirs), { subject: 'bob' })).verdict).toBe('live')
  })

  it('an abandoned session keeps its movements for the next, until one is judged', async () => {
    const h = createHarness({ limits: { starts: 1000, failures: 1000 }, steps: 2 })
    const kinds = () => h.asked.map(({ kind }) => kind).sort()
    await h.film(await h.sessions.create(ANN))
    const kept = kinds()
    for (let i = 0; i < 3; i++) {
      await h.film(await h.sessions.create(ANN))
      expect(kinds()).toEqual(kept)
    }
    const drawn = new Set<string>()
    for (let i = 0; i < 30 && drawn.size < 2; i++) {
      await run(h, { margin: -4 })
      drawn.add(kinds().join())
    }
    expect(drawn.size).toBe(2)
  })

  it('the same commit twice is answered the same and counted once; another one is refused', async () => {
    const h = createHarness({ challenges: ['turn-left'], limits: { failures: 1 } })
    const { id, nonce } = await h.sessions.create(ANN)
    const frames = Array.from({ length: 4 }, (_, i) => ({ timeMs: 255 * i, digest: String(i).repeat(64) }))
    const first = await h.sessions.commit(id, { version: 2, nonce, step: 0, frames }, ANN)
    const other = frames.map((frame) => ({ ...frame, digest: 'f'.repeat(64) }))
    const h2 = createHarness({ challenges: ['turn-left'] })
    const started = await h2.sessions.create(ANN)
    const body = { version: 2, nonce: started.nonce, step: 0, frames }
    const answers = await Promise.all(Array.from({ length: 4 }, () => h2.sessions.commit(started.id, body, ANN)))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(await codeOf(h2.sessions.commit(started.id, { ...body, frames: other }, ANN))).toBe('SESSION_USED')
    expect(first.step).toMatchObject({ index: 1, of: 1, kind: 'turn-left' })
  })

  it.each([
    ['a later step first', { step: 1 }],
    ['a step there is not', { step: 9 }],
  ])('commits of %s are refused', async (_, change) => {
    const h = createHarness({ challenges: ['turn-left'] })
    const { id, nonce } = await h.sessions.create(ANN)
    const frames = Array.from({ length: 4 }, (_, i) => ({ timeMs: 255 * i, digest: '0'.repeat(64) }))
    expect(await codeOf(h.sessions.commit(id, { version: 2, nonce, frames, ...change }, ANN))).toBe('FRAMES_INVALID')
  })

  it('a submission before the last commit is refused, and nothing is used up', async () => {
    const h = createHarness({ challenges: ['turn-left'] })
    const started = await h.sessions.create(ANN)
    expect(await codeOf(h.sessions.ready(started.id, ANN))).toBe('FRAMES_INVALID')
    const shots = await h.film(started, { upTo: 0 })
    expect(await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), ANN))).toBe('FRAMES_INVALID')
  })

  it.each([undefined, 1, 3, '2'])('a client of version %j gets a typed error', async (version) => {
    const h = createHarness({ challenges: [] })
    const started = await h.sessions.create(ANN)
    const frames: never[] = []
    const commit = { version, nonce: started.nonce, step: 0, frames, more: 1 }
    expect(await codeOf(h.sessions.commit(started.id, commit, ANN))).toBe('PROTOCOL_VERSION')
    const meta = { version, nonce: started.nonce, frames, mirrored: false }
    expect(await codeOf(h.sessions.submit(started.id, { meta, frames }, ANN))).toBe('PROTOCOL_VERSION')
  })

  it('by client key, whatever the account', async () => {
    const h = createHarness({ challenges: [], limits: { clientFailures: 3 } })
    for (let i = 0; i < 3; i++) {
      const who = { subject: `user-${i}`, clientKey: '192.0.2.1' }
      const started = await h.sessions.create(who)
      const shots = await h.film(started, { margin: -4 }, who.subject)
      h.advance(100)
      await h.sessions.submit(started.id, submissionOf(started, shots), who)
    }
    expect(await codeOf(h.sessions.create({ subject: 'user-9', clientKey: '192.0.2.1' }))).toBe('ATTEMPTS_EXCEEDED')
    expect((await h.sessions.create({ subject: 'user-9', clientKey: '192.0.2.2' })).id).toHaveLength(22)
  })

  it('success and failures of the server are not counted', async () => {
    const h = createHarness({ challenges: [], limits: { starts: 1000 } })
    for (let i = 0; i < 8; i++) expect((await run(h)).answer.verdict).toBe('live')
  })

  it('2,000 sessions from one key are cut off, and the store stays bounded', async () => {
    const store = createMemoryStore({ maxEntries: 500, now: () => clock.ms })
    const h = createHarness({ store })
    let refused = 0
    for (let i = 0; i < 2000; i++) {
      if (
        (await codeOf(h.sessions.create({ subject: `user-${i % 50}`, clientKey: '192.0.2.9' }))) === 'ATTEMPTS_EXCEEDED'
      )
        refused++
    }
    expect(refused).toBe(2000 - 60)
    expect(store.size).toBeLessThanOrEqual(500)
  })

  it('a full store never lets a session be judged twice', async () => {
    const store = createMemoryStore({ maxEntries: 400, now: () => clock.ms })
    const h = createHarness({ store, challenges: [], seenFramesTtlMs: 0, limits: { starts: 1_000_000 } })
    const { started, shots } = await run(h)
    for (let i = 0; i < 2000; i++) await codeOf(h.sessions.create({ subject: `user-${i}` }))
    const code = await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), ANN))
    expect(['SESSION_USED', 'SESSION_UNKNOWN']).toContain(code)
    expect(store.size).toBeLessThanOrEqual(400)
  })

  it('a result before the submission, and once after it', async () => {
    const h = createHarness()
    const started = await h.sessions.create(ANN)
    expect(await codeOf(h.sessions.result(started.id, ANN))).toBe('SESSION_PENDING')
    const done = await run(h)
    expect((await h.sessions.result(done.started.id, { ...ANN, consume: false })).verdict).toBe('live')
    expect((await h.sessions.result(done.started.id, ANN)).verdict).toBe('live')
    expect(await codeOf(h.sessions.result(done.started.id, ANN))).toBe('SESSION_USED')
  })

  it.each([
    ['a verdict', { verdict: 'live' }],
    ['a score', { liveProbability: 0.99 }],
    ['a challenge', { challenge: 'none' }],
    ['an operating point', { operatingPoint: 'lenient' }],
    ['mirrored, too late', { mirrored: true }],
    ['frames, too late', { frames: [] }],
    ['an unknown track setting', { track: { deviceId: 'x' } }],
    ['a long label', { track: { label: 'x'.repeat(201) } }],
    ['a polluted prototype', JSON.parse('{"__proto__": {"verdict": "live"}}')],
  ])('%s in the submission is refused, and nothing is used up', async (_, extra) => {
    const h = createHarness()
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    h.advance(100)
    const good = submissionOf(started, shots)
    expect(
      await codeOf(
        h.sessions.submit(
          started.id,
          { ...good, meta: Object.assign(Object.create(null), good.meta, ...[entries(extra)]) },
          ANN,
        ),
      ),
    ).toBe('INPUT_INVALID')
    expect((await h.sessions.submit(started.id, good, ANN)).verdict).toBe('live')
  })

  it('the clocks of client and server do not matter', async () => {
    let wall = 0
    const h = createHarness({ now: () => wall })
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    h.advance(100)
    wall += 86_400_000
    expect((await h.sessions.submit(started.id, submissionOf(started, shots), ANN)).verdict).toBe('live')
  })
})

describe('images', () => {
  it.each([
    ['no bytes', new Uint8Array(0), 'IMAGE_CORRUPT'],
    ['a PNG', Uint8Array.of(0x89, 0x50, 0x4e, 0x47), 'IMAGE_TYPE'],
    ['text', new TextEncoder().encode('<svg/>'), 'IMAGE_TYPE'],
    ['half a megabyte and a byte', new Uint8Array(512 * 1024 + 1).fill(0xff), 'BODY_TOO_LARGE'],
  ])('%s is refused before the session is used up', async (_, jpeg, code) => {
    const h = createHarness({ challenges: [] })
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    const bad = submissionOf(started, [{ ...shots[0]!, jpeg }, ...shots.slice(1)])
    expect(await codeOf(h.sessions.submit(started.id, bad, ANN))).toBe(code)
    expect((await h.sessions.submit(started.id, submissionOf(started, shots), ANN)).verdict).toBe('live')
  })

  it('long and narrow, or with more pixels than a session needs, are no camera', async () => {
    for (const [size, code] of [
      [[400, 20], 'FRAMES_INVALID'],
      [[1300, 975], 'IMAGE_TOO_LARGE'],
    ] as const) {
      const h = createHarness({ challenges: [] })
      const change = async (shots: Shot[]) => {
        const image = await load(shots[0]!.jpeg)
        const jpeg = new Uint8Array(await image.resize(size[0], size[1], { fit: 'fill' }).jpeg().toBuffer())
        return shots.map((shot) => ({ ...shot, jpeg }))
      }
      expect(await codeOf(run(h, { change }))).toBe(code)
    }
  })

  it.each([
    [[800, 320], 'read'],
    [[320, 800], 'read'],
    [[801, 320], 'FRAMES_INVALID'],
    [[320, 801], 'FRAMES_INVALID'],
    [[320, 240], 'read'],
    [[319, 240], 'FRAMES_INVALID'],
    [[1280, 720], 'read'],
    [[1281, 720], 'IMAGE_TOO_LARGE'],
    [[720, 1281], 'IMAGE_TOO_LARGE'],
  ] as const)('of %j pixels are %s', async ([width, height], expected) => {
    const decode = async () => ({ frame: syntheticFrame('white', width, height) })
    const h = createHarness({ challenges: [], decode })
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    h.advance(100)
    const code = await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), ANN))
    expect(code.startsWith('resolved') ? 'read' : code).toBe(expected)
  })

  it('of several sizes, or too small, are no camera', async () => {
    const h = createHarness()
    const started = await h.sessions.create(ANN)
    const change = async (shots: Shot[], step: number) => {
      if (step !== 1) return shots
      const small = new Uint8Array(await (await load(shots[1]!.jpeg)).resize(300, 225).jpeg().toBuffer())
      return shots.map((shot, i) => (i === 1 ? { ...shot, jpeg: small } : shot))
    }
    const mixed = await h.film(started, { change })
    expect(await codeOf(h.sessions.submit(started.id, submissionOf(started, mixed), ANN))).toBe('FRAMES_INVALID')
    // It was judged in part: used up, and the backend reads that nothing was found out.
    expect(await h.sessions.result(started.id, ANN)).toMatchObject({
      verdict: 'not-checked',
      code: 'NOT_CHECKED',
      reasons: ['unavailable'],
    })
  })
})

describe('the client', () => {
  it('is never told a score, whatever the verdict', async () => {
    const h = createHarness({ challenges: [] })
    const answers = [
      await run(h),
      await run(h, { margin: -4 }),
      await run(h, { margin: 0.1 }),
      await run(h, { change: (shots) => shots.map((shot) => ({ ...shot, timeMs: shot.timeMs + 60_000 })) }),
    ]
    expect(answers.map(({ answer }) => answer.verdict)).toEqual(['live', 'spoof', 'live', 'retry'])
    for (const { answer, started } of answers) {
      expect(JSON.stringify([answer, started])).not.toMatch(/prob|score|logit|threshold|stability|margin/i)
    }
  })
})

describe('options', () => {
  const liveness = { checkSequence: async () => ({}) as never }
  const good = { liveness, decode: async () => ({}) as never, landmarker: null }
  it.each([
    [{ ttl: 1 }],
    [{ ttlMs: 1 }],
    [{ ttlMs: '120000' }],
    [{ challenges: ['none'] }],
    [{ steps: 4 }],
    [{ onReference: 1 }],
    [{ challenges: ['smile'] }],
    [{ operatingPoint: 0.5 }],
    [{ secret: 'short' }],
    [{ capture: { holdFrames: 1 } }],
    [{ capture: { frames: 3 } }],
    [{ limits: { failures: 0 } }],
    [{ limits: { fails: 1 } }],
    [{ injectionBound: Number.NaN }],
    [{ signer: Promise.resolve() }],
    [{ liveness: {} }],
    [{ decode: undefined }],
  ])('%j is refused at creation', (bad) => {
    expect(() => createSessions({ ...good, ...(bad as object) })).toThrowError(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })
})

async function load(jpeg: Uint8Array) {
  return raw(await fromJpeg(jpeg))
}

function mirrored<F extends { keyPoints: unknown }>(face: F, width: number): F {
  const { rightEye, leftEye, nose, mouth } = face.keyPoints as Record<string, { x: number; y: number }>
  const flip = ({ x, y }: { x: number; y: number }) => ({ x: width - x, y })
  return {
    ...face,
    keyPoints: { rightEye: flip(leftEye!), leftEye: flip(rightEye!), nose: flip(nose!), mouth: flip(mouth!) },
  }
}

/** Found, but smaller than the model's card accepts. */
function tiny(face: Face): Face {
  return { ...face, box: box(face.box.x, face.box.y, 20, 20) }
}

/** Own properties, `__proto__` among them. */
function entries(extra: object): object {
  return Object.fromEntries(Object.entries(extra))
}
