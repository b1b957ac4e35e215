/** Says no before work is begun: how many requests and bytes are being read, and how much is being judged, for all and for one client. */
import { availableParallelism } from 'node:os'
import { checkInteger, checkKeys, checkNumber, LivenessError } from '@unspoof/core'
import { HEAVY } from './image-cost.ts'

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
   * Milliseconds a check may be expected to wait for those before it. The forecast comes from the images' headers and from how long checks
   * took lately.
   * @default 500
   */
  readonly maxWaitMs?: number
  /** Bytes of bodies held in memory at once. @default 67108864 (64 MiB) */
  readonly maxBytes?: number
  /**
   * The share (0 to 1) of each of these that one client may take, where `clientKey` tells clients apart; and of the processors that all heavy
   * images together may take.
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
  /**
   * Takes one of the places for checks, until the returned function is called.
   * @param cost what it will take, in ordinary checks; see `imageCost`. @default 1
   */
  startCheck(cost?: number): () => void
  /** Gives everything back; calling it again does nothing. */
  release(): void
}

export interface Admission {
  /**
   * @param withCheck false where the request may have no image, so that full places for checks do not matter yet
   * @param clients whose request it is, for {@link AdmissionOptions.maxShare}: none, one, or several such as account and address
   * @throws LivenessError OVERLOADED
   */
  enter(withCheck: boolean, clients?: string | readonly string[]): Ticket
  /** What is under way now, for metrics and tests. */
  readonly load: Readonly<Pick<Load, 'requests' | 'checks' | 'bytes'>>
  /** Milliseconds the next check is expected to wait. */
  readonly waitMs: number
  /** Clients with something under way, where they are told apart. */
  readonly clients: number
}

interface Load {
  requests: number
  checks: number
  bytes: number
  /** Heavy images among the checks. */
  heavy: number
  /** Of the checks, in ordinary checks. */
  cost: number
}

type Kind = keyof Load

const NOTHING: Readonly<Load> = Object.freeze({ requests: 0, checks: 0, bytes: 0, heavy: 0, cost: 0 })

/** Weight of the newest check in the moving average of what checks take. */
const NEWEST = 0.1
/** One check counts as at most so many times the average, so that a few images that take longer than they said do not lock others out. */
const MAX_SURPRISE = 4

