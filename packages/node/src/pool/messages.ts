/** What the pool and its workers say to each other, and errors in a form that survives the way. */
import { type ErrorCode, isLivenessError, LivenessError } from '@unspoof/core'

/** To a worker. A worker has one job at a time. */
export type ToWorker =
  | { readonly type: 'job'; readonly id: number; readonly job: unknown }
  /** Nobody waits for this answer any more: stop where you can. */
  | { readonly type: 'abandon'; readonly id: number }
  /** Free everything and end. A worker is never terminated: that aborts the process when a native call is running. */
  | { readonly type: 'stop' }

/** From a worker. */
export type FromWorker =
  | { readonly type: 'ready'; readonly info: unknown }
  | { readonly type: 'failed'; readonly error: WireError }
  | { readonly type: 'answer'; readonly id: number; readonly answer: unknown }
  | { readonly type: 'error'; readonly id: number; readonly error: WireError }

export interface WireError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  readonly retryAfter: number | undefined
  /** The message of the cause, for the log of the server. */
  readonly cause: string | undefined
}

export function toWireError(thrown: unknown): WireError {
  if (!isLivenessError(thrown)) {
    const cause = thrown instanceof Error ? thrown.message : undefined
    return { ...toWireError(new LivenessError('MODEL_UNAVAILABLE', 'The check failed.')), cause }
  }
  const { code, message, hint, retryAfter, cause } = thrown
  return { code, message, hint, retryAfter, cause: cause instanceof Error ? cause.message : undefined }
}

export function fromWireError({ code, message, hint, retryAfter, cause }: WireError): LivenessError {
  return new LivenessError(code, message, {
    hint,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  })
}
