/** Says no before work is begun: how many requests, bytes and checks are under way at once. */
import { availableParallelism } from 'node:os'
import { checkInteger, checkKeys, LivenessError } from '@unspoof/core'

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
  /** Bytes of bodies held in memory at once. @default 67108864 (64 MiB) */
  readonly maxBytes?: number
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
   * @throws LivenessError OVERLOADED
   */
  enter(withCheck: boolean): Ticket
  /** What is under way now, for metrics and tests. */
  readonly load: { readonly requests: number; readonly checks: number; readonly bytes: number }
}

export function createAdmission(options: AdmissionOptions = {}): Admission {
  checkKeys('admission', options, ['maxRequests', 'maxChecks', 'maxBytes', 'retryAfter'])
  const maxRequests = checkInteger('admission.maxRequests', options.maxRequests ?? 512, { min: 1, max: 100_000 })
  const maxChecks = checkInteger('admission.maxChecks', options.maxChecks ?? availableParallelism() + 32, {
    min: 1,
    max: 10_000,
  })
  const maxBytes = checkInteger('admission.maxBytes', options.maxBytes ?? 64 * 1024 * 1024, { min: 1, max: 2 ** 40 })
  const retryAfter = checkInteger('admission.retryAfter', options.retryAfter ?? 1, { min: 0, max: 3600 })
  const load = { requests: 0, checks: 0, bytes: 0 }

  const overloaded = (): LivenessError =>
    new LivenessError('OVERLOADED', 'Too many uploads or checks are under way.', { retryAfter })

  return {
    load,
    enter(withCheck) {
      if (load.requests >= maxRequests || load.bytes >= maxBytes) throw overloaded()
      if (withCheck && load.checks >= maxChecks) throw overloaded()
      load.requests++
      let bytes = 0
      let checks = 0
      let open = true
      return {
        addBytes(count) {
          if (load.bytes + count > maxBytes) throw overloaded()
          load.bytes += count
          bytes += count
        },
        startCheck() {
          if (load.checks >= maxChecks) throw overloaded()
          load.checks++
          checks++
          let running = true
          return () => {
            if (!running || !open) return
            running = false
            load.checks--
            checks--
          }
        },
        release() {
          if (!open) return
          open = false
          load.requests--
          load.bytes -= bytes
          load.checks -= checks
        },
      }
    },
  }
}
