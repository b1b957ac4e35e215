/** Whatever breaks, no session says `live`; and clocks that jump. */
import { createFrame, LivenessError, reason, type SequenceResult } from '@unspoof/core'
import { syntheticFrame } from '@unspoof/core/testing'
import { describe, expect, it } from 'vitest'
import {
  createMemoryStore,
  createTokenSigner,
  createTokenVerifier,
  generateTokenKeys,
  type SessionsOptions,
  type Store,
} from '../index.ts'
import { issueToken } from '../testing.ts'
import { clock, codeOf, createHarness, submissionOf } from './harness.ts'
import { fromJpeg } from './scene.ts'

const ANN = { subject: 'ann' }

async function outcome(options: Partial<SessionsOptions>, model = {}): Promise<{ code: string; result: string }> {
  const h = createHarness({ challenges: [], ...options }, model)
  const started = await h.sessions.create(ANN)
  const shots = await h.film(started)
  h.advance(100)
  const code = await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), ANN))
  return { code, result: await codeOf(h.sessions.result(started.id, ANN)) }
}

/** A sequence that says `live` in every way but the given one. */
function lie(change: (good: SequenceResult) => object): Partial<SessionsOptions> {
  return {
    liveness: {
      async checkSequence(frames, options) {
        const results: SequenceResult['results'][number][] = []
        for await (const _ of frames) {
          const result = {
            verdict: 'live',
            code: 'LIVE',
            liveProbability: 0.99,
            stability: 1,
            reasons: [],
            hint: '',
            face: null,
            faces: [],
            signals: null,
            model: [{ id: 'pad', version: '1', variant: 'fp32' }],
            operatingPoint: { name: options!.operatingPoint as 'balanced', threshold: 0.5 },
            timings: { decode: 0, detect: 0, quality: 0, crop: 0, model: 0, total: 0 },
            image: null,
          } as const
          results.push(result)
          options!.onFrame!(result, results.length - 1)
        }
        const good: SequenceResult = {
          verdict: 'live',
          liveProbability: 0.99,
          reasons: [],
          hint: '',
          frames: { read: 4, judged: 4, repeated: 0 },
          results,
        }
        return { ...good, ...change(good) }
      },
    },
  }
}

