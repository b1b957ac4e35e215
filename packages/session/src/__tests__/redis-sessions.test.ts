/** Sessions of two processes over one Redis, through its outages. */

import { hasRedis, RedisServer } from '@unspoof/test-utils/redis-server'
import type { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTokenSigner, createTokenVerifier, generateTokenKeys } from '../index.ts'
import { createRedisStore } from '../redis.ts'
import { codeOf, createHarness, type Film, type Harness, type Shot, submissionOf } from './harness.ts'

const secret = 'a secret of both processes, 32 bytes or more'
const ANN = { subject: 'ann' }

/** Two servers as an application runs them, with a connection each. */
interface Pair {
  readonly one: Harness
  readonly two: Harness
}

describe.skipIf(!hasRedis)('two processes, one Redis', () => {
  let server: RedisServer
  let clients: Redis[]
  let pair: Pair

  beforeEach(async () => {
    server = await RedisServer.start()
    clients = [await server.connected(), await server.connected()]
    const [one, two] = clients.map((client) =>
      createHarness({
        store: createRedisStore(client),
        secret,
        challenges: [],
        limits: { starts: 1000 },
        now: () => Date.now(),
      }),
    )
    pair = { one: one!, two: two! }
  })
  afterEach(() => server.stop())

  /** The last frame cannot be from the future: at most 250 ms are allowed for. */
  const real = async (shots: readonly Shot[]): Promise<Shot[]> => {
    await new Promise((resolve) => setTimeout(resolve, 200))
    return shots.map((shot, i) => ({ ...shot, timeMs: i * 110 }))
  }

  /** Films with times that the real clock of Redis allows. */
  async function begin({ one, two }: Pair, who = ANN, film: Film = {}) {
    const started = await one.sessions.create(who)
    const shots = await one.film(started, { ...film, change: real }, who.subject)
    for (const { jpeg } of shots) two.know(jpeg, one.knownOf(jpeg))
    return { started, submission: submissionOf(started, shots) }
  }

  it('a session started on one is finished on the other, and its result is read on the first', async () => {
    const { started, submission } = await begin(pair)
    expect(await pair.two.sessions.submit(started.id, submission, ANN)).toMatchObject({ verdict: 'live' })
    expect(await pair.one.sessions.result(started.id, ANN)).toMatchObject({ verdict: 'live' })
    expect(await codeOf(pair.two.sessions.result(started.id, ANN))).toBe('SESSION_USED')
  })

  it('frames of a session on one are known on the other', async () => {
    const first = await begin(pair)
    await pair.one.sessions.submit(first.started.id, first.submission, ANN)
    const started = await pair.two.sessions.create(ANN)
    const change = (shots: readonly Shot[]) =>
      real(shots.map((shot, i) => ({ ...shot, jpeg: first.submission.frames[i]! })))
    const shots = await pair.two.film(started, { change })
    expect((await pair.two.sessions.submit(started.id, submissionOf(started, shots), ANN)).reasons).toContain(
      'frames-seen-before',
    )
  })

  it('100 submissions at once of each of 50 sessions, over both: 50 results', { timeout: 120_000 }, async () => {
    const codes: string[] = []
    for (let i = 0; i < 50; i++) {
      const who = { subject: `user-${i}` }
      const { started, submission } = await begin(pair, who, { scene: { room: i, person: i } })
      const answers = Array.from({ length: 100 }, (_, k) => {
        const { sessions } = k % 2 === 0 ? pair.one : pair.two
        return codeOf(sessions.submit(started.id, submission, who))
      })
      codes.push(...(await Promise.all(answers)).map((code) => code.replace(/^resolved.*"verdict":"(\w+)".*/, '$1')))
    }
    const count = (code: string) => codes.filter((one) => one === code).length
    expect({ live: count('live'), used: count('SESSION_USED') }).toEqual({ live: 50, used: 50 * 99 })
    expect(pair.one.judged.length + pair.two.judged.length).toBe(50 * 4)
  })

  it('a token passes once, wherever it is verified', async () => {
    const { privateKey, publicKey } = await generateTokenKeys('ES256')
    const signer = await createTokenSigner({
      key: privateKey,
      kid: publicKey.kid!,
      algorithm: 'ES256',
      issuer: 'i',
      audience: 'a',
    })
    const signing = createHarness({
      store: createRedisStore(clients[0]!),
      secret,
      challenges: [],
      signer,
      now: () => Date.now(),
    })
    const { started, submission } = await begin({ one: signing, two: signing })
    const { token } = await signing.sessions.submit(started.id, submission, ANN)
    const verifiers = await Promise.all(
      clients.map((client) =>
        createTokenVerifier({ keys: [publicKey], issuer: 'i', audience: 'a', store: createRedisStore(client) }),
      ),
    )
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => codeOf(verifiers[i % 2]!.verify(token!, ANN))),
    )
    expect(answers.filter((code) => code.startsWith('resolved'))).toHaveLength(1)
    expect(answers.filter((code) => code === 'TOKEN_INVALID')).toHaveLength(39)
    expect(await codeOf(signing.sessions.result(started.id, ANN))).toBe('SESSION_USED')
  })

  describe('Redis', () => {
    /** A second on a quiet machine (docs/benchmarks/reliability.md); here it must only not hang. */
    const SOON_MS = 10_000

    async function unavailable(actions: (() => Promise<unknown>)[]): Promise<void> {
      for (const action of actions) {
        const began = performance.now()
        expect(await codeOf(action())).toBe('STORE_UNAVAILABLE')
        expect(performance.now() - began).toBeLessThan(SOON_MS)
      }
    }

    async function recovers(): Promise<void> {
      const began = performance.now()
      while ((await codeOf(pair.one.sessions.create({ subject: 'recovery' }))) === 'STORE_UNAVAILABLE') {
        expect(performance.now() - began).toBeLessThan(SOON_MS)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }

    it('frozen and thawed: 503 soon, and the session is judged at most once', async () => {
      const { started, submission } = await begin(pair)
      const other = await begin(pair)
      await pair.one.sessions.submit(other.started.id, other.submission, ANN)
      server.freeze()
      await unavailable([
        () => pair.one.sessions.create(ANN),
        () => pair.one.sessions.submit(started.id, submission, ANN),
        () => pair.two.sessions.submit(other.started.id, other.submission, ANN),
        () => pair.two.sessions.result(other.started.id, ANN),
      ])
      server.thaw()
      await recovers()
      const codes = [
        await codeOf(pair.one.sessions.submit(started.id, submission, ANN)),
        await codeOf(pair.two.sessions.submit(started.id, submission, ANN)),
      ]
      expect(codes.filter((code) => code.includes('"live"')).length).toBeLessThanOrEqual(1)
      expect(await codeOf(pair.two.sessions.submit(other.started.id, other.submission, ANN))).toBe('SESSION_USED')
    })

    it('killed while judging: no verdict that the backend could not read', async () => {
      const { started, submission } = await begin(pair)
      let reached = (): void => {}
      const judging = new Promise<void>((resolve) => {
        reached = resolve
      })
      let goOn = (): void => {}
      const killed = new Promise<void>((resolve) => {
        goOn = resolve
      })
      const slow = createHarness(
        { store: createRedisStore(clients[0]!), secret, challenges: [] },
        {
          score: async (_, boxes) => {
            reached()
            await killed
            return { margins: boxes.map(() => 4), timings: { crop: 0, model: 0 } }
          },
        },
      )
      for (const jpeg of submission.frames) slow.know(jpeg, pair.one.knownOf(jpeg))
      const answer = codeOf(slow.sessions.submit(started.id, submission, ANN))
      await judging
      await server.kill()
      goOn()
      expect(await answer).toBe('STORE_UNAVAILABLE')
    })

    it('killed, and back empty: 503, then unknown sessions, then good ones', async () => {
      const { started, submission } = await begin(pair)
      const used = await begin(pair)
      await pair.one.sessions.submit(used.started.id, used.submission, ANN)
      await server.kill()
      await unavailable([
        () => pair.one.sessions.create(ANN),
        () => pair.two.sessions.submit(started.id, submission, ANN),
        () => pair.two.sessions.result(used.started.id, ANN),
      ])
      await server.restart()
      await recovers()
      expect(await codeOf(pair.one.sessions.submit(used.started.id, used.submission, ANN))).toBe('SESSION_UNKNOWN')
      expect(await codeOf(pair.two.sessions.submit(started.id, submission, ANN))).toBe('SESSION_UNKNOWN')
      const again = await begin(pair)
      expect((await pair.two.sessions.submit(again.started.id, again.submission, ANN)).verdict).toBe('live')
    })

    it('gone, with a client that queues commands: still 503 soon', async () => {
      const client = await server.connected({ enableOfflineQueue: true, maxRetriesPerRequest: null })
      const patient = createHarness({ store: createRedisStore(client), secret })
      await server.kill()
      await unavailable([() => patient.sessions.create(ANN)])
    })

    it('counters outlive the servers of the application', async () => {
      for (let i = 0; i < 5; i++) {
        const { started, submission } = await begin(pair, ANN, { margin: -4 })
        expect((await pair.one.sessions.submit(started.id, submission, ANN)).verdict).toBe('spoof')
      }
      const restarted = createHarness({ store: createRedisStore(await server.connected()), secret })
      expect(await codeOf(restarted.sessions.create(ANN))).toBe('ATTEMPTS_EXCEEDED')
    })
  })

  it('what Redis holds tells no account and no picture', async () => {
    const { started, submission } = await begin(pair, { subject: 'ann@account.invalid' })
    await pair.one.sessions.submit(started.id, submission, { subject: 'ann@account.invalid', clientKey: '192.0.2.77' })
    const dump: string[] = []
    for (const key of await clients[0]!.keys('*')) {
      dump.push(key)
      if ((await clients[0]!.type(key)) === 'list') dump.push(...(await clients[0]!.lrange(key, 0, -1)))
      else dump.push((await clients[0]!.get(key)) ?? '')
    }
    expect(dump.length).toBeGreaterThan(20)
    expect(dump.join('\n')).not.toMatch(/account\.invalid|192\.0|JFIF/)
    expect(Math.max(...dump.map((text) => text.length))).toBeLessThan(1500)
  })
})
