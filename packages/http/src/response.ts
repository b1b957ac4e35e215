/** Results and errors as HTTP answers, the same in every framework. */
import { randomUUID } from 'node:crypto'
import {
  type ClientResult,
  ERROR_CODES,
  type ErrorShape,
  isLivenessError,
  type LivenessResult,
  toClientResult,
  toErrorShape,
  toPublicError,
} from '@unspoof/core'

export interface HttpAnswer {
  readonly status: number
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** To be sent as JSON. Never holds a score, a threshold, a stability or anything of the request. */
  readonly body: ClientResult | ErrorShape
}

/** Seconds to wait where an error asks for patience and says no time itself. */
const DEFAULT_RETRY_AFTER = 1

/**
 * A verdict is answered as `{verdict, code, reasons, hint}`: 200 for `live`, 403 for `spoof` and `not-checked`, 422 for `retry`.
 * Everything thrown is answered as `{error: {...}}`; what is not a {@link LivenessError} is a 503 that tells nothing.
 */
export function toHttpResponse(outcome: LivenessResult | Error, requestId: string = randomUUID()): HttpAnswer {
  if (!(outcome instanceof Error || isLivenessError(outcome))) {
    const { code } = outcome
    return {
      status: code === 'LIVE' ? 200 : ERROR_CODES[code].status,
      headers: { 'cache-control': 'no-store', 'x-request-id': requestId },
      body: toClientResult(outcome),
    }
  }
  const error = toPublicError(outcome)
  const retryAfter = error.retryAfter ?? (error.status === 503 && error.retryable ? DEFAULT_RETRY_AFTER : undefined)
  return {
    status: error.status,
    headers: {
      'cache-control': 'no-store',
      'x-request-id': requestId,
      ...(retryAfter === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfter)) }),
    },
    body: toErrorShape(error, requestId),
  }
}
