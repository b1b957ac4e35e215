/** Request body in, fields and files out, within limits that hold while it is read. */
import { Readable } from 'node:stream'
import { LivenessError } from '@unspoof/core'
import { parseJson } from './json.ts'
import type { UploadLimits } from './limits.ts'
import { multipartBoundary, parseMediaType } from './media-type.ts'
import { createMultipartReader } from './multipart.ts'
import type { ParsedState } from './parsed.ts'
import { readParsed } from './parsed.ts'
import { peek, pump, type Sink } from './pump.ts'
import { isImageType, looksLikeImage, SNIFFED_BYTES } from './sniff.ts'
import { inTurn } from './turns.ts'
import { createUpload, emptyBody, type UploadBody } from './upload.ts'

/** The parts of a request that reading an upload needs, whatever the framework. */
export interface UploadRequest {
  /** Upper case. */
  readonly method: string
  /** Every value of a header, in order; empty where it is absent. */
  header(name: string): readonly string[]
  /** The body; undefined where there is none. */
  readonly stream: Readable | undefined
  /** What other parsers left; see {@link parsedState}. */
  readonly parsed?: ParsedState
  /** Aborts when the client leaves. */
  readonly signal?: AbortSignal
}

export interface ReadUploadOptions {
  /** True: a body that may be an image (`application/octet-stream`, or no type) is read whole, and one that cannot be is refused. */
  readonly required: boolean
  readonly limits: UploadLimits
  /** Called before anything is read, where there is something to read; may throw to refuse. */
  readonly onStart?: () => void
  /** Told of every chunk; may throw to stop. */
  readonly onBytes?: (count: number) => void
}

/** Bytes of a body that takes milliseconds to look through. */
const LARGE = 1024 * 1024

const NO_BODY_METHODS = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE'])

/**
 * Reads the body of a request. A body that cannot carry one (other types, other methods) is left
 * unread. On an error the rest of the body is left unread and the stream undestroyed, so that an answer can be sent.
 * @throws LivenessError BODY_MALFORMED, BODY_TOO_LARGE, TOO_MANY_PARTS, ENCODING_UNSUPPORTED, UPLOAD_TIMEOUT, ABORTED,
 * BODY_CONSUMED.
 */
export async function readUpload(request: UploadRequest, options: ReadUploadOptions): Promise<UploadBody> {
  const { limits, required } = options
  const parsed = request.parsed
  if (NO_BODY_METHODS.has(request.method)) return emptyBody()
  if (parsed !== undefined && (parsed.files.length > 0 || (parsed.consumed && parsed.value !== undefined))) {
    options.onStart?.()
    return readParsed(parsed, limits)
  }
  const replay = parsed?.replay
  const announced = contentLength(request)
  if (replay === undefined && !parsed?.consumed && (request.stream === undefined || announced === 0)) return emptyBody()

  const types = request.header('content-type')
  const kind = bodyKind(types, required)
  if (kind === undefined) return emptyBody()
  if (types.length > 1) throw malformed('one Content-Type')
  const media = parseMediaType(types[0])
  if (parsed?.consumed && replay === undefined) {
    throw new LivenessError('BODY_CONSUMED', 'Another parser read the body and kept nothing of it.')
  }
  if (replay === undefined) checkEncoding(request)
  const maxBytes = {
    multipart: limits.bodyBytes,
    image: limits.fileBytes,
    unknown: limits.fileBytes,
    json: limits.jsonBytes,
  }[kind]
  // Another file than an image may be as large as its handler allows.
  if (kind !== 'unknown' && announced !== undefined && announced > maxBytes) {
    throw new LivenessError('BODY_TOO_LARGE', `Expected a body of at most ${maxBytes} bytes.`)
  }
  options.onStart?.()
  if (kind === 'unknown' && !looksLikeImage(replay ?? (await peek(request.stream!, SNIFFED_BYTES, request, limits))))
    return emptyBody()
  const stream = replay === undefined ? request.stream! : Readable.from([replay])
  const feed: Feed = (sink) =>
    pump(stream, sink, { maxBytes, limits, signal: request.signal, onBytes: options.onBytes })
  switch (kind) {
    case 'multipart':
      return readMultipart(feed, multipartBoundary(media), limits)
    case 'json': {
      const bytes = await collect(feed)
      if (bytes.length === 0) return emptyBody()
      const json = parseJson(bytes, limits)
      // Others' turn, before the pictures of a large body are decoded.
      if (bytes.length > LARGE) await new Promise(setImmediate)
      return { ...emptyBody('json'), json, bytes }
    }
    case 'image':
    case 'unknown':
      return { ...emptyBody('image'), files: [createUpload('', '', media.type, await collect(feed))] }
  }
}

type Feed = (sink: Sink) => Promise<void>

async function collect(feed: Feed): Promise<Buffer> {
  const chunks: Buffer[] = []
  await feed((chunk) => void chunks.push(chunk))
  return inTurn(() => Buffer.concat(chunks))
}

async function readMultipart(feed: Feed, boundary: string, limits: UploadLimits): Promise<UploadBody> {
  const reader = createMultipartReader(boundary, limits)
  await feed((chunk) => reader.write(chunk))
  return { kind: 'multipart', ...(await reader.end()), boundary }
}

type BodyKind = 'multipart' | 'image' | 'json' | 'unknown'

function bodyKind(types: readonly string[], required: boolean): BodyKind | undefined {
  // Only the start is looked at here; a type that is malformed further on must not pass as "something else".
  const type = (types.find((value) => /^\s*(?:multipart|image)\//i.test(value)) ?? types[0] ?? '').trim().toLowerCase()
  if (type.startsWith('multipart/form-data')) return 'multipart'
  if (type.startsWith('multipart/') && required) {
    throw new LivenessError('ENCODING_UNSUPPORTED', 'Expected multipart/form-data.')
  }
  if (isImageType(type)) return 'image'
  if (/^application\/(?:[\w.-]+\+)?json\b/.test(type)) return 'json'
  // Scripts send images like this. Where none is required it may be anything: its first bytes decide.
  if (type === '' || type.startsWith('application/octet-stream')) return required ? 'image' : 'unknown'
  return undefined
}

/** @throws LivenessError ENCODING_UNSUPPORTED */
export function checkEncoding(request: UploadRequest): void {
  const encodings = request.header('content-encoding').map((value) => value.trim().toLowerCase())
  if (encodings.some((value) => value !== '' && value !== 'identity')) {
    throw new LivenessError('ENCODING_UNSUPPORTED', 'Expected a body without Content-Encoding.')
  }
}

/** Bytes; undefined where the client does not say. */
export function contentLength(request: UploadRequest): number | undefined {
  const value = request.header('content-length')[0]
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined
}

function malformed(expected: string): LivenessError {
  return new LivenessError('BODY_MALFORMED', `Expected ${expected}.`)
}
