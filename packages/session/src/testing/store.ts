/** The conformance suite every store passes, for any test runner. */
import type { Store } from '../store/store.ts'

/** Made by the runner: `it` of Vitest, `test` of node:test or Jest. */
export type TestRunner = (name: string, run: () => Promise<void>) => unknown

export interface TestStoreOptions {
  /** Opens a store over a fresh, empty space of keys. Called once a test. */
  readonly create: () => Promise<Store> | Store
  /** A second store over the same entries, as another process would have it; without, the same one is used. */
  readonly createPeer?: (store: Store) => Promise<Store> | Store
  /** Lets the given milliseconds pass for the store: a fake clock, or really waiting. @default waits */
  readonly wait?: (ms: number) => Promise<void> | void
  /** Called after each test with what `create` made. */
  readonly dispose?: (store: Store) => Promise<void> | void
}

/** Registers the tests every {@link Store} must pass. */
export function testStore(it: TestRunner, options: TestStoreOptions): void {
  const wait = options.wait ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)))
  const test = (name: string, run: (store: Store, peer: Store) => Promise<void>): void => {
    it(name, async () => {
      const store = await options.create()
      try {
        await run(store, options.createPeer === undefined ? store : await options.createPeer(store))
      } finally {
        await options.dispose?.(store)
      }
    })
  }

  test('answers undefined for what was never set', async (store) => {
    equal(await store.get('a'), undefined)
    equal(await store.members(['a', 'b']), [[], []])
    equal(await store.members([]), [])
    await store.append([], 'x', 1000, 4)
    await store.delete('a')
  })

  test('keeps values with their time, for every process', async (store, peer) => {
    const text = '{"ünïcode":"\\u0000 \n"}'
    await store.set('a', text, 60_000)
    const found = await peer.get('a')
    equal(found?.value, text)
    truthy(found!.expiresInMs > 30_000 && found!.expiresInMs <= 60_000, 'time left')
    await store.set('a', 'again', 90_000)
    const again = await peer.get('a')
    equal(again?.value, 'again')
    truthy(again!.expiresInMs > 60_000, 'time starts anew with set')
    await peer.delete('a')
    equal(await store.get('a'), undefined)
  })

  test('forgets values, markers, counters and lists when their time is over', async (store) => {
    await store.set('a', 'x', 150)
    await store.add('e', 'x', 150)
    truthy(await store.add('b', 'x', 150), 'added')
    await store.increment('c', 3, 150)
    await store.append(['d'], 'x', 150, 4)
    await wait(300)
    equal(await store.get('a'), undefined)
    equal(await store.get('b'), undefined)
    truthy(await store.add('b', 'x', 1000), 'added again')
    equal((await store.increment('c', 1, 1000)).count, 1)
    equal(await store.members(['d']), [[]])
    equal(await store.take('e'), undefined)
  })

  test('gives a marker to one caller of many', async (store, peer) => {
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? store : peer).add(`marker${round}`, String(i), 60_000)),
      )
      equal(answers.filter(Boolean).length, 1)
    }
    await store.set('value', 'x', 60_000)
    equal(await peer.add('value', 'y', 60_000), false)
    equal((await store.get('value'))?.value, 'x')
    await store.delete('marker0')
    truthy(await peer.add('marker0', 'x', 60_000), 'a deleted marker can be taken again')
  })

  test('gives a value that is taken to one caller of many', async (store, peer) => {
    equal(await store.take('nothing'), undefined)
    for (let round = 0; round < 5; round++) {
      await store.add(`mark${round}`, 'x', 60_000)
      const taken = await Promise.all(
        Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? store : peer).take(`mark${round}`)),
      )
      equal(taken.filter((value) => value === 'x').length, 1)
      equal(await peer.get(`mark${round}`), undefined)
    }
    await store.set('value', 'y', 60_000)
    equal(await peer.take('value'), 'y')
    equal(await store.take('value'), undefined)
  })

  test('counts exactly, up and down, in a window that is not prolonged', async (store, peer) => {
    const counts = await Promise.all(
      Array.from({ length: 50 }, (_, i) => (i % 2 === 0 ? store : peer).increment('n', 1, 60_000)),
    )
    equal(new Set(counts.map(({ count }) => count)).size, 50)
    const { count, expiresInMs } = await store.increment('n', -2, 600_000)
    equal(count, 48)
    truthy(expiresInMs > 0 && expiresInMs <= 60_000, 'the first window counts')
    equal((await store.increment('other', -1, 1000)).count, -1)
  })

  test('keeps the newest members of lists, each once', async (store, peer) => {
    for (const member of ['1', '2', '3', '2', '4']) await store.append(['a', 'b'], member, 60_000, 3)
    await peer.append(['b'], '5', 60_000, 3)
    equal(await peer.members(['b', 'nothing', 'a']), [['2', '4', '5'], [], ['3', '2', '4']])
  })

  test('shows to who reads after appending at least one of two', async (store, peer) => {
    for (let round = 0; round < 20; round++) {
      const one = async (own: Store, member: string): Promise<number> => {
        await own.append([`k${round}`], member, 60_000, 8)
        return (await own.members([`k${round}`]))[0]!.filter((other) => other !== member).length
      }
      const seen = await Promise.all([one(store, 'a'), one(peer, 'b')])
      truthy(seen[0]! + seen[1]! >= 1, 'neither saw the other')
    }
  })
}

function equal(actual: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)]
  if (a !== b) throw new Error(`Expected ${b} but the store answered ${a}.`)
}

function truthy(value: boolean, what: string): void {
  if (!value) throw new Error(`Not as a store must: ${what}.`)
}
