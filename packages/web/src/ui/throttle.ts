/** A value that changes no more often than a person can read it. */

export interface Throttled<T> {
  readonly value: T
  set(value: T): void
  stop(): void
}

/** At most one change every `intervalMs` milliseconds; the last value always arrives. `onChange` is called after each. */
export function throttled<T>(first: T, intervalMs: number, onChange: () => void): Throttled<T> {
  let value = first
  let wanted = first
  let changedAt = -Infinity
  let timer: ReturnType<typeof setTimeout> | undefined
  const show = (): void => {
    timer = undefined
    if (wanted === value) return
    value = wanted
    changedAt = performance.now()
    onChange()
  }
  return {
    get value() {
      return value
    },
    set(next) {
      wanted = next
      if (wanted === value || timer !== undefined) return
      const wait = changedAt + intervalMs - performance.now()
      if (wait > 0) timer = setTimeout(show, wait)
      else show()
    },
    stop() {
      clearTimeout(timer)
      timer = undefined
    },
  }
}
