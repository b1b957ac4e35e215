/** Says no before work is begun: how many requests, bytes and checks are under way at once, for all and for one client. */
import { availableParallelism } from 'node:os'
import { checkInteger, checkKeys, checkNumber, LivenessError } from '@unspoof/core'

export interface AdmissionOptions {
  /**
   * Requests whose body is being read or judged. Slow clients count, so this is generous.
   * @default 512
   */
  readonly maxRequests?: number
  /**
   * Checks running or waiting. A request that comes when there are so many is answered 503 before its body is read.
   * @default processors + 32
   */
  readonly maxChecks?: number
  /**
   * Milliseconds a check may be expected to wait for those before it, by what checks took of late. It bounds the queue in time
   * where {@link maxChecks} bounds it in number: on a slow machine a full queue is a long one.
   * @default 500
   */
  readonly maxWaitMs?: number
  /** Bytes of bodies held in memory at once. @default 67108864 (64 MiB) */
  readonly maxBytes?: number
  /**
   * The part (0 to 1) of each of these that one client may take, where `clientKey` tells clients apart.
   * @default 0.5
   */
  readonly maxShare?: number
  /** Seconds that a refused client is told to wait. @default 1 */
  readonly retryAfter?: number
}

/** One request's share. Every method throws OVERLOADED where there is no room. */
export interface Ticket {
  /** Counts bytes of the body. */
  addBytes(count: number): void
  /** Takes one of the places for checks, until the returned function is called. */
  startCheck(): () => void
  /** Gives everything back; calling it again does nothing. */
  release(): void
}

export interface Admission {
  /**
   * @param withCheck false where the request may turn out to have no picture, so that full places for checks do not matter yet
   * @param client whose request it is, for {@link AdmissionOptions.maxShare}; undefined: nobody's in particular
   * @throws LivenessError OVERLOADED
   */
  enter(withCheck: boolean, client?: string): Ticket
  /** What is under way now, for metrics and tests. */
  readonly load: Readonly<Load>
  /** Milliseconds the next check is expected to wait. */
  readonly waitMs: number
  /** Clients with something under way, where they are told apart. */
  readonly clients: number
}

interface Load {
  requests: number
  checks: number
  bytes: number
}

/** Weight of the newest check in the moving average of what checks take. */
const NEWEST = 0.1

export function createAdmission(options: AdmissionOptions = {}): Admission {
  checkKeys('admission', options, ['maxRequests', 'maxChecks', 'maxWaitMs', 'maxBytes', 'maxShare', 'retryAfter'])
  const processors = availableParallelism()
  const max: Load = {
    requests: checkInteger('admission.maxRequests', options.maxRequests ?? 512, { min: 1, max: 100_000 }),
    checks: checkInteger('admission.maxChecks', options.maxChecks ?? processors + 32, { min: 1, max: 10_000 }),
    bytes: checkInteger('admission.maxBytes', options.maxBytes ?? 64 * 1024 * 1024, { min: 1, max: 2 ** 40 }),
  }
  const maxWaitMs = checkNumber('admission.maxWaitMs', options.maxWaitMs ?? 500, { min: 1, max: 600_000 })
  const maxShare = checkNumber('admission.maxShare', options.maxShare ?? 0.5, { min: 0, max: 1 })
  const retryAfter = checkInteger('admission.retryAfter', options.retryAfter ?? 1, { min: 0, max: 3600 })
  const share: Load = {
    requests: Math.max(1, Math.floor(max.requests * maxShare)),
    checks: Math.max(1, Math.floor(max.checks * maxShare)),
    bytes: Math.max(1, Math.floor(max.bytes * maxShare)),
  }
  const all: Load = { requests: 0, checks: 0, bytes: 0 }
  const clients = new Map<string, Load>()
  /** Milliseconds of one check alone; undefined before the first has ended. */
  let checkMs: number | undefined

  /** How many times all processors are taken before a check that finds so many before it. */
  const rounds = (before: number): number => Math.floor(before / processors)
  const waitMs = (): number => (checkMs ?? 0) * rounds(all.checks)

  function refuse(message: string, seconds = retryAfter): never {
    throw new LivenessError('OVERLOADED', message, { retryAfter: seconds })
  }

  function need(kind: keyof Load, count: number, own: Load | undefined): void {
    if (all[kind] + count > max[kind]) refuse('Too many uploads or checks are under way.')
    if (own !== undefined && own[kind] + count > share[kind]) {
      refuse('This client has too many uploads or checks under way.')
    }
  }

  function needCheck(own: Load | undefined): void {
    need('checks', 1, own)
    const expected = waitMs()
    if (expected > maxWaitMs) {
      refuse(`A check would wait longer than ${maxWaitMs} ms.`, Math.max(retryAfter, Math.ceil(expected / 1000)))
    }
  }

  return {
    load: all,
    get waitMs() {
      return waitMs()
    },
    get clients() {
      return clients.size
    },
    enter(withCheck, client) {
      const own = client === undefined ? undefined : (clients.get(client) ?? { requests: 0, checks: 0, bytes: 0 })
      need('requests', 1, own)
      // One byte: a body that finds no room at all need not begin.
      need('bytes', 1, own)
      if (withCheck) needCheck(own)
      if (client !== undefined) clients.set(client, own!)
      const mine: Load = { requests: 0, checks: 0, bytes: 0 }
      const take = (kind: keyof Load, count: number): void => {
        for (const load of own === undefined ? [all, mine] : [all, mine, own]) load[kind] += count
      }
      take('requests', 1)
      let open = true
      return {
        addBytes(count) {
          need('bytes', count, own)
          take('bytes', count)
        },
        startCheck() {
          needCheck(own)
          const before = all.checks
          const started = performance.now()
          take('checks', 1)
          let running = true
          return () => {
            if (!running || !open) return
            running = false
            take('checks', -1)
            const alone = (performance.now() - started) / (rounds(before) + 1)
            checkMs = checkMs === undefined ? alone : (1 - NEWEST) * checkMs + NEWEST * alone
          }
        },
        release() {
          if (!open) return
          open = false
          for (const kind of ['requests', 'checks', 'bytes'] as const) take(kind, -mine[kind])
          if (client !== undefined && own!.requests === 0) clients.delete(client)
        },
      }
    },
  }
}
