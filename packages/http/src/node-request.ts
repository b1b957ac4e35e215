/** Node's own request and response, which Express, Nest and Fastify all wrap. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { LivenessError } from '@unspoof/core'
import { DEFAULT_LIMITS } from './body/limits.ts'
import { type ParsedRequest, parsedState } from './body/parsed.ts'
import type { UploadRequest } from './body/read-upload.ts'
import { replayMultipart } from './body/replay.ts'
import type { UploadBody } from './body/upload.ts'
import { toHttpResponse } from './response.ts'

/**
 * The request as the shared half sees it. The signal aborts when the connection closes before the answer is sent.
 * @param places where body parsers leave what they read; the framework's request object
 */
export function nodeUploadRequest(req: IncomingMessage, res: ServerResponse, places: ParsedRequest): UploadRequest {
  const controller = new AbortController()
  const onClose = (): void => {
    if (!res.writableFinished) controller.abort()
  }
  if (res.closed || res.destroyed) onClose()
  else res.once('close', onClose)
  return {
    method: req.method ?? 'GET',
    // `headers` keeps only the first of two Content-Types, which would hide the second.
    // HTTP/2 has no `headersDistinct`, and no doubled Content-Type either.
    header: (name) => req.headersDistinct?.[name] ?? [req.headers[name] ?? []].flat(),
    stream: hasBody(req) ? req : undefined,
    parsed: parsedState(req, places),
    signal: controller.signal,
  }
}

function hasBody(req: IncomingMessage): boolean {
  // HTTP/2 needs neither header: there the stream knows.
  const { stream } = req as { readonly stream?: { readonly endAfterHeaders: boolean } }
  if (stream !== undefined) return !stream.endAfterHeaders
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
}

const REQUEST_ID = /^[\w.:-]{1,128}$/

/**
 * The id that the log knows the request by: the framework's own, else the X-Request-Id that a proxy sent, else a new one.
 * @param request the framework's request, where it is another object than Node's
 */
export function requestIdOf(req: Pick<IncomingMessage, 'headers'>, request: object = req): string {
  const { id } = request as { readonly id?: unknown }
  const known = [typeof id === 'number' ? String(id) : id, req.headers['x-request-id']]
  return known.find((value): value is string => typeof value === 'string' && REQUEST_ID.test(value)) ?? randomUUID()
}

interface BodyPlaces {
  body?: unknown
  file?: unknown
  files?: unknown
  _body?: boolean
}

/**
 * Leaves the body where handlers look for it, as multer and the body parsers do: `body` (fields, parsed JSON or the
 * picture's bytes), `files` (a list) and, where there is exactly one, `file`. What is there already stays.
 * @param places the framework's request object
 */
export function attachBody(req: IncomingMessage, places: object, body: UploadBody): void {
  if (body.kind === 'none' || body.kind === 'parsed') return
  const target = places as BodyPlaces
  const own: BodyPlaces = {
    body: body.kind === 'json' ? body.json : body.kind === 'image' ? body.files[0]!.buffer : body.fields,
    files: body.kind === 'json' ? undefined : [...body.files],
    file: body.files.length === 1 ? body.files[0] : undefined,
  }
  target.body = own.body
  // Fastify plugins put methods of these names on the request, which stay.
  target.files ??= own.files
  target.file ??= own.file
  // Tells body-parser that there is nothing left to read.
  if (req === places) target._body = true
  // A parser that reads the form again would add its values to ours.
  replayMultipart(req, body, () => {
    for (const key of ['body', 'files', 'file'] as const) {
      if (target[key] === own[key]) target[key] = undefined
    }
  })
}

/** How long a client may go on sending after it was refused, milliseconds. */
const LINGER = 1000

/**
 * For an answer that is sent before the body was read. Cutting the connection at once would often destroy the answer
 * on its way, and waiting for the whole body would let a client send forever: so the rest is thrown away for a moment,
 * then the connection is closed. A client that ends its body in time keeps its connection.
 */
export function closeAfterAnswer(req: IncomingMessage, res: ServerResponse): void {
  if (req.complete) return
  res.once('finish', () => {
    req.resume()
    setTimeout(() => {
      if (req.complete) return
      // Over HTTP/2 the socket belongs to other requests too. A request that a test injects has no socket to close.
      const { stream, socket } = req as { stream?: { close(): void }; socket?: { destroy?(): void } }
      if (stream === undefined) socket?.destroy?.()
      else stream.close()
    }, LINGER).unref()
  })
}

/**
 * Answers `Expect: 100-continue` with 413 where the announced body is too large for any route, before it is sent.
 * Without this, Node asks for the body first and the middleware refuses it after.
 * @param maxBytes the largest body any route takes. @default the default multipart limit
 */
export function refuseEarly(server: Server, maxBytes: number = DEFAULT_LIMITS.bodyBytes): void {
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) => {
    if (Number(req.headers['content-length'] ?? 0) <= maxBytes) {
      res.writeContinue()
      server.emit('request', req, res)
      return
    }
    const answer = toHttpResponse(new LivenessError('BODY_TOO_LARGE', `Expected a body of at most ${maxBytes} bytes.`))
    const body = JSON.stringify(answer.body)
    const length = Buffer.byteLength(body)
    res.writeHead(answer.status, {
      ...answer.headers,
      'content-type': 'application/json',
      'content-length': length,
      connection: 'close',
    })
    res.end(body)
  })
}
