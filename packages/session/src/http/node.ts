/** Lets Express and plain node:http servers use a handler of Request and Response. Nothing is imported from Node: the types are structural. */
import { LivenessError, toErrorShape } from '@unspoof/core'
import type { SessionHandler } from './handler.ts'

/** The part of `http.IncomingMessage` that is used. */
export interface NodeRequest {
  readonly method?: string | undefined
  readonly url?: string | undefined
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** True where somebody read the body before. */
  readonly readableEnded: boolean
  /** True where the whole request arrived. */
  readonly complete: boolean
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'end' | 'close', listener: () => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  pause(): unknown
  resume(): unknown
  destroy(): unknown
}

/** The part of `http.ServerResponse` that is used. */
export interface NodeResponse {
  readonly headersSent: boolean
  readonly writableFinished: boolean
  writeHead(status: number, headers: Record<string, string>): unknown
  end(body?: string): unknown
  on(event: 'close', listener: () => void): unknown
}

/** What is left of a refused upload is read and dropped for so long, so that the client sees the answer and not a broken connection. */
const DRAIN_MS = 2000

/**
 * `app.use('/liveness', toNodeHandler(handler))` in Express 4 and 5, or `http.createServer(toNodeHandler(handler))`. The handler's `context` is `req`, so that
 * `subject: (_, req) => req.session.user` works. Mount it before body parsers that read multipart bodies.
 */
export function toNodeHandler<Context extends NodeRequest>(
  handler: SessionHandler<Context>,
): (req: Context, res: NodeResponse) => Promise<void> {
  return async (req, res) => {
    const gone = new AbortController()
    res.on('close', () => {
      if (!res.writableFinished) gone.abort(new LivenessError('ABORTED', 'The client left.'))
    })
    const upload: Upload = { dropped: false }
    const request = toRequest(req, gone.signal, upload)
    const answer = request === undefined ? notFound() : await handler(request, req)
    const body = await answer.text()
    const headers = Object.fromEntries(answer.headers)
    if (!req.complete) {
      // Not `connection: close`: Node would close at once, and a client that is still sending would see a broken pipe.
      upload.dropped = true
      req.resume()
      const drained = setTimeout(() => req.destroy(), DRAIN_MS)
      req.on('close', () => clearTimeout(drained))
    }
    if (res.headersSent) return
    res.writeHead(answer.status, { ...headers, 'content-length': String(new TextEncoder().encode(body).length) })
    res.end(body)
  }
}

/** Whether the rest of a body is read and dropped, because its request was refused. */
interface Upload {
  dropped: boolean
}

/** Undefined for what Node accepts and the web does not: methods like TRACE, targets that are no path. */
function toRequest(req: NodeRequest, signal: AbortSignal, upload: Upload): Request | undefined {
  const headers = new Headers()
  const method = req.method ?? 'GET'
  const bodyless = method === 'GET' || method === 'HEAD' || req.readableEnded
  try {
    for (const [name, value] of Object.entries(req.headers)) {
      for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one)
    }
    // Only the path and query are used; the host is whatever the client says and is not read.
    const url = new URL(req.url ?? '/', 'http://localhost')
    const init = { method, headers, signal, ...(bodyless ? {} : { body: bodyOf(req, upload), duplex: 'half' }) }
    return new Request(url, init as RequestInit)
  } catch {
    return undefined
  }
}

function notFound(): Response {
  const error = new LivenessError('SESSION_UNKNOWN', 'There is no such session.')
  return new Response(JSON.stringify(toErrorShape(error, crypto.randomUUID())), {
    status: error.status,
    headers: { 'content-type': 'application/json' },
  })
}

function bodyOf(req: NodeRequest, upload: Upload): ReadableStream<Uint8Array> {
  let over = false
  return new ReadableStream({
    start(controller) {
      req.on('data', (chunk) => {
        // Kept, dropped bytes would fill the stream, which pauses the request: the client could never finish.
        if (over || upload.dropped) return
        controller.enqueue(chunk)
        if (controller.desiredSize! <= 0) req.pause()
      })
      const end = (finish: () => void): void => {
        if (!over) finish()
        over = true
      }
      req.on('end', () => end(() => controller.close()))
      req.on('error', (error) => end(() => controller.error(error)))
      req.on('close', () => end(() => controller.error(new Error('The connection was closed.'))))
      req.pause()
    },
    pull() {
      req.resume()
    },
    cancel() {
      over = true
    },
  })
}
