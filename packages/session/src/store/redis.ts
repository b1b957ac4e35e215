/** The store of several processes: one Redis (or Valkey), every write a single atomic command or script. */
import { checkInteger, checkKeys, invalid, isLivenessError, LivenessError } from '@unspoof/core'
import type { Count, Store, StoredValue } from './store.ts'

/** What is needed of a client: ioredis has `call`, node-redis has `sendCommand`. */
export type RedisClient =
  | { call(command: string, ...args: string[]): Promise<unknown> }
  | { sendCommand(args: string[]): Promise<unknown> }

export const REDIS_STORE_DEFAULTS = { prefix: '{unspoof}:', timeoutMs: 800 } as const
const REDIS_STORE_RANGES = { timeoutMs: { min: 10, max: 10_000 } } as const

export interface RedisStoreOptions {
  /** In front of every key. The braces keep all keys in one slot of a cluster, which the scripts need. @default {@link REDIS_STORE_DEFAULTS.prefix} */
  readonly prefix?: string
  /** Milliseconds until a command is given up with STORE_UNAVAILABLE. @default {@link REDIS_STORE_DEFAULTS.timeoutMs} */
  readonly timeoutMs?: number
}

// Scripts see keys as KEYS and the rest as ARGV; all are deterministic and touch nothing but their keys.
const GET = `local value = redis.call('GET', KEYS[1]) if not value then return false end return {value, redis.call('PTTL', KEYS[1])}`
// GETDEL, which Redis has since 6.2 only.
const TAKE = `local value = redis.call('GET', KEYS[1]) if value then redis.call('DEL', KEYS[1]) end return value`
const INCREMENT = `local count = redis.call('INCRBY', KEYS[1], ARGV[1])
if redis.call('PTTL', KEYS[1]) < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return {count, redis.call('PTTL', KEYS[1])}`
const APPEND = `for _, key in ipairs(KEYS) do
redis.call('LREM', key, 0, ARGV[1]) redis.call('RPUSH', key, ARGV[1]) redis.call('LTRIM', key, -tonumber(ARGV[3]), -1) redis.call('PEXPIRE', key, ARGV[2])
end return 1`
const MEMBERS = `local lists = {} for i, key in ipairs(KEYS) do lists[i] = redis.call('LRANGE', key, 0, -1) end return lists`

/**
 * A store in Redis 6 or newer. The client stays yours: connect it before, close it after. For a quick answer in an outage create it with
 * `{ maxRetriesPerRequest: 1, enableOfflineQueue: false }` (ioredis) or `{ disableOfflineQueue: true }` (node-redis); without, the time-out of this
 * store still answers.
 *
 * Set `maxmemory-policy noeviction`. Every other policy may drop a session, a counter of failures or the mark that a session was used.
 * @throws LivenessError OPTION_INVALID
 */
export function createRedisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  checkKeys('redis store', options, ['prefix', 'timeoutMs'])
  const prefix = options.prefix ?? REDIS_STORE_DEFAULTS.prefix
  if (typeof prefix !== 'string' || prefix.length > 64)
    throw invalid('prefix', 'a string of at most 64 characters', prefix)
  const timeoutMs = checkInteger(
    'timeoutMs',
    options.timeoutMs ?? REDIS_STORE_DEFAULTS.timeoutMs,
    REDIS_STORE_RANGES.timeoutMs,
  )
  return new RedisStore(commandOf(client), prefix, timeoutMs)
}

type Command = (args: string[]) => Promise<unknown>

function commandOf(client: RedisClient): Command {
  if ('call' in client && typeof client.call === 'function')
    return ([command, ...args]) => client.call(command!, ...args)
  if ('sendCommand' in client && typeof client.sendCommand === 'function') return (args) => client.sendCommand(args)
  throw invalid('client', 'an ioredis or node-redis client', client)
}

class RedisStore implements Store {
  readonly shared = true
  readonly #command: Command
  readonly #prefix: string
  readonly #timeoutMs: number

