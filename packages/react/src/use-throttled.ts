/** useThrottled(): a value that changes no more often than a person can read it. */
import { useEffect, useRef, useState } from 'react'

/** The latest value, at most one change every `intervalMs` milliseconds; the last one always arrives. */
export function useThrottled<T>(value: T, intervalMs: number): T {
  const [shown, setShown] = useState(value)
  const changedAt = useRef(0)
  useEffect(() => {
    if (value === shown) return undefined
    const wait = Math.max(0, changedAt.current + intervalMs - performance.now())
    const timer = setTimeout(() => {
      changedAt.current = performance.now()
      setShown(value)
    }, wait)
    return () => clearTimeout(timer)
  }, [value, shown, intervalMs])
  return shown
}
