/** Web-standard handlers: `Request` in, `Response` out. For Next route handlers, Hono and every other server that speaks them. */
import { webUploadRequest } from './body/web-body.ts'
import { createRequestGuard, type RequestGuard } from './guard.ts'
import { requestIdOf } from './node-request.ts'
import { type HttpLivenessOptions, resolveHttpOptions } from './options.ts'
import type { RequestLiveness } from './request-liveness.ts'

/** What {@link checkRequest} says: go on with `liveness`, or return `response` as it is. */
export type WebOutcome =
  | { readonly passed: true; readonly liveness: RequestLiveness; readonly response: undefined }
  | { readonly passed: false; readonly liveness: RequestLiveness | undefined; readonly response: Response }

/** The application's own handler, called only for requests that may pass. */
export type LivenessHandler<Rest extends unknown[]> = (
  request: Request,
  liveness: RequestLiveness,
  ...rest: Rest
) => Response | Promise<Response>

/**
 * Wraps a handler so that it is only called for a live face. A picture is required unless `required: false`.
 * Further arguments (such as Next's context) are handed on. The request's body can still be read.
 * @throws LivenessError OPTION_INVALID at creation
 */
export function livenessHandler<Rest extends unknown[]>(
  handler: LivenessHandler<Rest>,
  options: HttpLivenessOptions<Request> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  const guard = createRequestGuard(resolveHttpOptions(options))
  return async (request, ...rest) => {
    const outcome = await run(request, guard)
    return outcome.passed ? handler(request, outcome.liveness, ...rest) : outcome.response
  }
}

const guards = new WeakMap<object, RequestGuard<Request>>()
const NO_OPTIONS: HttpLivenessOptions<Request> = Object.freeze({})

/**
 * Checks one request; for handlers that want to decide by themselves. A picture is required unless `required: false`.
 * Keep the options object and pass the same one each time: what is made from it is remembered by it.
 * @throws LivenessError OPTION_INVALID
 */
export function checkRequest(
  request: Request,
  options: HttpLivenessOptions<Request> = NO_OPTIONS,
): Promise<WebOutcome> {
  let guard = guards.get(options)
  if (guard === undefined) {
    guard = createRequestGuard(resolveHttpOptions(options))
    guards.set(options, guard)
  }
  return run(request, guard)
}

async function run(request: Request, guard: RequestGuard<Request>): Promise<WebOutcome> {
  // The copy is read here, so that the handler can read the body too.
  const upload = webUploadRequest(request, request.bodyUsed ? null : request.clone().body)
  const requestId = requestIdOf({ headers: { 'x-request-id': request.headers.get('x-request-id') ?? undefined } })
  const outcome = await guard.check({ ...upload, original: request, requiredHere: true, requestId })
  if (outcome.passed) return { passed: true, liveness: outcome.liveness, response: undefined }
  upload.stream?.destroy()
  await request.body?.cancel().catch(() => {})
  const response = Response.json(outcome.body, { status: outcome.status, headers: outcome.headers })
  return { passed: false, liveness: outcome.result, response }
}
