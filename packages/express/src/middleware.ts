/** livenessMiddleware(): face liveness for Express 4 and 5. */
import { invalid } from '@unspoof/core'
import {
  applyOutcome,
  createRequestGuard,
  type HttpLivenessOptions,
  type Rejection,
  resolveHttpOptions,
} from '@unspoof/http'
import type { Request, RequestHandler, Response } from 'express'
import './types.ts'

export interface LivenessMiddlewareOptions extends HttpLivenessOptions<Request> {
  /**
   * Answers a refused request in your own way. Awaited; what it throws goes to Express' error handlers. Where it sends
   * nothing, the usual answer is sent: it cannot let a request pass.
   */
  readonly onReject?: (req: Request, res: Response, rejection: Rejection) => unknown
  /** The property of the request that gets the result. @default 'liveness' */
  readonly property?: string
}

export interface LivenessMiddleware extends RequestHandler {
  /** Loads the models now, not at the first picture. Rejects where they cannot be loaded. */
  ready(): Promise<void>
}

/**
 * Judges every picture of an upload (multipart, `image/*`, JSON data URLs, or what multer and others already parsed) and
 * sets `req.liveness`. As a handler of a route (`app.post('/login', livenessMiddleware(), ...)`) it requires a picture, and
 * only `live` passes. Mounted with `use()`, where Express has set no `req.route`, it refuses spoofs and annotates the
 * rest; `required` overrides both.
 * @throws LivenessError OPTION_INVALID at creation
 */
export function livenessMiddleware(options: LivenessMiddlewareOptions = {}): LivenessMiddleware {
  const resolved = resolveHttpOptions(options, ['onReject', 'property'])
  const { onReject, property = 'liveness' } = options
  if (onReject !== undefined && typeof onReject !== 'function') throw invalid('onReject', 'a function', onReject)
  if (typeof property !== 'string' || property === '') throw invalid('property', 'a name', property)
  const guard = createRequestGuard(resolved)

  /** Whether the request may go on; where not, it is answered. */
  async function handle(req: Request, res: Response): Promise<boolean> {
    const onRoute = (req.route as unknown) !== undefined
    if (!onRoute && resolved.required === undefined) warnGlobalMount()
    const outcome = await applyOutcome(guard, {
      request: req,
      rawRequest: req,
      rawResponse: res,
      requiredHere: onRoute,
      setResult: (result) => {
        ;(req as unknown as Record<string, unknown>)[property] = result
      },
    })
    if (outcome === undefined) return false
    if (outcome.passed) return true
    await onReject?.(req, res, outcome)
    if (!res.headersSent) send(res, outcome)
    return false
  }

  const middleware: RequestHandler = (req, res, next) => {
    handle(req, res).then((passed) => {
      if (passed) next()
    }, next)
  }
  return Object.assign(middleware, { ready: () => guard.ready() })
}

function send(res: Response, { status, headers, body }: Rejection): void {
  res.status(status).set(headers).json(body)
}

let warned = false

function warnGlobalMount(): void {
  if (warned) return
  warned = true
  process.emitWarning(
    'livenessMiddleware() is mounted with use(): requests without a picture reach the handlers as not-checked. ' +
      'Put it on the route, call assertLive(req) in the handler, or say required: false to silence this.',
    { type: 'LivenessWarning', code: 'UNSPOOF_GLOBAL_MOUNT' },
  )
}
