/** useThrottled(): a value that changes no more often than a person can read it. */
import { useEffect, useRef, useState } from 'react'

/** The latest value, at most one change every `intervalMs` milliseconds; the last one always arrives. */
export function useThrottled<T>(value: T, intervalMs: number): T {
  const [shown, setShown] = useState(value)
  const changedAt = useRef(0)
  const changed = useRef(false)
  // Not where the change is decided: on a busy device it is shown later, and the next one must still leave it its time.
  // biome-ignore lint/correctness/useExhaustiveDependencies: it runs when another value is shown
  useEffect(() => {
    if (changed.current) changedAt.current = performance.now()
  }, [shown])
  useEffect(() => {
    if (value === shown) return undefined
    const wait = Math.max(0, changedAt.current + intervalMs - performance.now())
    const timer = setTimeout(() => {
      changed.current = true
      setShown(value)
    }, wait)
    return () => clearTimeout(timer)
  }, [value, shown, intervalMs])
  return shown
}
