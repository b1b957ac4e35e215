/** Counts deaths in a time window: workers that keep dying must not be started for ever. */

export interface BreakerOptions {
  /** Deaths within the window that open the breaker. @default 5 */
  readonly deaths?: number
  /** Milliseconds. @default 60000 */
  readonly windowMs?: number
}

export interface Breaker {
  /** Call when a worker has died. */
  record(): void
  /** Milliseconds until a worker may be started again; 0 = now. */
  readonly waitMs: number
}

export function createBreaker({ deaths = 5, windowMs = 60_000 }: BreakerOptions = {}): Breaker {
  const times: number[] = []
  return {
    record() {
      times.push(performance.now())
      if (times.length > deaths) times.shift()
    },
    get waitMs() {
      if (times.length < deaths) return 0
      return Math.max(0, Math.ceil(times[times.length - deaths]! + windowMs - performance.now()))
    },
  }
}
