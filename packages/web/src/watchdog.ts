/** watchdog(): aborts what gives no sign of life for too long. */

export interface Watchdog {
  /** Aborts when the time is over. */
  readonly signal: AbortSignal
  /** True where the time is over, and false where somebody else gave up. */
  readonly expired: boolean
  /** A sign of life: the time begins again. */
  reset(): void
  stop(): void
}

/** @param other aborts the signal, too */
export function watchdog(timeoutMs: number, other?: AbortSignal): Watchdog {
  const controller = new AbortController()
  let expired = false
  const bite = (): void => {
    expired = true
    controller.abort()
  }
  const giveUp = (): void => controller.abort()
  let timer = setTimeout(bite, timeoutMs)
  if (other?.aborted) controller.abort()
  other?.addEventListener('abort', giveUp, { once: true })
  return {
    signal: controller.signal,
    get expired() {
      return expired
    },
    reset() {
      clearTimeout(timer)
      timer = setTimeout(bite, timeoutMs)
    },
    stop() {
      clearTimeout(timer)
      other?.removeEventListener('abort', giveUp)
    },
  }
}
