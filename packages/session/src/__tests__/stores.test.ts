/** The memory store and the Redis store pass the same suite; what only one of them has is tested beside it. */

import { hasRedis, RedisServer } from '@unspoof/test-utils/redis-server'
import type { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryStore, MEMORY_STORE_DEFAULTS, type Store } from '../index.ts'
import { createRedisStore } from '../redis.ts'
import { testStore } from '../testing.ts'
import { codeOf } from './harness.ts'

describe('memory store', () => {
  const time = { ms: 0 }
  const wait = (ms: number): void => {
    time.ms += ms
  }
  testStore(it, { create: () => createMemoryStore({ now: () => time.ms }), wait })

  it('is bounded: values go, least recently used first; markers and counters stay', async () => {
    const store = createMemoryStore({ maxEntries: 20, now: () => 0 })
    await store.add('used', '1', 1000)
    await store.increment('count', 5, 1000)
    for (let i = 0; i < 18; i++) await store.set(`value${i}`, 'x', 1000)
    await store.get('value0')
    for (let i = 18; i < 30; i++) await store.set(`value${i}`, 'x', 1000)
    expect(store.size).toBe(20)
    expect(await store.get('value0')).toBeDefined()
    expect(await store.get('value1')).toBeUndefined()
    expect(await store.add('used', '1', 1000)).toBe(false)
    expect((await store.increment('count', 0, 1000)).count).toBe(5)
  })

  it('refuses what it has no room for, and has room again when markers are over', async () => {
    const store = createMemoryStore({ maxEntries: 10, now: () => time.ms })
    for (let i = 0; i < 10; i++) expect(await store.add(`used${i}`, '1', 1000)).toBe(true)
    expect(await codeOf(store.add('one-more', '1', 1000))).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(store.set('value', '1', 1000))).toBe('STORE_UNAVAILABLE')
    expect(await store.add('used3', '1', 1000)).toBe(false)
    time.ms += 1001
    expect(await store.add('one-more', '1', 1000)).toBe(true)
  })

  it('markers that are over give their room to values', async () => {
    const store = createMemoryStore({ maxEntries: 20, now: () => time.ms })
    for (let i = 0; i < 18; i++) await store.add(`used${i}`, '1', 1000)
    time.ms += 1001
    for (let i = 0; i < 15; i++) await store.set(`value${i}`, 'x', 60_000)
    for (let i = 0; i < 15; i++) expect(await store.get(`value${i}`)).toBeDefined()
  })

  it('tells values, counters and lists apart', async () => {
    const store = createMemoryStore()
    await store.set('a', 'x', 1000)
    expect(await codeOf(store.increment('a', 1, 1000))).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(store.append(['a'], 'x', 1000, 4))).toBe('STORE_UNAVAILABLE')
    await store.increment('n', 1, 1000)
    expect(await codeOf(store.get('n'))).toBe('STORE_UNAVAILABLE')
  })

  it('keeps entries to their last millisecond, and says how long is left', async () => {
    const store = createMemoryStore({ now: () => time.ms })
    await store.set('value', 'x', 1000)
    await store.add('marker', 'x', 1000)
    await store.increment('count', 1, 1000)
    time.ms += 999
    expect(await store.get('value')).toEqual({ value: 'x', expiresInMs: 1 })
    expect(await store.add('marker', 'x', 1000)).toBe(false)
    expect(await store.increment('count', 1, 1000)).toEqual({ count: 2, expiresInMs: 1 })
    time.ms += 1
    expect(await store.get('value')).toBeUndefined()
    expect(await store.add('marker', 'x', 1000)).toBe(true)
    expect(await store.increment('count', 1, 1000)).toEqual({ count: 1, expiresInMs: 1000 })
  })

  it('drops no marker that was overwritten', async () => {
    const store = createMemoryStore({ maxEntries: 10, now: () => time.ms })
    await store.add('marker', '1', 1000)
    await store.set('marker', '2', 1000)
    for (let i = 0; i < 20; i++) await store.set(`value${i}`, 'x', 1000)
    expect(await store.get('marker')).toMatchObject({ value: '2' })
  })

  it('needs no more room to write what it has', async () => {
    const store = createMemoryStore({ maxEntries: 10, now: () => time.ms })
    for (let i = 0; i < 10; i++) await store.set(`value${i}`, 'x', 1000)
    await store.set('value9', 'y', 1000)
    for (let i = 0; i < 10; i++) expect(await store.get(`value${i}`)).toBeDefined()
    const full = createMemoryStore({ maxEntries: 10, now: () => time.ms })
    for (let i = 0; i < 10; i++) await full.increment(`count${i}`, 1, 1000)
    expect((await full.increment('count9', 1, 1000)).count).toBe(2)
  })

  it('is not shared, so that no secret is needed', () => {
    expect(createMemoryStore().shared).toBe(false)
  })

  it('looks for markers that are over once a second', async () => {
    const store = createMemoryStore({ maxEntries: 10, now: () => time.ms })
    for (let i = 0; i < 10; i++) await store.add(`used${i}`, '1', 1000)
    time.ms += 1
    expect(await codeOf(store.add('more', '1', 1000))).toBe('STORE_UNAVAILABLE')
    time.ms += 999
    expect(await codeOf(store.add('more', '1', 1000))).toBe('STORE_UNAVAILABLE')
    time.ms += 1
    expect(await store.add('more', '1', 1000)).toBe(true)
    expect(store.size).toBe(1)
  })

  it('drops what is over at that millisecond, not before', async () => {
    for (const [passed, size] of [
      [999, 10],
      [1000, 1],
    ] as const) {
      const store = createMemoryStore({ maxEntries: 10, now: () => time.ms })
      for (let i = 0; i < 10; i++) await store.set(`value${i}`, 'x', 1000)
      time.ms += passed
      await store.set('more', 'x', 1000)
      expect(store.size).toBe(size)
    }
  })

  it('takes 10 to 100 million entries, 100,000 where nothing is said', () => {
    expect(MEMORY_STORE_DEFAULTS).toEqual({ maxEntries: 100_000 })
    for (const maxEntries of [10, 100_000_000]) expect(() => createMemoryStore({ maxEntries })).not.toThrow()
    for (const maxEntries of [9, 100_000_001]) expect(() => createMemoryStore({ maxEntries })).toThrow()
  })

  it('is closed for good', async () => {
    const store = createMemoryStore()
    await store.close()
    expect(await codeOf(store.get('a'))).toBe('CLOSED')
  })

  it.each([[{ maxEntries: 1 }], [{ maxEntries: 1.5 }], [{ max: 100 }]])('%j is refused', (options) => {
    expect(() => createMemoryStore(options as object)).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})

