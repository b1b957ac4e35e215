/** Brings whatever a caller has to bytes or a frame, with the byte limit enforced while reading. */
import { constants, type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, type Frame, isFrame, LivenessError } from '@unspoof/core'
import { tooManyBytes } from '../image/decode.ts'
import type { ImageLimits } from '../image/limits.ts'
import { decodeDataUrl } from './data-url.ts'

/**
 * A picture: the path of a file, a `file:` URL, bytes, a Blob or File, a stream of bytes, a `data:` URL, or decoded pixels.
 * A string is a path unless it begins with `data:`. Nothing is ever fetched.
 */
export type NodeInput =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | Readable
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Frame

export interface ReadBytes {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** True where nobody else holds the memory, so that it may be moved to another thread. */
  readonly owned: boolean
}

/**
 * Bytes of an input, or the frame it is.
 * @throws LivenessError INPUT_INVALID, INPUT_UNREADABLE, BODY_TOO_LARGE, IMAGE_TYPE (data URL of another type), ABORTED
 */
export async function readInput(
  input: NodeInput,
  limits: ImageLimits,
  signal?: AbortSignal,
): Promise<ReadBytes | Frame> {
  throwIfAborted(signal)
  if (typeof input === 'string') {
    if (/^data:/i.test(input)) return { bytes: decodeDataUrl(input, limits), owned: true }
    if (/^[a-z][a-z0-9+.-]+:\/\//i.test(input)) throw notFetched()
    return { bytes: await readPath(input, limits), owned: true }
  }
  if (input instanceof URL) {
    if (input.protocol !== 'file:') throw notFetched()
    return { bytes: await readPath(input, limits), owned: true }
  }
  if (input instanceof Uint8Array) {
    if (input.byteLength > limits.maxBytes) throw tooManyBytes(limits)
    // Shared memory may change between the hash and the decoder.
    if (input.buffer instanceof SharedArrayBuffer) return { bytes: new Uint8Array(input), owned: true }
    return { bytes: input as Uint8Array<ArrayBuffer>, owned: false }
  }
  if (input instanceof ArrayBuffer) {
    if (input.byteLength > limits.maxBytes) throw tooManyBytes(limits)
    return { bytes: new Uint8Array(input), owned: false }
  }
  if (input instanceof Blob) {
    if (input.size > limits.maxBytes) throw tooManyBytes(limits)
    return { bytes: new Uint8Array(await input.arrayBuffer().catch(unreadable)), owned: true }
  }
  if (isFrame(input)) return input
  if (isStream(input)) return { bytes: await readStream(input, limits, signal), owned: true }
  throw new LivenessError(
    'INPUT_INVALID',
    `Expected a path, Buffer, Uint8Array, Blob, stream, data URL or frame but received ${describe(input)}.`,
  )
}

function notFetched(): LivenessError {
  return new LivenessError(
    'INPUT_INVALID',
    'Expected a path or a data URL but received the address of something else.',
    {
      hint: 'Nothing is fetched: get the picture yourself and pass its bytes.',
    },
  )
}

async function readPath(path: string | URL, limits: ImageLimits): Promise<Uint8Array<ArrayBuffer>> {
  let file: FileHandle | undefined
  try {
    // Not blocking: opening a named pipe would otherwise wait for somebody to write to it.
    file = await open(
      path instanceof URL ? fileURLToPath(path) : path,
      constants.O_RDONLY | (constants.O_NONBLOCK ?? 0),
    )
    const { size, isRegular } = await file.stat().then((stat) => ({ size: stat.size, isRegular: stat.isFile() }))
    if (!isRegular) throw new LivenessError('INPUT_UNREADABLE', 'Expected the path of a file but it is something else.')
    if (size > limits.maxBytes) throw tooManyBytes(limits)
    // One byte more than the size, so that a file that grows meanwhile is noticed.
    const bytes = new Uint8Array(size + 1)
    let length = 0
    for (;;) {
      const { bytesRead } = await file.read(bytes, length, bytes.length - length)
      if (bytesRead === 0) return bytes.subarray(0, length)
      length += bytesRead
      if (length > size) throw new LivenessError('INPUT_UNREADABLE', 'The file changed while it was read.')
    }
  } catch (cause) {
    return unreadable(cause)
  } finally {
    await file?.close()
  }
}

function isStream(value: unknown): value is AsyncIterable<Uint8Array> | ReadableStream<Uint8Array> {
  if (typeof value !== 'object' || value === null) return false
  return value instanceof ReadableStream || Symbol.asyncIterator in value
}

/** Reads to the end, or stops at the first byte over the limit; either way the stream is left closed. */
async function readStream(
  stream: AsyncIterable<unknown> | ReadableStream<unknown>,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  let source: Source | undefined
  const chunks: Uint8Array[] = []
  let length = 0
  let onAbort: (() => void) | undefined
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortError(signal))
    signal?.addEventListener('abort', onAbort, { once: true })
  })
  try {
    source = sourceOf(stream)
    for (;;) {
      const { done, value } = await Promise.race([source.next(), aborted])
      if (done) return concat(chunks, length)
      if (!(value instanceof Uint8Array)) {
        throw new LivenessError('INPUT_INVALID', `Expected a stream of bytes but received ${describe(value)}.`)
      }
      length += value.byteLength
      if (length > limits.maxBytes) throw tooManyBytes(limits)
      chunks.push(value)
    }
  } catch (cause) {
    source?.stop()
    return unreadable(cause)
  } finally {
    if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
  }
}

interface Source {
  next(): Promise<{ done?: boolean; value?: unknown }>
  /** Frees what is behind the stream. Not awaited by anybody: a stalled source must not hold up the answer. */
  stop(): void
}

/** A generator's return() waits for a pending next(), so streams are stopped by their own means. */
function sourceOf(stream: AsyncIterable<unknown> | ReadableStream<unknown>): Source {
  const ignore = () => {}
  if (stream instanceof ReadableStream) {
    const reader = stream.getReader()
    return { next: () => reader.read(), stop: () => void reader.cancel().catch(ignore) }
  }
  const iterator = stream[Symbol.asyncIterator]()
  const stop = stream instanceof Readable ? () => void stream.destroy() : () => void iterator.return?.().catch(ignore)
  return { next: () => iterator.next(), stop }
}

function concat(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.byteLength
  }
  return bytes
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw abortError(signal)
}

function abortError(signal: AbortSignal | undefined): LivenessError {
  return new LivenessError('ABORTED', 'The check was aborted.', { cause: signal?.reason })
}

/** The path is left out of the message: it may end in an answer to a client. It is in the cause. */
function unreadable(cause: unknown): never {
  throw cause instanceof LivenessError
    ? cause
    : new LivenessError('INPUT_UNREADABLE', 'The picture cannot be read.', { cause })
}
