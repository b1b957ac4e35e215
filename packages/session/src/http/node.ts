/** Lets Express and plain node:http servers use a handler of Request and Response. Nothing is imported from Node: the types are structural. */
import { LivenessError } from '@unspoof/core'
import type { SessionHandler } from './handler.ts'

/** The part of `http.IncomingMessage` that is used. */
export interface NodeRequest extends AsyncIterable<Uint8Array> {
  readonly method?: string
  readonly url?: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** True where somebody read the body before. */
  readonly readableEnded: boolean
  readonly complete: boolean
  on(event: 'close', listener: () => void): unknown
  resume(): unknown
}

/** The part of `http.ServerResponse` that is used. */
export interface NodeResponse {
  readonly headersSent: boolean
  readonly writableFinished: boolean
  writeHead(status: number, headers: Record<string, string>): unknown
  end(body?: string): unknown
  on(event: 'close', listener: () => void): unknown
}

/**
 * `app.use('/liveness', toNodeHandler(handler))` in Express 4 and 5, or `http.createServer(toNodeHandler(handler))`. The handler's `context` is `req`, so that
 * `subject: (_, req) => req.session.user` works. Mount it before body parsers that read multipart bodies.
 */
export function toNodeHandler<Request extends NodeRequest>(
  handler: SessionHandler<Request>,
): (req: Request, res: NodeResponse) => Promise<void> {
  return async (req, res) => {
    const gone = new AbortController()
    res.on('close', () => {
      if (!res.writableFinished) gone.abort(new LivenessError('ABORTED', 'The client left.'))
    })
    const answer = await handler(toRequest(req, gone.signal), req)
    if (res.headersSent) return
    const body = await answer.text()
    const headers = Object.fromEntries(answer.headers)
    // What is left of a refused upload is not waited for: the connection ends with the answer.
    if (!req.complete) headers.connection = 'close'
    res.writeHead(answer.status, { ...headers, 'content-length': String(new TextEncoder().encode(body).length) })
    res.end(body)
  }
}

function toRequest(req: NodeRequest, signal: AbortSignal): Request {
  const headers = new Headers()
  for (const [name, value] of Object.entries(req.headers)) {
    for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) headers.append(name, one)
  }
  const method = req.method ?? 'GET'
  const bodyless = method === 'GET' || method === 'HEAD' || req.readableEnded
  // Only the path and query are used; the host is whatever the client says and is not read.
  const url = new URL(req.url ?? '/', 'http://localhost')
  return new Request(url, {
    method,
    headers,
    signal,
    ...(bodyless ? {} : { body: bodyOf(req), duplex: 'half' }),
  } as RequestInit)
}

function bodyOf(req: NodeRequest): ReadableStream<Uint8Array> {
  const iterator = req[Symbol.asyncIterator]()
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await iterator.next()
      if (done) controller.close()
      else controller.enqueue(value)
    },
  })
}
