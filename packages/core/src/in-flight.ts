/** Calls in flight, so that close() can wait for them. */
import { LivenessError } from './errors.ts'

export interface InFlight {
  /** Starts work unless close() was called: then rejects with CLOSED. */
  run<T>(work: () => Promise<T>): Promise<T>
  /** Refuses new work, waits for what runs, then calls `free` once. Every call gives the same promise. */
  close(free: () => Promise<unknown>): Promise<void>
}

/** @param closedMessage of the CLOSED error. */
export function trackInFlight(closedMessage: string): InFlight {
  const running = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined
  return {
    run(work) {
      if (closing !== undefined) return Promise.reject(new LivenessError('CLOSED', closedMessage))
      const started = work()
      const settled = started.then(
        () => undefined,
        () => undefined,
      )
      running.add(settled)
      void settled.then(() => running.delete(settled))
      return started
    },
    close(free) {
      closing ??= Promise.all(running)
        .then(free)
        .then(() => undefined)
      return closing
    },
  }
}
