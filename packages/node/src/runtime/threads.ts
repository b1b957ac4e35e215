/** How many threads one run of a model may use. */
export const DEFAULT_THREADS = 1
export const THREADS_RANGE = { min: 1, max: 64 } as const