describe('a sequence that only claims to be live', () => {
  it('passes where it is (the lie below is the only difference)', async () => {
    expect((await outcome(lie(() => ({})))).code).toContain('"verdict":"live"')
  })

  it.each([
    ['a probability of 1', 1, 0.5],
    ['a probability at the threshold', 0.5, 0.5],
  ])('passes with %s', async (_, liveProbability, threshold) => {
    const change = ({ results }: SequenceResult) => ({
      liveProbability,
      results: results.map((r) => ({ ...r, operatingPoint: { ...r.operatingPoint, threshold } })),
    })
    expect((await outcome(lie(change))).code).toContain('"verdict":"live"')
  })

  it.each([
    [
      'with a threshold of 1, and 1',
      (g: SequenceResult) => ({
        liveProbability: 1,
        results: g.results.map((r) => ({ ...r, operatingPoint: { ...r.operatingPoint, threshold: 1 } })),
      }),
    ],
    ['without a probability', () => ({ liveProbability: null })],
    ['with NaN', () => ({ liveProbability: Number.NaN })],
    ['with Infinity', () => ({ liveProbability: Number.POSITIVE_INFINITY })],
    ['with 1.01', () => ({ liveProbability: 1.01 })],
    ['with text', () => ({ liveProbability: '0.99' })],
    ['below the threshold', () => ({ liveProbability: 0.49 })],
    [
      'with a threshold of NaN',
      (g: SequenceResult) => ({
        results: g.results.map((r) => ({ ...r, operatingPoint: { ...r.operatingPoint, threshold: Number.NaN } })),
      }),
    ],
    [
      'with a threshold of 0',
      (g: SequenceResult) => ({
        results: g.results.map((r) => ({ ...r, operatingPoint: { ...r.operatingPoint, threshold: 0 } })),
      }),
    ],
    [
      'at another operating point',
      (g: SequenceResult) => ({
        results: g.results.map((r) => ({ ...r, operatingPoint: { name: 'lenient', threshold: 0.2 } })),
      }),
    ],
    [
      'with no judged frame',
      (g: SequenceResult) => ({ results: g.results.map((r) => ({ ...r, liveProbability: null })) }),
    ],
    ['with too few frames', (g: SequenceResult) => ({ results: g.results.slice(0, 2) })],
    ['with no results', () => ({ results: [] })],
    ['by no model', (g: SequenceResult) => ({ results: g.results.map((r) => ({ ...r, model: [] })) })],
    ['with a verdict nobody knows', () => ({ verdict: 'LIVE' })],
    ['with no verdict', () => ({ verdict: undefined })],
  ])('%s is not', async (_, change) => {
    const { code, result } = await outcome(lie(change as never))
    expect(code).not.toContain('"live"')
    expect(result).not.toContain('"verdict":"live"')
  })

  it('without reading the frames is not', async () => {
    const liveness: SessionsOptions['liveness'] = {
      checkSequence: async () => ({
        verdict: 'live',
        liveProbability: 0.99,
        reasons: [],
        hint: '',
        frames: { read: 0, judged: 0, repeated: 0 },
        results: [],
      }),
    }
    expect((await outcome({ liveness })).code).not.toContain('"live"')
  })

  it('that read all frames but one is asked to try again', async () => {
    const honest = lie(() => ({})).liveness!
    const liveness: SessionsOptions['liveness'] = {
      async checkSequence(frames, options) {
        async function* butOne() {
          let read = 0
          for await (const frame of frames) {
            yield frame
            if (++read === 3) return
          }
        }
        return honest.checkSequence(butOne(), options)
      },
    }
    const { code } = await outcome({ liveness })
    expect(code).toContain('"verdict":"retry"')
    expect(code).toContain('"reasons":["timed-out"]')
  })

  it.each([
    [['blurred']],
    [['too-dark', 'blurred']],
    // Some reasons come once for every frame.
    [['too-dark', 'too-dark', 'blurred']],
  ] as const)(
    'that asks to try again for %j is told each reason once, and what to do about the first',
    async (codes) => {
      const options = lie(() => ({ verdict: 'retry', reasons: codes.map((code) => reason(code)) }))
      const { code } = await outcome(options)
      const answer = JSON.parse(code.slice('resolved: '.length))
      expect(answer).toEqual({
        verdict: 'retry',
        code: 'RETRY',
        reasons: [...new Set(codes)],
        hint: reason(codes[0]).hint,
      })
    },
  )

  it('of pictures that are none of a camera is told the first reason', async () => {
    const reasons = [undefined, 'transparent-image', 'image-too-small', undefined] as const
    let decoded = 0
    const decode: SessionsOptions['decode'] = async (jpeg) => {
      const code = reasons[decoded++]
      return { frame: await fromJpeg(jpeg), reasons: code === undefined ? [] : [reason(code)] }
    }
    const { code } = await outcome({ ...lie(() => ({})), decode })
    expect(code).toContain('"reasons":["transparent-image"]')
  })

  it.each([
    ['first', [640, 641, 641, 641], [480, 480, 480, 480]],
    ['second', [640, 640, 640, 640], [480, 481, 480, 480]],
    ['last', [640, 640, 640, 641], [480, 480, 480, 480]],
  ])('of pictures of which the %s has another size is refused', async (_, widths, heights) => {
    let decoded = 0
    const decode: SessionsOptions['decode'] = async () => {
      const i = decoded++
      return { frame: syntheticFrame('white', widths[i]!, heights[i]!) }
    }
    expect((await outcome({ ...lie(() => ({})), decode })).code).toBe('FRAMES_INVALID')
  })

  it('of pictures that give no frame is refused', async () => {
    const decode: SessionsOptions['decode'] = async () => ({ frame: undefined, reasons: [reason('animated-image')] })
    expect((await outcome({ ...lie(() => ({})), decode })).code).toBe('FRAMES_INVALID')
  })

  it('without faces fails an active challenge', async () => {
    const { code } = await outcome({ ...lie(() => ({})), challenges: ['turn-left'] })
    expect(code).toContain('challenge-failed')
  })
})