describe('redis store, whatever the client answers', () => {
  /** A store of a client that answers so, and what it was sent. */
  const storeOf = (answer: unknown) => {
    const sent: string[][] = []
    const store = createRedisStore({
      sendCommand: async (args) => {
        sent.push(args)
        return answer
      },
    })
    return { store, sent }
  }
  const ask = {
    get: (store: Store) => store.get('k'),
    set: (store: Store) => store.set('k', 'x', 1000),
    add: (store: Store) => store.add('k', 'x', 1000),
    delete: (store: Store) => store.delete('k'),
    increment: (store: Store) => store.increment('k', 1, 1000),
    append: (store: Store) => store.append(['k', 'l'], 'x', 1000, 4),
    members: (store: Store) => store.members(['k', 'l']),
  }

  it.each<[keyof typeof ask, unknown, unknown]>([
    ['get', null, undefined],
    ['get', ['x', 5], { value: 'x', expiresInMs: 5 }],
    ['get', ['x', '5'], { value: 'x', expiresInMs: 5 }],
    ['get', ['x', 1], { value: 'x', expiresInMs: 1 }],
    // Redis rounds: the value is in its last millisecond, or was when it was read.
    ['get', ['x', 0], undefined],
    ['set', 'OK', undefined],
    ['add', 'OK', true],
    ['add', null, false],
    ['delete', 0, undefined],
    ['increment', [3, 5], { count: 3, expiresInMs: 5 }],
    ['increment', [-3, 0], { count: -3, expiresInMs: 1 }],
    ['append', 1, undefined],
    ['members', [['x', 'y'], []], [['x', 'y'], []]],
  ])('%s understands %j', async (name, answer, expected) => {
    expect(await ask[name](storeOf(answer).store)).toEqual(expected)
  })

  const nonsense: Record<keyof typeof ask, unknown[]> = {
    get: ['x5', 5, [], ['x'], [5, 5], ['x', -1], ['x', 'y'], ['x', ''], ['x', 1.5], {}, undefined],
    set: [null, 'QUEUED', 1, undefined],
    add: ['QUEUED', 1, undefined, ['OK']],
    delete: [null, 'OK', '', 1.5],
    increment: ['35', 3, [], [3], ['x', 5], [3, 'x'], ['', ''], [' ', 5], [true, 5], null],
    append: [null, 'OK'],
    members: ['ab', [], [[]], [[], [], []], [['x'], 'y'], [['x'], [1]], [['x'], [null]], null],
  }
  const names = Object.keys(nonsense) as (keyof typeof ask)[]
  it.each(names.flatMap((name) => nonsense[name].map((answer): [typeof name, unknown] => [name, answer])))(
    '%s takes %j for no answer',
    async (name, answer) => {
      const error = await ask[name](storeOf(answer).store).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryAfter: 2 })
    },
  )

  it('asks for no lists of no keys', async () => {
    const { store, sent } = storeOf(null)
    expect(await store.members([])).toEqual([])
    await store.append([], 'x', 1000, 4)
    expect(sent).toEqual([])
  })

  it.each([
    [0, '1'],
    [0.4, '1'],
    [1.4, '1'],
    [1.5, '2'],
    [60_000, '60000'],
  ])('sends times in whole milliseconds, at least one: %d', async (ttlMs, text) => {
    const { store, sent } = storeOf('OK')
    await store.set('k', 'x', ttlMs)
    expect(sent).toEqual([['SET', '{unspoof}:k', 'x', 'PX', text]])
  })

  it('is told of refusals, but not what they say', async () => {
    const store = createRedisStore({ call: () => Promise.reject(new Error('WRONGTYPE k')) })
    const error = await store.get('k').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', message: expect.not.stringContaining('WRONGTYPE') })
  })

  describe('and how late', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    })
    afterEach(() => {
      vi.useRealTimers()
    })

    it.each([
      [{}, 800],
      [{ timeoutMs: 10 }, 10],
      [{ timeoutMs: 10_000 }, 10_000],
    ])('with %j a command is given up after %d ms', async (options, ms) => {
      const codes: string[] = []
      const store = createRedisStore({ call: () => new Promise(() => {}) }, options)
      void codeOf(store.add('k', 'x', 1000)).then((code) => codes.push(code))
      await vi.advanceTimersByTimeAsync(ms - 1)
      expect(codes).toEqual([])
      await vi.advanceTimersByTimeAsync(1)
      expect(codes).toEqual(['STORE_UNAVAILABLE'])
    })

    it('no timer is left behind an answer', async () => {
      await storeOf('OK').store.set('k', 'x', 1000)
      expect(vi.getTimerCount()).toBe(0)
    })
  })

  it('is shared, so that a secret is asked for', () => {
    expect(storeOf('OK').store.shared).toBe(true)
  })

  it('takes 10 ms to 10 s, and prefixes of 64 characters', () => {
    const client = { call: async () => null }
    for (const good of [{ timeoutMs: 10 }, { timeoutMs: 10_000 }, { prefix: 'p'.repeat(64) }, { prefix: '' }]) {
      expect(() => createRedisStore(client, good)).not.toThrow()
    }
    for (const bad of [{ timeoutMs: 9 }, { timeoutMs: 10_001 }, { prefix: 'p'.repeat(65) }]) {
      expect(() => createRedisStore(client, bad)).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
  })

  it('takes what can send commands for a client', async () => {
    const sendCommand = async (): Promise<unknown> => 'OK'
    await createRedisStore({ call: undefined, sendCommand } as never).set('k', 'x', 1000)
    for (const wrong of [{ call: 'x' }, { sendCommand: 'x' }, { call: 'x', sendCommand: 'x' }]) {
      expect(() => createRedisStore(wrong as never)).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
  })
})

