/** The path every adapter shares: request in, "pass" or "answer this" out. */
import { createHash, randomUUID } from 'node:crypto'
import { isLivenessError, LivenessError, type LivenessResult } from '@unspoof/core'
import type { Ticket } from './admission/admission.ts'
import { imageCost } from './admission/image-cost.ts'
import { imagesOf } from './body/images.ts'
import { readUpload, type UploadRequest } from './body/read-upload.ts'
import type { Upload, UploadBody } from './body/upload.ts'
import { livenessSource } from './default-liveness.ts'
import { resultEvent, tell } from './events.ts'
import type { ResolvedHttpOptions } from './options.ts'
import {
  type CheckedImage,
  checkResult,
  fromToken,
  isUnavailable,
  notChecked,
  type RequestLiveness,
  worstOf,
} from './request-liveness.ts'
import { type HttpAnswer, toHttpResponse } from './response.ts'
import { readToken, verifyToken } from './token.ts'
import { warnUnavailable } from './warnings.ts'

/** The request may go on. */
export interface Passed {
  readonly passed: true
  readonly liveness: RequestLiveness
  /** What was read of the body; undefined where it was not looked at. */
  readonly body: UploadBody | undefined
}

/** The request is answered with {@link HttpAnswer}; exactly one of `result` and `error` says why. */
export interface Rejection extends HttpAnswer {
  readonly passed: false
  readonly result: RequestLiveness | undefined
  /** As thrown; the answer tells less. */
  readonly error: LivenessError | undefined
}

export type Outcome = Passed | Rejection

export interface GuardRequest<Req> extends UploadRequest {
  /** The framework's own request, for the hooks of the application. */
  readonly original: Req
  /** Whether a picture is required, where the options do not say. */
  readonly requiredHere: boolean
  /** The body, where an earlier check on the same request read it. */
  readonly body?: UploadBody
  readonly requestId?: string
}

export interface RequestGuard<Req> {
  /** Never rejects: whatever goes wrong is a {@link Rejection}. */
  check(request: GuardRequest<Req>): Promise<Outcome>
  /** Loads the models now instead of at the first picture. @throws LivenessError */
  ready(): Promise<void>
}