describe('models and decoders that fail', () => {
  const score = (margins: (boxes: readonly unknown[]) => unknown) => ({
    score: async (_: unknown, boxes: readonly unknown[]) => ({
      margins: margins(boxes),
      timings: { crop: 0, model: 0 },
    }),
  })
  it.each([
    ['the model throws', {}, { score: () => Promise.reject(new Error('boom')) }],
    ['the model answers NaN', {}, score((boxes) => boxes.map(() => Number.NaN))],
    ['the model answers Infinity', {}, score((boxes) => boxes.map(() => Number.POSITIVE_INFINITY))],
    ['the model answers nothing', {}, score(() => [])],
    ['the model answers too few', {}, score((boxes) => boxes.slice(1).map(() => 4))],
    ['the decoder throws', { decode: () => Promise.reject(new LivenessError('IMAGE_CORRUPT', 'Broken.')) }, {}],
    ['the decoder gives no pixels', { decode: async () => ({ frame: undefined }) }, {}],
    [
      'the decoder gives other pixels',
      {
        decode: async () => ({ frame: createFrame({ data: new Uint8Array(336 * 252 * 3), width: 336, height: 252 }) }),
      },
      {},
    ],
    ['the check hangs', { submitTimeoutMs: 100 }, { score: () => new Promise(() => {}) }],
  ])('%s', async (_, options, model) => {
    const { code, result } = await outcome(options as never, model)
    expect(code).not.toContain('"live"')
    expect(result).not.toContain('"verdict":"live"')
  })

  it('a hanging check is given up with CHECK_TIMEOUT, and the person is not blamed', async () => {
    const h = createHarness(
      { challenges: [], submitTimeoutMs: 100, limits: { starts: 100 } },
      { score: () => new Promise(() => {}) },
    )
    for (let i = 0; i < 7; i++) {
      const started = await h.sessions.create(ANN)
      const shots = await h.film(started)
      h.advance(100)
      expect(await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), ANN))).toBe('CHECK_TIMEOUT')
      expect(await h.sessions.result(started.id, ANN)).toMatchObject({ verdict: 'not-checked' })
    }
  })

  it.each([
    ['the server that is set up wrongly', 'OPTION_INVALID', 500, false],
    ['the server that is missing something', 'MODEL_UNAVAILABLE', 503, false],
    ['who sends bad pictures', 'IMAGE_CORRUPT', 422, true],
    ['who leaves', 'ABORTED', 499, true],
  ] as const)('%s is blamed for %s (%i)', async (_, code, status, counted) => {
    const failure = new LivenessError(code, 'No.')
    expect(failure.status).toBe(status)
    const h = createHarness({ challenges: [], limits: { failures: 1 }, decode: () => Promise.reject(failure) })
    const started = await h.sessions.create(ANN)
    const submission = submissionOf(started, await h.film(started))
    h.advance(100)
    expect(await codeOf(h.sessions.submit(started.id, submission, ANN))).toBe(code)
    const next = await codeOf(h.sessions.create(ANN))
    expect(next.startsWith('resolved') ? 'may go on' : next).toBe(counted ? 'ATTEMPTS_EXCEEDED' : 'may go on')
  })

  it('after OVERLOADED the same frames may come again', async () => {
    let busy = true
    const h = createHarness(
      { challenges: [] },
      {
        score: async (_, boxes) => {
          if (busy) throw new LivenessError('OVERLOADED', 'Busy.', { retryAfter: 1 })
          return { margins: boxes.map(() => 4), timings: { crop: 0, model: 0 } }
        },
      },
    )
    const started = await h.sessions.create(ANN)
    const submission = submissionOf(started, await h.film(started))
    h.advance(100)
    expect(await codeOf(h.sessions.submit(started.id, submission, ANN))).toBe('OVERLOADED')
    busy = false
    expect((await h.sessions.submit(started.id, submission, ANN)).verdict).toBe('live')
  })

  it('a caller that leaves gets no verdict, and the session is used up', async () => {
    const left = new AbortController()
    const judging = (): Promise<never> => {
      left.abort()
      return new Promise(() => {})
    }
    const h = createHarness({ challenges: [] }, { score: judging })
    const started = await h.sessions.create(ANN)
    const submission = submissionOf(started, await h.film(started))
    h.advance(100)
    const answer = codeOf(h.sessions.submit(started.id, submission, { ...ANN, signal: left.signal }))
    expect(await answer).toBe('ABORTED')
    expect(await codeOf(h.sessions.submit(started.id, submission, ANN))).toBe('SESSION_USED')
  })
})

describe('a landmarker', () => {
  it('that finds no mesh asks for other movements', async () => {
    let asked = 0
    const locate = async () => {
      asked++
      return undefined
    }
    const { code } = await outcome({ challenges: ['turn-left'], landmarker: { locate } })
    expect(code).toContain('"verdict":"retry"')
    expect(asked).toBeGreaterThan(7)
  })

  it('that fails gives no verdict', async () => {
    const locate = () => Promise.reject(new LivenessError('MODEL_OUTPUT', 'No landmarks.'))
    const { code, result } = await outcome({ challenges: ['turn-left'], landmarker: { locate } })
    expect(code).toBe('MODEL_OUTPUT')
    expect(result).toContain('not-checked')
  })
})