describe.skipIf(!hasRedis)('redis store', () => {
  let server: RedisServer
  let one: Redis
  let two: Redis
  let prefix = 0
  beforeAll(async () => {
    server = await RedisServer.start()
    one = await server.connected()
    two = await server.connected()
  })
  afterAll(() => server.stop())

  const clients = {
    ioredis: (redis: Redis) => redis,
    // What node-redis offers, over a real connection.
    'node-redis': (redis: Redis) => ({ sendCommand: ([command, ...args]: string[]) => redis.call(command!, ...args) }),
  }
  describe.each(Object.keys(clients) as (keyof typeof clients)[])('through %s', (kind) => {
    testStore(it, {
      create: () => createRedisStore(clients[kind](one), { prefix: `{test${++prefix}}:` }),
      createPeer: () => createRedisStore(clients[kind](two), { prefix: `{test${prefix}}:` }),
    })
  })

  it('gives every key a time to live', async () => {
    await one.flushall()
    const store = createRedisStore(one)
    await store.set('a', 'x', 60_000)
    await store.add('b', 'x', 60_000)
    await store.increment('c', 1, 60_000)
    await store.append(['d', 'e'], 'x', 60_000, 4)
    const keys = await one.keys('*')
    expect(keys.sort()).toEqual(['a', 'b', 'c', 'd', 'e'].map((key) => `{unspoof}:${key}`))
    for (const key of keys) expect(await one.pttl(key)).toBeGreaterThan(50_000)
  })

  it('answers STORE_UNAVAILABLE for keys of another type, foreign values and a full memory', async () => {
    const store = createRedisStore(one)
    await one.hset('{unspoof}:hash', 'x', '1')
    expect(await codeOf(store.get('hash'))).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(store.increment('hash', 1, 1000))).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(store.append(['hash'], 'x', 1000, 4))).toBe('STORE_UNAVAILABLE')
    expect(await codeOf(store.members(['hash']))).toBe('STORE_UNAVAILABLE')
    await one.set('{unspoof}:forever', 'x')
    expect(await codeOf(store.get('forever'))).toBe('STORE_UNAVAILABLE')
    await one.config('SET', 'maxmemory', '1')
    try {
      expect(await codeOf(store.set('a', 'x', 1000))).toBe('STORE_UNAVAILABLE')
      expect(await codeOf(store.add('z', 'x', 1000))).toBe('STORE_UNAVAILABLE')
    } finally {
      await one.config('SET', 'maxmemory', '0')
    }
    await store.set('a', 'x', 1000)
  })

  it('puts no input into messages', async () => {
    const store = createRedisStore(one)
    const error = await store.increment('hash', 1, 1000).catch((thrown: Error) => thrown)
    expect(String(error)).not.toMatch(/hash|WRONGTYPE/)
  })

  it.each([[{}], [{ timeoutMs: 0 }], [{ prefix: 1 }]])('refuses a wrong client or %j', (options) => {
    expect(() =>
      createRedisStore(Object.keys(options).length === 0 ? ({} as never) : one, options as object),
    ).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})
