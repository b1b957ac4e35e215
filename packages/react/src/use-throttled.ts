/** useThrottled(): a value that changes no more often than a person can read it. */
import { useEffect, useRef, useState } from 'react'
import { useIsomorphicLayoutEffect } from './use-kept-focus.ts'

/** The latest value, at most one change every `intervalMs` milliseconds; the last one always arrives. */
export function useThrottled<T>(value: T, intervalMs: number): T {
  const [shown, setShown] = useState(value)
  const changedAt = useRef(-Infinity)
  // Timed where the change comes onto the page, which on a busy device is later than where it was decided. In the
  // commit itself, since other effects may run after the next timer.
  useIsomorphicLayoutEffect(() => {
    if (changedAt.current !== -Infinity) changedAt.current = performance.now()
  }, [shown])
  useEffect(() => {
    if (value === shown) return undefined
    let timer: ReturnType<typeof setTimeout> | undefined
    const show = () => {
      const now = performance.now()
      const wait = changedAt.current + intervalMs - now
      if (wait > 0) {
        timer = setTimeout(show, wait)
        return
      }
      changedAt.current = now
      setShown(value)
    }
    // Asked when the timer fires: the value before may be decided already and not shown yet.
    timer = setTimeout(show, 0)
    return () => clearTimeout(timer)
  }, [value, shown, intervalMs])
  return shown
}