export function createRequestGuard<Req>(options: ResolvedHttpOptions<Req>): RequestGuard<Req> {
  const { limits, fields, admission, clientKey, session, onUnavailable } = options
  const liveness = livenessSource(options.liveness)
  // A failure is answered, and told, at the first image; `ready()` tells it sooner.
  if (options.warmUp) liveness().catch(() => {})

  async function judge(images: readonly Upload[], ticket: Ticket, signal?: AbortSignal): Promise<CheckedImage[]> {
    const checked: CheckedImage[] = []
    // One after the other: a request takes one place in the queue, however many pictures it brings.
    for (const image of images) {
      const endCheck = ticket.startCheck(imageCost(image.buffer))
      try {
        const work = liveness().then((judge) => judge.check(image.buffer, { ...options.check, signal }))
        const result = checkResult(await within(work, options.timeoutMs, signal))
        checked.push({ fieldname: image.fieldname, result: withDigest(result, image.buffer) })
      } finally {
        endCheck()
      }
    }
    return checked
  }

  async function decide(request: GuardRequest<Req>, required: boolean): Promise<Passed | RequestLiveness> {
    const token = session === undefined ? undefined : readToken((name) => request.header(name))
    if (session !== undefined && token !== undefined) {
      const verified = await verifyToken(token, session, request.original, options.check.operatingPoint)
      return { passed: true, liveness: fromToken(verified), body: undefined }
    }
    const client = await clientKey?.(request.original)
    let ticket: Ticket | undefined
    // Only now and not for every request: a page without a body costs nothing and is not refused under load.
    const enter = (): Ticket => {
      ticket ??= admission.enter(required, client)
      return ticket
    }
    try {
      const onBytes = (count: number) => enter().addBytes(count)
      const body = request.body ?? (await readUpload(request, { limits, required, onStart: enter, onBytes }))
      const images = imagesOf(body, { fields, required }, limits)
      if (images.length === 0) {
        if (required) throw missing()
        return { passed: true, liveness: notChecked('no-image', body.files), body }
      }
      const uploads = [...new Set([...body.files, ...images])]
      const result = await judgeOrAnnotate(images, uploads, enter(), request.signal)
      const passed = required ? result.verdict === 'live' || isAnnotated(result) : result.verdict !== 'spoof'
      return passed ? { passed: true, liveness: result, body } : result
    } finally {
      ticket?.release()
    }
  }

  /** Says how a picture is sent, since a picture sent in another way looks like none. */
  function missing(): LivenessError {
    const ways =
      fields === undefined
        ? 'in a form, as the body (Content-Type: image/jpeg) or as a data URL in JSON'
        : `in the field ${fields.join(' or ')} of a form, or as a data URL of that name in JSON`
    return new LivenessError('IMAGE_MISSING', `Expected a picture ${ways}.`)
  }

  async function judgeOrAnnotate(
    images: readonly Upload[],
    uploads: readonly Upload[],
    ticket: Ticket,
    signal?: AbortSignal,
  ): Promise<RequestLiveness> {
    try {
      return worstOf(await judge(images, ticket, signal), uploads)
    } catch (error) {
      if (onUnavailable === 'annotate' && isUnavailable(error)) return notChecked('unavailable', uploads)
      throw error
    }
  }

  async function answer(request: GuardRequest<Req>, requestId: string): Promise<Outcome> {
    try {
      const outcome = await decide(request, options.required ?? request.requiredHere)
      if ('passed' in outcome) return outcome
      return { ...toHttpResponse(outcome, requestId), passed: false, result: outcome, error: undefined }
    } catch (thrown) {
      if (onUnavailable === 'annotate' && isLivenessError(thrown) && thrown.code === 'OVERLOADED') {
        return { passed: true, liveness: notChecked('unavailable'), body: undefined }
      }
      const refused = rejection(thrown, requestId)
      if (refused.error !== undefined) warnUnavailable(refused.error)
      return refused
    }
  }

  /** Only the application's own choice makes this: `onUnavailable: 'annotate'`. */
  function isAnnotated(result: RequestLiveness): boolean {
    return onUnavailable === 'annotate' && result.verdict === 'not-checked'
  }

  return {
    async check(request) {
      const started = performance.now()
      const requestId = request.requestId ?? randomUUID()
      const outcome = await answer(request, requestId)
      tell(options.onResult, resultEvent(outcome, requestId, performance.now() - started))
      return outcome
    },
    async ready() {
      await liveness()
    },
  }
}

/** The answer to something thrown. */
export function rejection(thrown: unknown, requestId?: string): Rejection {
  const error = isLivenessError(thrown)
    ? thrown
    : new LivenessError('MODEL_UNAVAILABLE', 'The liveness check failed.', { cause: thrown })
  return { ...toHttpResponse(error, requestId), passed: false, result: undefined, error }
}

/** Binds the result to the bytes the handler gets, where the Liveness in use did not. */
function withDigest(result: LivenessResult, bytes: Buffer): LivenessResult {
  if (result.image === null || result.image.sha256 !== undefined) return result
  return { ...result, image: { ...result.image, sha256: createHash('sha256').update(bytes).digest('hex') } }
}

/** Gives up waiting after a time and when the client leaves, whatever the work does. */
function within(work: Promise<LivenessResult>, timeoutMs: number, signal?: AbortSignal): Promise<LivenessResult> {
  return new Promise((resolve, reject) => {
    const onAbort = () => settle(() => reject(new LivenessError('ABORTED', 'The client left before the answer.')))
    const timer = setTimeout(
      () => settle(() => reject(new LivenessError('CHECK_TIMEOUT', `Expected a result within ${timeoutMs} ms.`))),
      timeoutMs,
    )
    const settle = (done: () => void): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
      done()
    }
    work.then(
      (result) => settle(() => resolve(result)),
      (error: unknown) => settle(() => reject(error)),
    )
    if (signal?.aborted) onAbort()
    else signal?.addEventListener('abort', onAbort)
  })
}
