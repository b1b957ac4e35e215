/** What the sessions ask of a store: nine small operations, the atomic ones marked. */

/** A value with the time it has left, by the store's own clock. */
export interface StoredValue {
  readonly value: string
  /** Milliseconds, above 0. */
  readonly expiresInMs: number
}

/** A counter with the time its window has left. */
export interface Count {
  readonly count: number
  /** Milliseconds, above 0. */
  readonly expiresInMs: number
}

/**
 * Where sessions, markers and counters live. Every entry has a time to live, which the store measures with a clock of its own, so that a jump of
 * a server's wall clock neither ends nor revives a session. Keys and values are strings; keys are at most 200 characters.
 *
 * Every operation rejects with STORE_UNAVAILABLE within about a second where the store cannot be reached, is full or answers nonsense. Prove your own
 * implementation with `testStore()` from `@unspoof/session/testing`.
 */
export interface Store {
  /** True where several processes share the entries; then the keyed hashes need a shared secret. */
  readonly shared: boolean
  /** The value, or undefined where it was never set or its time is over. */
  get(key: string): Promise<StoredValue | undefined>
  /** Sets or replaces. */
  set(key: string, value: string, ttlMs: number): Promise<void>
  /**
   * Sets a marker that must outlive everything: only where the key has no live value. **Atomic**: of any number of callers exactly one is answered true.
   * A bounded store may drop other entries before their time, never these.
   */
  add(key: string, value: string, ttlMs: number): Promise<boolean>
  /** The value, which is forgotten. **Atomic**: of any number of callers at most one is answered it. */
  take(key: string): Promise<string | undefined>
  /** Forgets the key, marker or not. */
  delete(key: string): Promise<void>
  /**
   * Adds `by` to a counter and answers the sum. **Atomic**. The window starts with the first call and is not prolonged by later ones.
   * Counters are kept like markers.
   */
  increment(key: string, by: number, ttlMs: number): Promise<Count>
  /**
   * Appends `member` to the list at each of `keys`, once each. A list keeps its newest `limit` members; its time starts anew with each call.
   * A caller that appends before it reads is seen by every caller that reads after it appended.
   */
  append(keys: readonly string[], member: string, ttlMs: number, limit: number): Promise<void>
  /** The lists at `keys`, in their order, oldest member first; an empty list where there is none. */
  members(keys: readonly string[]): Promise<readonly (readonly string[])[]>
  /** Frees what the store itself opened. A client that was passed in stays open. */
  close(): Promise<void>
}
