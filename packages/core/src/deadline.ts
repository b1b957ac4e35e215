/** One way to wait no longer than allowed. */
import { LivenessError } from './errors.ts'

export interface DeadlineOptions {
  /** Milliseconds; `Infinity` waits for the signal alone. */
  readonly ms: number
  /** Rejects with ABORTED when it fires. */
  readonly signal?: AbortSignal | undefined
  /** The error when the time is over. */
  readonly timedOut: () => Error
}

/**
 * Settles as `work` does, or rejects when the time is over or the signal fires, whichever comes first. The work itself is not
 * stopped; what it answers later is dropped.
 * @throws LivenessError ABORTED, and what `timedOut` makes
 *
 * @example
 * await withDeadline(store.get(key), { ms: 2_000, timedOut: () => new LivenessError('STORE_UNAVAILABLE', 'No answer in 2 s.') })
 */
export async function withDeadline<T>(work: Promise<T>, { ms, signal, timedOut }: DeadlineOptions): Promise<T> {
  // Whoever loses the race must not become an unhandled rejection.
  work.catch(() => undefined)
  if (signal?.aborted) throw abortedBy(signal)
  let timer: ReturnType<typeof setTimeout> | undefined
  let onAbort: (() => void) | undefined
  const limit = new Promise<never>((_, reject) => {
    if (ms !== Number.POSITIVE_INFINITY) timer = setTimeout(() => reject(timedOut()), Math.max(0, ms))
    onAbort = () => reject(abortedBy(signal))
    signal?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    return await Promise.race([work, limit])
  } finally {
    clearTimeout(timer)
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
  }
}

/** The error of a caller who gave up. */
export function abortedBy(signal: AbortSignal | undefined): LivenessError {
  return new LivenessError('ABORTED', 'The check was aborted.', { cause: signal?.reason })
}
