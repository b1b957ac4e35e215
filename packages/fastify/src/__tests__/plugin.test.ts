/** livenessPlugin(): which routes are checked, and that none which asks for it is left out. */
import { fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import fastify, { type FastifyInstance } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { assertLive, livenessPlugin, type ResultEvent, requireLive } from '../index.ts'

const live = picture('live')
const spoof = picture('spoof')
const ASKS = { config: { liveness: true } }
const options = () => ({ liveness: fakeLiveness() })

describe('livenessPlugin', () => {
  let app: FastifyInstance
  afterEach(() => app.close())

  async function statuses(url = '/login'): Promise<number[]> {
    const send = (payload: Buffer | string, type: string) =>
      app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload })
    const answers = [
      await send(live, 'image/jpeg'),
      await send(spoof, 'image/jpeg'),
      await send('{}', 'application/json'),
    ]
    return answers.map(({ statusCode }) => statusCode)
  }
  const GUARDED = [200, 403, 400]
  const handler = async () => ({ ok: true })

  test.each<[string, (app: FastifyInstance) => unknown]>([
    [
      'after an awaited registration',
      async (a) => {
        await a.register(livenessPlugin, options())
        a.post('/login', ASKS, handler)
      },
    ],
    [
      'after a registration that is not awaited',
      (a) => {
        a.register(livenessPlugin, options())
        a.post('/login', ASKS, handler)
      },
    ],
    [
      'before the registration',
      async (a) => {
        a.post('/login', ASKS, handler)
        await a.register(livenessPlugin, options())
      },
    ],
    [
      'in a child of the context that has the plugin',
      (a) => {
        a.register(livenessPlugin, options())
        a.register(async (child) => child.post('/login', ASKS, handler))
      },
    ],
    [
      'in a context of its own, with the plugin',
      (a) =>
        a.register(async (child) => {
          await child.register(livenessPlugin, options())
          child.post('/login', ASKS, handler)
        }),
    ],
    [
      'that says nothing, with global',
      (a) => {
        a.register(livenessPlugin, { ...options(), global: true, required: true })
        a.post('/login', handler)
      },
    ],
  ])('checks a route %s', async (_, build) => {
    app = fastify()
    await build(app)
    await app.ready()
    expect(await statuses()).toEqual(GUARDED)
  })

  test.each<[string, (app: FastifyInstance) => unknown]>([
    ['without the plugin', (a) => a.post('/login', ASKS, handler)],
    [
      'in the parent of the context that has it',
      (a) => {
        a.register(async (child) => void child.register(livenessPlugin, options()))
        a.post('/login', ASKS, handler)
      },
    ],
    [
      'beside the context that has it',
      (a) => {
        a.register(async (child) => void child.register(livenessPlugin, options()))
        a.register(async (child) => void child.post('/login', ASKS, handler))
      },
    ],
    [
      'in a child that was made before it',
      (a) => {
        a.register(async (child) => void child.post('/login', ASKS, handler))
        a.register(livenessPlugin, options())
      },
    ],
    ...(['required', null, undefined, 1] as unknown[]).map((value): [string, (a: FastifyInstance) => unknown] => [
      `with ${value} in its config`,
      async (a) => {
        await a.register(livenessPlugin, options())
        a.post('/login', { config: { liveness: value as true } }, handler)
      },
    ]),
  ])('stops the start for a route %s', async (_, build) => {
    app = fastify()
    await expect(
      (async () => {
        await build(app)
        await app.ready()
      })(),
    ).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  test('leaves routes alone that ask for nothing, or say no', async () => {
    app = fastify()
    app.register(livenessPlugin, { ...options(), global: true })
    app.post('/off', { config: { liveness: false } }, handler)
    app.get('/get', handler)
    await app.ready()
    expect((await app.inject({ method: 'POST', url: '/off', payload: {} })).statusCode).toBe(200)
    expect((await app.inject('/get')).statusCode).toBe(200)
    expect((await app.inject({ method: 'POST', url: '/nowhere', payload: {} })).statusCode).toBe(404)
  })

  test('options that a route leaves undefined are those of the plugin', async () => {
    app = fastify()
    const liveness = fakeLiveness()
    app.register(livenessPlugin, { liveness, operatingPoint: 'strict' })
    app.post('/login', { config: { liveness: { operatingPoint: undefined, required: undefined } } }, handler)
    await app.ready()
    expect(await statuses()).toEqual(GUARDED)
    expect(liveness.calls[0]).toMatchObject({ options: { operatingPoint: 'strict' } })
  })

  test('requireLive refuses what was not judged live, with and without the plugin', async () => {
    app = fastify()
    app.post('/bare', { preHandler: requireLive }, handler)
    app.register(livenessPlugin, options())
    app.post('/login', { config: { liveness: { required: false } }, preHandler: requireLive }, async (request) => {
      assertLive(request)
      return { verdict: request.liveness.verdict }
    })
    await app.ready()
    expect((await app.inject({ method: 'POST', url: '/bare', payload: {} })).statusCode).toBe(403)
    expect(await statuses()).toEqual([200, 403, 403])
  })

  test('an injected request that is refused unread leaves nothing behind that throws', async () => {
    app = fastify()
    app.register(livenessPlugin, options())
    app.post('/login', ASKS, handler)
    const thrown: unknown[] = []
    const note = (error: unknown) => void thrown.push(error)
    process.on('uncaughtException', note)
    const answer = await app.inject({
      method: 'POST',
      url: '/login',
      headers: { 'content-type': 'text/plain' },
      payload: 'x',
    })
    await new Promise((resolve) => setTimeout(resolve, 1200))
    process.off('uncaughtException', note)
    expect([answer.statusCode, answer.json().error.code, thrown]).toEqual([400, 'IMAGE_MISSING', []])
  })

  test('tells of every decision, with the id that the request came with', async () => {
    app = fastify()
    const events: ResultEvent[] = []
    app.register(livenessPlugin, { ...options(), onResult: (event: ResultEvent) => void events.push(event) })
    app.post('/login', ASKS, handler)
    const send = (payload: Buffer, id: string) =>
      app.inject({
        method: 'POST',
        url: '/login',
        headers: { 'content-type': 'image/jpeg', 'x-request-id': id },
        payload,
      })
    await send(live, 'a')
    const refused = await send(spoof, 'b')
    expect(events).toMatchObject([
      { verdict: 'live', code: 'LIVE', passed: true, ms: expect.any(Number) },
      { verdict: 'spoof', code: 'SPOOF', passed: false },
    ])
    expect(refused.headers['x-request-id']).toBe(events[1]!.requestId)
    expect(JSON.stringify(events)).not.toMatch(/robability|sha256/)
  })

  test('warmUp loads the models before the application listens, or stops the start', async () => {
    let loads = 0
    const counted = () => {
      loads++
      return fakeLiveness()
    }
    app = fastify()
    app.register(livenessPlugin, { warmUp: true, liveness: counted })
    await app.ready()
    expect(loads).toBe(1)
    await app.close()
    app = fastify()
    app.register(livenessPlugin, { warmUp: true, liveness: () => Promise.reject(new Error('no models')) })
    await expect(app.ready()).rejects.toThrow('no models')
  })
})
