/** Runs jobs one after the other. */

/** Starts each job when the one before has ended, whether it resolved or rejected. */
export type SerialQueue = <T>(job: () => Promise<T>) => Promise<T>

export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve()
  return (job) => {
    const result = last.then(job, job)
    // The tail must never reject, or it would count as unhandled; the caller gets `result`.
    last = result.catch(() => {})
    return result
  }
}