  constructor(command: Command, prefix: string, timeoutMs: number) {
    this.#command = command
    this.#prefix = prefix
    this.#timeoutMs = timeoutMs
  }

  async get(key: string): Promise<StoredValue | undefined> {
    const answer = await this.#script(GET, [key])
    if (answer === null) return undefined
    if (!Array.isArray(answer) || typeof answer[0] !== 'string') throw nonsense()
    const expiresInMs = integer(answer[1])
    // A key without a time to live is none of ours.
    if (expiresInMs < 0) throw nonsense()
    return expiresInMs === 0 ? undefined : { value: answer[0], expiresInMs }
  }

  async set(key: string, value: string, ttlMs: number): Promise<void> {
    if ((await this.#send(['SET', this.#prefix + key, value, 'PX', time(ttlMs)])) !== 'OK') throw nonsense()
  }

  async add(key: string, value: string, ttlMs: number): Promise<boolean> {
    const answer = await this.#send(['SET', this.#prefix + key, value, 'PX', time(ttlMs), 'NX'])
    if (answer !== 'OK' && answer !== null) throw nonsense()
    return answer === 'OK'
  }

  async take(key: string): Promise<string | undefined> {
    const answer = await this.#script(TAKE, [key])
    if (answer !== null && typeof answer !== 'string') throw nonsense()
    return answer ?? undefined
  }

  async delete(key: string): Promise<void> {
    integer(await this.#send(['DEL', this.#prefix + key]))
  }

  async increment(key: string, by: number, ttlMs: number): Promise<Count> {
    const answer = await this.#script(INCREMENT, [key], [String(by), time(ttlMs)])
    if (!Array.isArray(answer)) throw nonsense()
    return { count: integer(answer[0]), expiresInMs: Math.max(1, integer(answer[1])) }
  }

  async append(keys: readonly string[], member: string, ttlMs: number, limit: number): Promise<void> {
    if (keys.length > 0) integer(await this.#script(APPEND, keys, [member, time(ttlMs), String(limit)]))
  }

  async members(keys: readonly string[]): Promise<readonly (readonly string[])[]> {
    if (keys.length === 0) return []
    const answer = await this.#script(MEMBERS, keys)
    if (!Array.isArray(answer) || answer.length !== keys.length) throw nonsense()
    return answer.map((list: unknown) => {
      if (!Array.isArray(list) || list.some((member) => typeof member !== 'string')) throw nonsense()
      return list as string[]
    })
  }

  async close(): Promise<void> {}

  #script(script: string, keys: readonly string[], args: readonly string[] = []): Promise<unknown> {
    return this.#send(['EVAL', script, String(keys.length), ...keys.map((key) => this.#prefix + key), ...args])
  }

  /** A command that is given up may still be run later by Redis: callers only send what is safe to be run late. */
  async #send(args: string[]): Promise<unknown> {
    let timer: ReturnType<typeof setTimeout> | undefined
    try {
      return await Promise.race([
        this.#command(args),
        new Promise<never>((_, reject) => {
          timer = setTimeout(
            () => reject(unavailable(`Redis did not answer within ${this.#timeoutMs} ms.`)),
            this.#timeoutMs,
          )
        }),
      ])
    } catch (error) {
      throw isLivenessError(error) ? error : unavailable('Redis refused or lost the command.', error)
    } finally {
      clearTimeout(timer)
    }
  }
}

function time(ms: number): string {
  return String(Math.max(1, Math.round(ms)))
}

function integer(value: unknown): number {
  // Some clients are set to answer numbers as text; Number() would take an empty one for 0.
  const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
  if (typeof number !== 'number' || !Number.isInteger(number)) throw nonsense()
  return number
}

function nonsense(): LivenessError {
  return unavailable('Redis answered something this store did not write.')
}

function unavailable(message: string, cause?: unknown): LivenessError {
  return new LivenessError('STORE_UNAVAILABLE', message, { cause, retryAfter: 2 })
}
