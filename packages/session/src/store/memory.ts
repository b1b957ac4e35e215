/** The store of a single process: bounded, and without a timer that would keep the process alive. */
import { checkInteger, checkKeys, LivenessError } from '@unspoof/core'
import type { Count, Store, StoredValue } from './store.ts'

export const MEMORY_STORE_DEFAULTS = { maxEntries: 100_000 } as const
const MEMORY_STORE_RANGES = { maxEntries: { min: 10, max: 100_000_000 } } as const

export interface MemoryStoreOptions {
  /**
   * Entries kept at most. When full, the least recently used value or list goes; markers and counters stay until their time is over,
   * and where only those are left, writes reject with STORE_UNAVAILABLE. @default {@link MEMORY_STORE_DEFAULTS.maxEntries}
   */
  readonly maxEntries?: number
  /** Monotonic milliseconds. @default performance.now */
  readonly now?: () => number
}

const SWEEP_MS = 1000

interface Entry {
  content: string | number | string[]
  expires: number
}

/**
 * A store in this process's memory. Sessions started in one process are unknown to others: use Redis where there are several.
 * @throws LivenessError OPTION_INVALID
 */
export function createMemoryStore(options: MemoryStoreOptions = {}): Store & { readonly size: number } {
  checkKeys('memory store', options, ['maxEntries', 'now'])
  const maxEntries = checkInteger(
    'maxEntries',
    options.maxEntries ?? MEMORY_STORE_DEFAULTS.maxEntries,
    MEMORY_STORE_RANGES.maxEntries,
  )
  return new MemoryStore(maxEntries, options.now ?? (() => performance.now()))
}

function textOf({ content }: Entry): string {
  if (typeof content !== 'string')
    throw new LivenessError('STORE_UNAVAILABLE', 'The store holds a counter or a list where a value was asked for.')
  return content
}

class MemoryStore implements Store {
  readonly shared = false
  readonly #maxEntries: number
  readonly #now: () => number
  /** Insertion order is order of use: an entry that is used is taken out and put in again. */
  readonly #evictable = new Map<string, Entry>()
  readonly #pinned = new Map<string, Entry>()
  #closed = false
  #swept = Number.NEGATIVE_INFINITY

  constructor(maxEntries: number, now: () => number) {
    this.#maxEntries = maxEntries
    this.#now = now
  }

  get size(): number {
    return this.#evictable.size + this.#pinned.size
  }

  async get(key: string): Promise<StoredValue | undefined> {
    const entry = this.#find(key)
    if (entry === undefined) return undefined
    return { value: textOf(entry), expiresInMs: entry.expires - this.#now() }
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    this.#find(key)
    // A marker that is overwritten stays a marker.
    this.#put(this.#pinned.has(key) ? this.#pinned : this.#evictable, key, {
      content: value,
      expires: this.#now() + ttlMs,
    })
  }

  async add(key: string, value: string, ttlMs: number): Promise<boolean> {
    if (this.#find(key) !== undefined) return false
    this.#put(this.#pinned, key, { content: value, expires: this.#now() + ttlMs })
    return true
  }

  async take(key: string): Promise<string | undefined> {
    const entry = this.#find(key)
    if (entry === undefined) return undefined
    // Without an await in between, so that one caller gets it.
    this.#evictable.delete(key)
    this.#pinned.delete(key)
    return textOf(entry)
  }

  async delete(key: string): Promise<void> {
    this.#find(key)
    this.#evictable.delete(key)
    this.#pinned.delete(key)
  }

  async increment(key: string, by: number, ttlMs: number): Promise<Count> {
    const entry = this.#find(key) ?? { content: 0, expires: this.#now() + ttlMs }
    if (typeof entry.content !== 'number')
      throw new LivenessError('STORE_UNAVAILABLE', 'The store holds something else where a counter was asked for.')
    entry.content += by
    this.#put(this.#pinned, key, entry)
    return { count: entry.content, expiresInMs: entry.expires - this.#now() }
  }

  async append(keys: readonly string[], member: string, ttlMs: number, limit: number): Promise<void> {
    const expires = this.#now() + ttlMs
    for (const key of keys) {
      const others = this.#list(key).filter((earlier) => earlier !== member)
      this.#put(this.#evictable, key, { content: [...others, member].slice(-limit), expires })
    }
  }

  async members(keys: readonly string[]): Promise<readonly (readonly string[])[]> {
    return keys.map((key) => [...this.#list(key)])
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#evictable.clear()
    this.#pinned.clear()
  }

  #list(key: string): readonly string[] {
    const content = this.#find(key)?.content ?? []
    if (!Array.isArray(content))
      throw new LivenessError('STORE_UNAVAILABLE', 'The store holds something else where a list was asked for.')
    return content
  }

  #find(key: string): Entry | undefined {
    if (this.#closed) throw new LivenessError('CLOSED', 'The memory store was closed.')
    for (const map of [this.#evictable, this.#pinned]) {
      const entry = map.get(key)
      if (entry === undefined) continue
      map.delete(key)
      if (entry.expires <= this.#now()) return undefined
      map.set(key, entry)
      return entry
    }
    return undefined
  }

  #put(map: Map<string, Entry>, key: string, entry: Entry): void {
    if (!map.has(key)) this.#makeRoom()
    map.delete(key)
    map.set(key, entry)
  }

  #makeRoom(): void {
    if (this.size < this.#maxEntries) return
    this.#sweep()
    if (this.size < this.#maxEntries) return
    const [oldest] = this.#evictable.keys()
    if (oldest !== undefined) {
      this.#evictable.delete(oldest)
      return
    }
    throw new LivenessError(
      'STORE_UNAVAILABLE',
      `The memory store is full: ${this.#maxEntries} markers and counters are still needed.`,
      {
        hint: 'Raise maxEntries, or use the Redis store.',
        retryAfter: 10,
      },
    )
  }

  /** Drops what is over, or markers of the past would take the room of sessions. At most once a second: it looks at every entry. */
  #sweep(): void {
    const now = this.#now()
    if (now - this.#swept < SWEEP_MS) return
    this.#swept = now
    for (const map of [this.#evictable, this.#pinned]) {
      for (const [key, entry] of map) if (entry.expires <= now) map.delete(key)
    }
  }
}
