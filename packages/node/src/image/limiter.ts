/** Lets only so many jobs run at once. */

export type Limiter = <T>(job: () => Promise<T>) => Promise<T>

export function createLimiter(atOnce: number): Limiter {
  let free = atOnce
  const waiting: (() => void)[] = []
  return async (job) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await job()
    } finally {
      // The place goes to the next in line directly, or somebody new could take it first.
      const next = waiting.shift()
      if (next === undefined) free += 1
      else next()
    }
  }
}
