/** The steps before and after a check that every adapter over Node's HTTP shares. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ParsedRequest } from './body/parsed.ts'
import type { UploadBody } from './body/upload.ts'
import type { Outcome, RequestGuard } from './guard.ts'
import { attachBody, closeAfterAnswer, nodeUploadRequest, requestIdOf } from './node-request.ts'
import type { RequestLiveness } from './request-liveness.ts'

/** A request that a framework hands to its adapter. */
export interface Exchange<Req extends object> {
  /** The framework's request object. */
  readonly request: Req
  /** Node's own, which the framework wraps. */
  readonly rawRequest: IncomingMessage
  readonly rawResponse: ServerResponse
  /** Whether an image is required, where the options do not say. */
  readonly requiredHere: boolean
  /** Where body parsers leave what they read. @default the framework's request */
  readonly places?: ParsedRequest
  /** Keeps the result for the handlers. */
  readonly setResult: (result: RequestLiveness) => void
}

/** Bodies that a check read, by the framework's request: a second check on the same request, and parsers behind it, find them again. */
const BODIES = new WeakMap<object, UploadBody>()

/** The body that a check read; undefined where none did. */
export function bodyRead(request: object): UploadBody | undefined {
  return BODIES.get(request)
}

/**
 * Runs the check and applies its outcome: the result and the body go where handlers look for them, and a refused body is closed in good time.
 * The adapter only has to send the rejection, or to go on.
 * @returns undefined where the client left, so that there is nobody to answer
 */
export async function applyOutcome<Req extends object>(
  guard: RequestGuard<Req>,
  exchange: Exchange<Req>,
): Promise<Outcome | undefined> {
  const { request, rawRequest, rawResponse, requiredHere, setResult } = exchange
  const upload = nodeUploadRequest(rawRequest, rawResponse, exchange.places ?? request)
  const outcome = await guard.check({
    ...upload,
    original: request,
    requiredHere,
    body: BODIES.get(request),
    requestId: requestIdOf(rawRequest, request),
  })
  if (outcome.passed) {
    if (outcome.body !== undefined && !BODIES.has(request)) {
      BODIES.set(request, outcome.body)
      attachBody(rawRequest, request, outcome.body)
    }
    setResult(outcome.liveness)
    return outcome
  }
  if (upload.signal?.aborted) return undefined
  if (outcome.result !== undefined) setResult(outcome.result)
  closeAfterAnswer(rawRequest, rawResponse)
  return outcome
}
