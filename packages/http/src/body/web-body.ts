/** Reads the body of a web-standard Request, with the limits and the reader that uploads have. */
import { Readable } from 'node:stream'
import type { ReadableStream as NodeReadableStream } from 'node:stream/web'
import { LivenessError } from '@unspoof/core'
import type { UploadLimits } from './limits.ts'
import type { MultipartForm } from './multipart.ts'
import { pump } from './pump.ts'
import { checkEncoding, contentLength, readUpload, type UploadRequest } from './read-upload.ts'

/** The request as the reader of uploads sees it. */
export function webUploadRequest(request: Request, body: ReadableStream<Uint8Array> | null): UploadRequest {
  const stream = body === null ? undefined : Readable.fromWeb(body as NodeReadableStream<Uint8Array>)
  // Cancelling a body that was given up is nobody's failure.
  stream?.on('error', () => {})
  return {
    method: request.method,
    header: (name) => {
      const value = request.headers.get(name)
      return value === null ? [] : [value]
    },
    stream,
    parsed: request.bodyUsed ? { replay: undefined, files: [], value: undefined, consumed: true } : undefined,
    signal: request.signal,
  }
}

export interface ReadFormOptions {
  readonly limits: UploadLimits
  /** Told of every chunk; may throw to stop. */
  readonly onBytes?: (count: number) => void
}

/**
 * The fields and files of a multipart body.
 * @throws LivenessError BODY_MALFORMED (also for every other type of body), BODY_TOO_LARGE, TOO_MANY_PARTS, ENCODING_UNSUPPORTED,
 * UPLOAD_TIMEOUT, ABORTED, BODY_CONSUMED
 */
export async function readForm(request: Request, options: ReadFormOptions): Promise<MultipartForm> {
  if (!/^\s*multipart\/form-data/i.test(request.headers.get('content-type') ?? '')) {
    throw new LivenessError('BODY_MALFORMED', 'Expected a multipart/form-data body.')
  }
  checkUnread(request)
  const body = await reading(request, (upload) => readUpload(upload, { ...options, required: true }))
  if (body.kind !== 'multipart') throw new LivenessError('BODY_MALFORMED', 'Expected a complete multipart body.')
  return body
}

/**
 * The bytes of a body, whatever its type.
 * @throws LivenessError BODY_TOO_LARGE, ENCODING_UNSUPPORTED, UPLOAD_TIMEOUT, ABORTED, BODY_CONSUMED
 */
export async function readBytes(
  request: Request,
  maxBytes: number,
  limits: Pick<UploadLimits, 'bodyTimeoutMs' | 'idleTimeoutMs' | 'minBytesPerSecond' | 'graceMs'>,
): Promise<Buffer> {
  checkUnread(request)
  return reading(request, async (upload) => {
    checkEncoding(upload)
    if ((contentLength(upload) ?? 0) > maxBytes) {
      throw new LivenessError('BODY_TOO_LARGE', `Expected a body of at most ${maxBytes} bytes.`)
    }
    const chunks: Buffer[] = []
    const { stream, signal } = upload
    if (stream !== undefined) await pump(stream, (chunk) => void chunks.push(chunk), { maxBytes, limits, signal })
    return Buffer.concat(chunks)
  })
}

async function reading<T>(request: Request, read: (upload: UploadRequest) => Promise<T>): Promise<T> {
  const upload = webUploadRequest(request, request.body)
  try {
    return await read(upload)
  } catch (error) {
    // Not awaited: a sender that hangs must not keep the answer back.
    upload.stream?.destroy()
    throw error
  }
}

/** A server that read the body before leaves a used body, or none where one was announced. */
function checkUnread(request: Request): void {
  const announced = Number(request.headers.get('content-length') ?? 0)
  if (request.bodyUsed || (request.body === null && announced > 0)) {
    throw new LivenessError('BODY_CONSUMED', 'The body of the request was read before.')
  }
}
