/** What producer and workers agree on. Redis gets paths and verdicts, never a picture or a score. */
export const QUEUE = 'liveness'

/** From the environment, so that all processes find the same Redis. */
export function connection() {
  return {
    host: process.env.REDIS_HOST ?? '127.0.0.1',
    port: Number(process.env.REDIS_PORT ?? 6379),
    maxRetriesPerRequest: null,
  }
}

/** Tries again after 0.2, 0.4, 0.8 seconds: overload and lost workers pass. */
export const JOB_OPTIONS = {
  attempts: 4,
  backoff: { type: 'exponential', delay: 200 },
  removeOnComplete: { age: 3600 },
  removeOnFail: { age: 3600 },
}
