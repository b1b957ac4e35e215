/** The one Liveness that adapters without their own share: made at the first picture, not at import. */
import type { Liveness } from '@unspoof/core'
import type { HttpLiveness } from './options.ts'

let shared: Promise<Liveness<Uint8Array>> | undefined

/** The shared pool. A failed start is not remembered, so that it heals when its cause is gone. */
export function defaultLiveness(): Promise<HttpLiveness> {
  shared ??= import('../index.ts').then((node) =>
    (node as unknown as { createLivenessPool(): Promise<Liveness<Uint8Array>> }).createLivenessPool(),
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
