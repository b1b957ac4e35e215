/** What a handler gets: the verdict about the whole request. */
import {
  isLivenessError,
  LivenessError,
  type LivenessResult,
  type ReasonCode,
  reason,
  toClientResult,
  VERDICT_CODES,
  type Verdict,
  worstVerdict,
} from '@unspoof/core'
import type { Upload } from './body/upload.ts'
import type { VerifiedToken } from './token.ts'

/** One picture of a request with its result. */
export interface CheckedImage {
  /** The form field or JSON path the picture came in. */
  readonly fieldname: string
  readonly result: LivenessResult
}

/**
 * The result of the worst picture of the request, and all of them.
 * `JSON.stringify` of it gives only what a client may know (`verdict`, `code`, `reasons`, `hint`): scores in an answer
 * are an oracle for an attacker. Read the properties to get at the rest.
 */
export interface RequestLiveness extends LivenessResult {
  /** Every judged picture, in the order of the body. Empty for a token and for `not-checked`. */
  readonly images: readonly CheckedImage[]
  /** Every file of the request and every picture that came as a data URL, with the bytes that were judged. Not enumerable, so that logs do not print pictures. */
  readonly uploads: readonly Upload[]
  /** What the session token said, where one was accepted instead of a picture. */
  readonly token: VerifiedToken | undefined
}

interface Parts {
  readonly images?: readonly CheckedImage[]
  readonly uploads?: readonly Upload[]
  readonly token?: VerifiedToken
}

function requestLiveness(result: LivenessResult, parts: Parts = {}): RequestLiveness {
  const liveness = { ...result, images: parts.images ?? [], token: parts.token } as RequestLiveness
  Object.defineProperties(liveness, {
    uploads: { value: parts.uploads ?? [] },
    toJSON: { value: () => toClientResult(result) },
  })
  return liveness
}

/** The verdict about several pictures is that of the worst: the first such picture speaks for the request. */
export function worstOf(images: readonly CheckedImage[], uploads: readonly Upload[]): RequestLiveness {
  const verdict = worstVerdict(images.map((image) => image.result.verdict))
  const worst = images.find((image) => image.result.verdict === verdict)!
  return requestLiveness(worst.result, { images, uploads })
}

/** Nothing was judged. */
export function notChecked(code: ReasonCode, uploads: readonly Upload[] = []): RequestLiveness {
  return requestLiveness({ ...blank('not-checked'), reasons: [reason(code)], hint: reason(code).hint }, { uploads })
}

/** A session's signed result. */
export function fromToken(token: VerifiedToken): RequestLiveness {
  // biome-ignore lint/plugin: a token is signed only for a verdict that grantLive() made, and its signature was verified.
  const result = blank('live')
  return requestLiveness(
    { ...result, model: token.model ?? [], operatingPoint: token.operatingPoint ?? result.operatingPoint },
    { token },
  )
}

function blank(verdict: Verdict): LivenessResult {
  return {
    verdict,
    code: VERDICT_CODES[verdict],
    liveProbability: null,
    stability: null,
    reasons: [],
    hint: '',
    face: null,
    faces: [],
    signals: null,
    model: [],
    operatingPoint: { name: 'custom', threshold: 1 },
    timings: { decode: 0, detect: 0, quality: 0, crop: 0, model: 0, total: 0 },
    image: null,
  }
}

/**
 * Refuses a result that contradicts itself: `live` needs a finite probability at or above a finite threshold.
 * @throws LivenessError MODEL_OUTPUT
 */
export function checkResult(result: unknown): LivenessResult {
  const candidate = (result ?? {}) as Partial<LivenessResult>
  const { verdict, liveProbability, operatingPoint } = candidate
  const known =
    verdict !== undefined && VERDICT_CODES[verdict] !== undefined && VERDICT_CODES[verdict] === candidate.code
  const reached =
    Number.isFinite(liveProbability) &&
    Number.isFinite(operatingPoint?.threshold) &&
    liveProbability! >= operatingPoint!.threshold &&
    liveProbability! <= 1 &&
    operatingPoint!.threshold > 0
  if (!known || !Array.isArray(candidate.reasons) || (verdict === 'live' && !reached)) {
    throw new LivenessError('MODEL_OUTPUT', 'Expected a verdict that its own probability and threshold support.')
  }
  return candidate as LivenessResult
}

/**
 * Throws unless the request was judged `live` (by its pictures or a session token).
 * @throws LivenessError SPOOF, RETRY or NOT_CHECKED
 */
export function assertLiveResult(liveness: unknown): asserts liveness is RequestLiveness {
  const result = liveness as RequestLiveness | undefined
  if (result?.verdict === 'live' && result.code === 'LIVE') return
  throw verdictError(result)
}

/** The error that a verdict other than `live` is. */
export function verdictError(result: Pick<LivenessResult, 'verdict' | 'hint'> | undefined): LivenessError {
  const code = VERDICT_CODES[result?.verdict ?? 'not-checked'] ?? 'NOT_CHECKED'
  if (code === 'LIVE' || code === 'NOT_CHECKED') return new LivenessError('NOT_CHECKED', 'No picture was judged.')
  const message = code === 'SPOOF' ? 'The picture is not of a live face.' : 'The picture cannot be judged.'
  return new LivenessError(code, message, result?.hint ? { hint: result.hint } : {})
}

/** Errors that say that the check could not be done, through no fault of the request. */
export function isUnavailable(error: unknown): boolean {
  return !isLivenessError(error) || error.status === 503
}
