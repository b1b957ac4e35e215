/** Where adapters get their Liveness from: the application's own, or one that all share; made at the first picture. */
import type { LivenessPool } from '@unspoof/node'
import { LIMIT_RANGES } from './body/limits.ts'
import type { HttpLiveness, HttpLivenessOptions } from './options.ts'

let shared: Promise<LivenessPool> | undefined

/** The shared pool. A failed start is not remembered, so that it heals when its cause is gone. */
export function defaultLiveness(): Promise<HttpLiveness> {
  // Loaded late: an application with a Liveness of its own needs neither sharp nor a runtime at import.
  shared ??= import('@unspoof/node').then(({ createLivenessPool }) =>
    // How many bytes an image may have is for `limits.fileBytes` of each adapter to say, which reads it.
    createLivenessPool({ limits: { maxBytes: LIMIT_RANGES.fileBytes.max } }),
  )
  const started = shared
  started.catch(() => {
    if (shared === started) shared = undefined
  })
  return started
}

/** Stops the shared pool, where it was started: for a graceful end of the process. The next picture starts a new one. */
export async function closeDefaultLiveness(): Promise<void> {
  const started = shared
  shared = undefined
  await (await started?.catch(() => undefined))?.close()
}

/**
 * A function that gives the Liveness an adapter was given, made once however often it is asked for. A failed start is not
 * remembered.
 */
export function livenessSource(given: HttpLivenessOptions['liveness']): () => Promise<HttpLiveness> {
  if (given === undefined) return defaultLiveness
  if (typeof given !== 'function') return () => Promise.resolve(given)
  let made: Promise<HttpLiveness> | undefined
  return () => {
    made ??= Promise.resolve().then(given)
    const started = made
    started.catch(() => {
      if (made === started) made = undefined
    })
    return started
  }
}