export function createAdmission(options: AdmissionOptions = {}): Admission {
  checkKeys('admission', options, ['maxRequests', 'maxChecks', 'maxWaitMs', 'maxBytes', 'maxShare', 'retryAfter'])
  const processors = availableParallelism()
  // Even a single processor has two workers, which share it.
  const lanes = Math.max(2, processors)
  const maxWaitMs = checkNumber('admission.maxWaitMs', options.maxWaitMs ?? 500, { min: 1, max: 600_000 })
  const maxShare = checkNumber('admission.maxShare', options.maxShare ?? 0.5, { min: 0, max: 1 })
  const retryAfter = checkInteger('admission.retryAfter', options.retryAfter ?? 1, { min: 0, max: 3600 })
  const shareOf = (count: number): number => Math.max(1, Math.floor(count * maxShare))
  const max = {
    requests: checkInteger('admission.maxRequests', options.maxRequests ?? 512, { min: 1, max: 100_000 }),
    checks: checkInteger('admission.maxChecks', options.maxChecks ?? processors + 32, { min: 1, max: 10_000 }),
    bytes: checkInteger('admission.maxBytes', options.maxBytes ?? 64 * 1024 * 1024, { min: 1, max: 2 ** 40 }),
    heavy: shareOf(lanes),
  }
  const all: Load = { ...NOTHING }
  const clients = new Map<string, Load>()
  /** Costs of the checks under way, in the order they came. */
  const costs = new Set<{ readonly cost: number }>()
  /** Milliseconds of one ordinary check alone; undefined before the first has ended. */
  let checkMs: number | undefined

  const waitMs = (): number => (checkMs ?? 0) * shortestLane(costs, lanes)

  function refuse(message: string, seconds = retryAfter): never {
    throw new LivenessError('OVERLOADED', message, { retryAfter: seconds })
  }

  function need(kind: keyof typeof max, count: number, own: readonly Load[]): void {
    const what = kind === 'heavy' ? 'large images' : 'uploads or checks'
    if (all[kind] + count > max[kind]) refuse(`Too many ${what} are under way.`)
    if (own.some((load) => load[kind] + count > shareOf(max[kind]))) {
      refuse(`This client has too many ${what} under way.`)
    }
  }

  function needCheck(own: readonly Load[], cost: number): void {
    need('checks', 1, own)
    if (cost >= HEAVY) need('heavy', 1, own)
    const expected = waitMs()
    if (expected > maxWaitMs) {
      refuse(`A check would wait longer than ${maxWaitMs} ms.`, Math.max(retryAfter, Math.ceil(expected / 1000)))
    }
    // A client's share in time. One check of its own is always allowed, however much it takes.
    const shareMs = maxShare * maxWaitMs * lanes
    if (own.some((load) => load.cost > 0 && (load.cost + cost) * (checkMs ?? 0) > shareMs)) {
      refuse('This client has too much under way.')
    }
  }

  /** The loads of these clients, known before or not. */
  const loadsOf = (keys: readonly string[]): Load[] => keys.map((key) => clients.get(key) ?? { ...NOTHING })

  return {
    get load() {
      const { requests, checks, bytes } = all
      return { requests, checks, bytes }
    },
    get waitMs() {
      return waitMs()
    },
    get clients() {
      return clients.size
    },
    enter(withCheck, client = []) {
      const keys = [...new Set([client].flat())]
      const own = loadsOf(keys)
      need('requests', 1, own)
      // One byte: a body that finds no room at all need not begin.
      need('bytes', 1, own)
      if (withCheck) needCheck(own, 1)
      for (const [i, key] of keys.entries()) clients.set(key, own[i]!)
      const mine: Load = { ...NOTHING }
      const running = new Set<{ readonly cost: number }>()
      const take = (kind: Kind, count: number): void => {
        for (const load of [all, mine, ...own]) load[kind] += count
      }
      const takeCheck = (cost: number, sign: 1 | -1): void => {
        take('checks', sign)
        take('cost', sign * cost)
        if (cost >= HEAVY) take('heavy', sign)
      }
      take('requests', 1)
      let open = true
      return {
        addBytes(count) {
          need('bytes', count, own)
          take('bytes', count)
        },
        startCheck(cost = 1) {
          needCheck(own, cost)
          const before = shortestLane(costs, lanes)
          const started = performance.now()
          const check = { cost }
          costs.add(check)
          running.add(check)
          takeCheck(cost, 1)
          return () => {
            if (!running.delete(check)) return
            costs.delete(check)
            takeCheck(cost, -1)
            if (cost < HEAVY) checkMs = learn(checkMs, (performance.now() - started) / (before + cost))
          }
        },
        release() {
          if (!open) return
          open = false
          for (const check of running) costs.delete(check)
          running.clear()
          for (const kind of Object.keys(mine) as Kind[]) take(kind, -mine[kind])
          for (const [i, key] of keys.entries()) if (own[i]!.requests === 0) clients.delete(key)
        },
      }
    },
  }
}

/** The moving average with one more check in it. */
function learn(average: number | undefined, newest: number): number {
  if (average === undefined) return newest
  return (1 - NEWEST) * average + NEWEST * Math.min(newest, MAX_SURPRISE * average)
}

/** What the next check has before it, in ordinary checks, when each goes to the processor that is free first. */
function shortestLane(costs: Iterable<{ readonly cost: number }>, lanes: number): number {
  const loads = new Array<number>(lanes).fill(0)
  for (const { cost } of costs) loads[loads.indexOf(Math.min(...loads))]! += cost
  return Math.min(...loads)
}