describe('stores that answer garbage', () => {
  const broken = (change: Partial<Store>): Store => {
    const store = createMemoryStore({ now: () => clock.ms })
    return Object.assign(Object.create(store) as Store, {
      shared: false,
      ...Object.fromEntries(
        (['get', 'set', 'add', 'take', 'delete', 'increment', 'append', 'members', 'close'] as const).map((name) => [
          name,
          store[name].bind(store),
        ]),
      ),
      ...change,
    })
  }
  it.each(['', 'null', '[]', '{}', '{"subject":1}', 'not json', '{"verdict":"live"}', 'AAAA.AAAA'])(
    '%j as a session',
    async (value) => {
      const h = createHarness({ store: broken({ get: async () => ({ value, expiresInMs: 700_000 }) }) })
      const submission = { meta: { version: 2, nonce: 'x' }, frames: [] }
      expect(await codeOf(h.sessions.submit('AAAAAAAAAAAAAAAAAAAAAA', submission, ANN))).toBe('STORE_UNAVAILABLE')
    },
  )

  describe('while it is noted that nothing could be judged', () => {
    const corrupt = (): Promise<never> => Promise.reject(new LivenessError('IMAGE_CORRUPT', 'Broken.'))
    const submitTo = async (set: Store['set']): Promise<string> => {
      let judging = false
      const store = broken({})
      const own = store.set
      Object.assign(store, { set: (...args: Parameters<Store['set']>) => (judging ? set : own)(...args) })
      const h = createHarness({ store, challenges: [], decode: corrupt })
      const started = await h.sessions.create(ANN)
      const submission = submissionOf(started, await h.film(started))
      h.advance(100)
      judging = true
      const answer = await codeOf(h.sessions.submit(started.id, submission, ANN))
      expect(await codeOf(h.sessions.submit(started.id, submission, ANN))).toBe('SESSION_USED')
      return answer
    }

    it('tell of the first failure, not that they failed as well', async () => {
      expect(await submitTo(() => Promise.reject(new LivenessError('STORE_UNAVAILABLE', 'Gone.')))).toBe(
        'IMAGE_CORRUPT',
      )
    })

    it('hide no mistake of their own', async () => {
      expect(await submitTo(() => Promise.reject(new TypeError('x is not a function')))).toBe(
        'TypeError: x is not a function',
      )
    })
  })

  it('forged results are not read', async () => {
    const store = createMemoryStore({ now: () => clock.ms })
    const h = createHarness({ store, challenges: [] })
    const started = await h.sessions.create(ANN)
    for (const forged of ['{"verdict":"live"}', '{"verdict":"live","code":"SPOOF","reasons":[]}', '"live"']) {
      await store.set(`result:${started.id}`, forged, 60_000)
      expect(await codeOf(h.sessions.result(started.id, ANN))).toBe('STORE_UNAVAILABLE')
    }
  })
})

describe('clocks that jump', () => {
  it('the wall clock ends and revives no session', async () => {
    let wall = 1_800_000_000_000
    const h = createHarness({ now: () => wall, challenges: [] })
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    wall += 3600_000
    h.advance(100)
    expect((await h.sessions.submit(started.id, submissionOf(started, shots), ANN)).verdict).toBe('live')
    const late = await h.sessions.create(ANN)
    const lateShots = await h.film(late)
    wall -= 2 * 3600_000
    h.advance(60_001)
    expect(await codeOf(h.sessions.submit(late.id, submissionOf(late, lateShots), ANN))).toBe('SESSION_EXPIRED')
    expect(await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), ANN))).toBe('SESSION_USED')
  })

  it("a suspended machine: the store's clock decides", async () => {
    const h = createHarness({ challenges: [] })
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    h.advance(3_600_000)
    expect(await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), ANN))).toBe('SESSION_UNKNOWN')
  })

  it('a token of a server whose clock is an hour off is refused, and five seconds are fine', async () => {
    const { privateKey, publicKey } = await generateTokenKeys()
    const signer = await createTokenSigner({ key: privateKey, kid: publicKey.kid!, issuer: 'i', audience: 'a' })
    let n = 0
    const store = createMemoryStore()
    const sign = (seconds: number) =>
      issueToken(
        { signer, store },
        {
          sub: 'ann',
          jti: `jti-${n++}`,
          sid: 's',
          nonce: 'n',
          operatingPoint: 'balanced',
          steps: [],
          models: [{ id: 'pad', version: '1' }],
          image: '0'.repeat(64),
        },
        seconds,
      )
    const verifier = await createTokenVerifier({
      keys: [publicKey],
      issuer: 'i',
      audience: 'a',
      store,
      now: () => 1_800_000_000_000,
    })
    for (const off of [-3600, 3600, -126, 6])
      expect(await codeOf(verifier.verify(await sign(1_800_000_000 + off), ANN))).toBe('TOKEN_INVALID')
    for (const off of [-124, 0, 5])
      expect((await verifier.verify(await sign(1_800_000_000 + off), ANN)).sub).toBe('ann')
  })
})
