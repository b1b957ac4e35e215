/** Reads a body with its own clock: progress, a slowest pace, a deadline and a byte limit, whatever the parser behind it does. */
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { LivenessError } from '@unspoof/core'
import type { UploadLimits } from './limits.ts'

export interface PumpOptions {
  /** Bytes read at most. */
  readonly maxBytes: number
  readonly limits: Pick<UploadLimits, 'bodyTimeoutMs' | 'idleTimeoutMs' | 'minBytesPerSecond' | 'graceMs'>
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal
  /** Told of every chunk before it is kept: the place for a budget. May throw. */
  readonly onBytes?: (count: number) => void
}

/** Takes a chunk; the body waits for what it returns. */
export type Sink = (chunk: Buffer) => void | Promise<void>

/** How often the pace is looked at, milliseconds. */
const PACE_INTERVAL = 100

/**
 * Feeds every chunk to `sink` and resolves at the end of the body. On failure it stops reading and leaves the stream
 * paused and undestroyed, so that an answer can still be sent.
 * @throws LivenessError BODY_TOO_LARGE, UPLOAD_TIMEOUT, ABORTED, or what `sink` and `onBytes` throw.
 */
export function pump(stream: Readable, sink: Sink, options: PumpOptions): Promise<void> {
  const { maxBytes, limits, signal, onBytes } = options
  return new Promise((resolve, reject) => {
    const started = performance.now()
    let received = 0
    let lastBytes = started
    /** When the sink began to hold the body up; a client is not to blame for that. */
    let heldSince: number | undefined
    let heldMs = 0
    /** A stream may tell its end, and close, while its last chunk is still held. */
    let ended = false
    let finished = false

    const finish = (error?: unknown): void => {
      if (finished) return
      finished = true
      clearTimeout(deadline)
      clearInterval(pace)
      stream.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onError)
      signal?.removeEventListener('abort', onAbort)
      if (error === undefined) {
        resolve()
        return
      }
      stream.pause()
      // A client that leaves later makes the stream fail again, with nobody listening.
      stream.on('error', () => {})
      reject(error)
    }
    const onData = (chunk: Buffer | string): void => {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk
      received += bytes.length
      lastBytes = performance.now()
      try {
        if (received > maxBytes) {
          throw new LivenessError('BODY_TOO_LARGE', `Expected a body of at most ${maxBytes} bytes.`)
        }
        onBytes?.(bytes.length)
        const taken = sink(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes))
        if (taken !== undefined) hold(taken)
      } catch (error) {
        finish(error)
      }
    }
    const hold = (taken: Promise<void>): void => {
      stream.pause()
      heldSince = performance.now()
      taken.then(() => {
        if (finished) return
        lastBytes = performance.now()
        heldMs += lastBytes - heldSince!
        heldSince = undefined
        if (ended) finish()
        else stream.resume()
      }, finish)
    }
    const onEnd = (): void => {
      ended = true
      if (heldSince === undefined) finish()
    }
    const onAbort = (): void => finish(new LivenessError('ABORTED', 'The client left before the body was read.'))
    const onClose = (): void => {
      if (!ended) onAbort()
    }
    const onError = (): void => onAbort()
    const deadline = setTimeout(
      () => finish(new LivenessError('UPLOAD_TIMEOUT', `Expected the body within ${limits.bodyTimeoutMs} ms.`)),
      limits.bodyTimeoutMs,
    )
    const pace = setInterval(() => {
      if (heldSince !== undefined) return
      const now = performance.now()
      if (now - lastBytes > limits.idleTimeoutMs) {
        finish(new LivenessError('UPLOAD_TIMEOUT', `Expected a byte of body every ${limits.idleTimeoutMs} ms.`))
        return
      }
      const seconds = (now - started - heldMs - limits.graceMs) / 1000
      if (seconds > 0 && received < limits.minBytesPerSecond * seconds) {
        finish(
          new LivenessError('UPLOAD_TIMEOUT', `Expected at least ${limits.minBytesPerSecond} bytes of body a second.`),
        )
      }
    }, PACE_INTERVAL)

    if (signal?.aborted || stream.destroyed) return onAbort()
    signal?.addEventListener('abort', onAbort)
    stream.on('end', onEnd).on('close', onClose).on('error', onError).on('data', onData)
  })
}

/**
 * The first bytes of a body, which stay in the stream for whoever reads it.
 * @throws LivenessError UPLOAD_TIMEOUT, ABORTED
 */
export async function peek(
  stream: Readable,
  count: number,
  { signal }: Pick<PumpOptions, 'signal'>,
  { idleTimeoutMs }: Pick<UploadLimits, 'idleTimeoutMs'>,
): Promise<Buffer> {
  const deadline = AbortSignal.timeout(idleTimeoutMs)
  const given = signal === undefined ? deadline : AbortSignal.any([signal, deadline])
  const chunks: Buffer[] = []
  let length = 0
  for (;;) {
    const chunk: unknown = stream.read()
    if (chunk !== null) {
      chunks.push(Buffer.from(chunk as Uint8Array))
      length += (chunk as Uint8Array).length
    }
    if (length >= count || hasEnded(stream)) break
    try {
      await once(stream, 'readable', { signal: given })
    } catch {
      if (!deadline.aborted) throw new LivenessError('ABORTED', 'The client left before the body was read.')
      throw new LivenessError('UPLOAD_TIMEOUT', `Expected a byte of body every ${idleTimeoutMs} ms.`)
    }
  }
  const read = Buffer.concat(chunks)
  // Put back before Node can notice that the end was reached.
  if (length > 0) stream.unshift(read)
  return read.subarray(0, count)
}

/** Whether nothing more will come, even while bytes are still to be read. Node tells it nowhere else. */
function hasEnded(stream: Readable): boolean {
  const { ended } = (stream as unknown as { _readableState: { ended: boolean } })._readableState
  return ended || stream.destroyed
}
