/** createSessions(): starts sessions, judges what is submitted to them once, and keeps the result for the backend. */
import {
  type ClientResult,
  checkOneOf,
  invalid,
  isLivenessError,
  LivenessError,
  OPERATING_POINTS,
  type OperatingPointName,
  REASONS,
  toLivenessError,
  VERDICT_CODES,
} from '@unspoof/core'
import { equalText, randomId, toHex, utf8 } from './bytes.ts'
import { CHALLENGES, type ChallengeKind, chooseChallenge, secureRandom } from './challenge/challenge.ts'
import { createSeenFrames } from './frames/seen-frames.ts'
import { type Judgement, judgeSubmission } from './judge.ts'
import { createKeys } from './keys.ts'
import { type Attempt, type Attempter, createAttempts } from './limits/attempts.ts'
import {
  type CaptureOptions,
  type ResolvedSessionsOptions,
  resolveSessionsOptions,
  type SessionsOptions,
} from './options.ts'
import { type ResultRecord, readResultRecord, readSessionRecord, type SessionRecord } from './record.ts'
import { parseMeta, type SubmissionMeta } from './submission.ts'
import { burnedKey } from './token/claims.ts'

export interface CreateSessionOptions extends Attempter {
  /** The account the session is for, 1 to 200 characters: from the application's own login, never from the request's body. */
  readonly subject: string
  /** What failures are also counted by: an address or device, as the application knows it. */
  readonly clientKey?: string
  /** For this session only. @default the sessions' own */
  readonly operatingPoint?: OperatingPointName
}

/** What the client is told; PROTOCOL.md explains each field. */
export interface StartedSession {
  readonly version: 1
  readonly id: string
  readonly nonce: string
  readonly challenge: { readonly kind: ChallengeKind; readonly hint: string }
  readonly capture: Required<Omit<CaptureOptions, 'moveFrames'>> & {
    readonly frames: number
    readonly type: 'image/jpeg'
  }
  readonly expiresInMs: number
  /** ISO 8601, by the server's clock. */
  readonly expiresAt: string
}

export interface Submission {
  /** The parsed JSON of the client, unchecked. */
  readonly meta: unknown
  /** The JPEGs, in order. */
  readonly frames: readonly Uint8Array[]
}

export interface SubmitOptions extends Attempter {
  /** Who submits: must be who the session was started for. */
  readonly subject: string
  readonly clientKey?: string
  readonly signal?: AbortSignal
}

/** What the client may see: no scores. */
export interface SubmitAnswer extends ClientResult {
  /** For `live`, where there is a signer. */
  readonly token?: string
}

export interface ResultOptions {
  /** Who is to be let in: must be who the session was started for. */
  readonly subject: string
  /** False leaves the result to be read again; then it is the application's part that it lets in once. @default true */
  readonly consume?: boolean
}

/** For the backend only: it has the score. */
export interface SessionResult extends Omit<ResultRecord, 'jti'> {
  readonly id: string
  readonly subject: string
}

/** Sessions over one store. Share it; any number of calls may run at once. */
export interface Sessions {
  /** What a body may weigh, for whoever reads it. */
  readonly limits: { readonly maxFrameBytes: number; readonly maxTotalBytes: number; readonly maxFrames: number }
  /** @throws LivenessError ATTEMPTS_EXCEEDED, STORE_UNAVAILABLE */
  create(options: CreateSessionOptions): Promise<StartedSession>
  /**
   * Judges the frames. A session is judged once; a verdict uses it up.
   * @throws LivenessError INPUT_INVALID, TOO_MANY_PARTS, BODY_TOO_LARGE, IMAGE_TYPE before anything is used up; SESSION_UNKNOWN, SESSION_EXPIRED, SESSION_USED,
   * NONCE_MISMATCH, ATTEMPTS_EXCEEDED; IMAGE_CORRUPT, IMAGE_TOO_LARGE, FRAMES_INVALID; STORE_UNAVAILABLE and what the model's failures are.
   * After OVERLOADED and SHUTTING_DOWN the same frames may be submitted again.
   */
  submit(id: string, submission: Submission, options: SubmitOptions): Promise<SubmitAnswer>
  /** @throws LivenessError SESSION_UNKNOWN, SESSION_PENDING, SESSION_EXPIRED, SESSION_USED (read before, or its token was used), STORE_UNAVAILABLE */
  result(id: string, options: ResultOptions): Promise<SessionResult>
}

/** A session is remembered so long after its time, to tell "expired" from "never was" and to keep its used marker longer than itself. */
const GRACE_MS = 600_000

/** How long a result can be read. */
const RESULT_TTL_MS = 300_000

/** After these nothing was done, and the session is still good. */
const RESUBMIT = ['OVERLOADED', 'SHUTTING_DOWN']

/** @throws LivenessError OPTION_INVALID */
export function createSessions(options: SessionsOptions): Sessions {
  return new StoredSessions(resolveSessionsOptions(options))
}

class StoredSessions implements Sessions {
  readonly #options: ResolvedSessionsOptions
  readonly #keys
  readonly #attempts
  readonly #seenFrames

  constructor(options: ResolvedSessionsOptions) {
    this.#options = options
    this.#keys = createKeys(options.secret)
    this.#attempts = createAttempts(options.store, this.#keys, options.limits)
    this.#seenFrames =
      options.seenFramesTtlMs === 0 ? undefined : createSeenFrames(options.store, this.#keys, options.seenFramesTtlMs)
  }

  get limits(): Sessions['limits'] {
    const { maxFrameBytes, maxTotalBytes, holdFrames, moveFrames } = this.#options.capture
    return { maxFrameBytes, maxTotalBytes, maxFrames: holdFrames + moveFrames }
  }

  async create({ subject, clientKey, operatingPoint }: CreateSessionOptions): Promise<StartedSession> {
    const { store, capture, ttlMs } = this.#options
    checkSubject(subject)
    const point = checkOneOf('operatingPoint', operatingPoint ?? this.#options.operatingPoint, OPERATING_POINTS)
    await this.#attempts.start({ subject, clientKey })

    const kind = chooseChallenge(this.#options.challenges, this.#options.random ?? secureRandom)
    const frames = capture.holdFrames + (kind === 'none' ? 0 : capture.moveFrames)
    const record: SessionRecord = {
      subject: await this.#keys.name('subject', subject),
      nonce: randomId(),
      challenge: kind,
      operatingPoint: point,
      frames,
      holdFrames: capture.holdFrames,
      intervalMs: capture.intervalMs,
    }
    const id = randomId()
    await store.set(sessionKey(id), JSON.stringify(record), ttlMs + GRACE_MS)
    const { moveFrames: _, ...asked } = capture
    return {
      version: 1,
      id,
      nonce: record.nonce,
      challenge: { kind, hint: CHALLENGES[kind] },
      capture: { frames, ...asked, type: 'image/jpeg' },
      expiresInMs: ttlMs,
      expiresAt: new Date(this.#options.now() + ttlMs).toISOString(),
    }
  }

  async submit(
    id: string,
    submission: Submission,
    { subject, clientKey, signal }: SubmitOptions,
  ): Promise<SubmitAnswer> {
    const { store } = this.#options
    checkSubject(subject)
    const who = { subject, clientKey }
    const meta = parseMeta(submission.meta)
    this.#checkImages(meta, submission.frames)

    const { record, leftMs } = await this.#find(id, subject)
    if (leftMs <= 0) throw await this.#usedOrExpired(id)
    if (submission.frames.length > record.frames) {
      throw new LivenessError(
        'TOO_MANY_PARTS',
        `Expected ${record.frames} frames but received ${submission.frames.length}.`,
      )
    }
    await this.#attempts.check(who)
    // Nothing is used up by who does not know the nonce, but it counts as a failure.
    if (!(await isBound(record.nonce, meta, submission.frames))) {
      await (await this.#attempts.begin(who)).failed()
      throw new LivenessError('NONCE_MISMATCH', 'The frames do not belong to the nonce of this session.')
    }

    // The one moment that decides who may be judged: of any number of submissions one gets the marker.
    if (!(await store.add(usedKey(id), '1', this.#options.ttlMs + GRACE_MS))) throw used()
    let attempt: Attempt
    try {
      attempt = await this.#attempts.begin(who)
    } catch (error) {
      await this.#quietly(() => store.delete(usedKey(id)))
      throw error
    }
    let judgement: Judgement
    try {
      judgement = await this.#judge(
        { id, record, meta, images: submission.frames, elapsedMs: this.#options.ttlMs - leftMs },
        signal,
      )
    } catch (thrown) {
      throw await this.#notJudged(
        id,
        record,
        attempt,
        toLivenessError(thrown, 'MODEL_UNAVAILABLE', 'The frames could not be judged.'),
      )
    }
    return this.#finish(id, record, subject, judgement, attempt)
  }

  async result(id: string, { subject, consume = true }: ResultOptions): Promise<SessionResult> {
    const { store } = this.#options
    checkSubject(subject)
    const { leftMs } = await this.#find(id, subject)
    const stored = await store.get(resultKey(id))
    if (stored === undefined) {
      if (leftMs > 0)
        throw new LivenessError(
          'SESSION_PENDING',
          'Nothing was submitted to this session, or it is still being judged.',
        )
      throw await this.#usedOrExpired(id)
    }
    const { jti, ...result } = readResultRecord(stored.value)
    if (consume) {
      // The token and the result are two ways to let somebody in once: either burns both.
      const burned = [readKey(id), ...(jti === null ? [] : [burnedKey(jti)])]
      for (const key of burned) if (!(await store.add(key, '1', this.#options.ttlMs + GRACE_MS))) throw used()
    }
    return { id, subject, ...result }
  }

  /** @throws LivenessError SESSION_UNKNOWN, the same for a session that never was and for somebody else's. */
  async #find(id: string, subject: string): Promise<{ record: SessionRecord; leftMs: number }> {
    const wellFormed = typeof id === 'string' && /^[\w-]{22}$/.test(id)
    const stored = wellFormed ? await this.#options.store.get(sessionKey(id)) : undefined
    const name = await this.#keys.name('subject', subject)
    const record = stored === undefined ? undefined : readSessionRecord(stored.value)
    if (stored === undefined || record === undefined || !equalText(record.subject, name)) {
      throw new LivenessError('SESSION_UNKNOWN', 'There is no such session.')
    }
    return { record, leftMs: stored.expiresInMs - GRACE_MS }
  }

  async #usedOrExpired(id: string): Promise<LivenessError> {
    if ((await this.#options.store.get(usedKey(id))) !== undefined) return used()
    return new LivenessError('SESSION_EXPIRED', 'The time of this session is over.')
  }

  #checkImages(meta: SubmissionMeta, images: readonly Uint8Array[]): void {
    const { maxFrameBytes, maxTotalBytes } = this.#options.capture
    if (!Array.isArray(images) || images.length !== meta.frames.length) {
      throw invalid('frames', `as many pictures as meta.frames names (${meta.frames.length})`, images, 'INPUT_INVALID')
    }
    let total = 0
    for (const [i, image] of images.entries()) {
      if (!(image instanceof Uint8Array)) throw invalid(`frames[${i}]`, 'a Uint8Array', image, 'INPUT_INVALID')
      total += image.length
      if (image.length > maxFrameBytes || total > maxTotalBytes) {
        throw new LivenessError(
          'BODY_TOO_LARGE',
          `Expected frames of at most ${maxFrameBytes} bytes, ${maxTotalBytes} together.`,
        )
      }
      if (image.length === 0)
        throw new LivenessError('IMAGE_CORRUPT', `Expected a JPEG for frames[${i}] but received nothing.`)
      if (image[0] !== 0xff || image[1] !== 0xd8 || image[2] !== 0xff)
        throw new LivenessError('IMAGE_TYPE', `Expected a JPEG for frames[${i}].`)
    }
  }

  async #judge(
    input: Omit<Parameters<typeof judgeSubmission>[2], 'signal'>,
    signal: AbortSignal | undefined,
  ): Promise<Judgement> {
    if (signal?.aborted) throw new LivenessError('ABORTED', 'The caller gave up.')
    const stop = new AbortController()
    const { submitTimeoutMs } = this.#options
    let timer: ReturnType<typeof setTimeout> | undefined
    let onAbort = (): void => {}
    const givenUp = new Promise<never>((_, reject) => {
      const give = (error: LivenessError): void => {
        reject(error)
        stop.abort(error)
      }
      timer = setTimeout(
        () => give(new LivenessError('CHECK_TIMEOUT', `Judging took longer than ${submitTimeoutMs} ms.`)),
        submitTimeoutMs,
      )
      onAbort = () => give(new LivenessError('ABORTED', 'The caller gave up.'))
      signal?.addEventListener('abort', onAbort)
    })
    try {
      const judged = judgeSubmission(this.#options, this.#seenFrames, { ...input, signal: stop.signal })
      // Where it is given up, its own end is of no interest any more.
      judged.catch(() => undefined)
      return await Promise.race([judged, givenUp])
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** The result is stored before it is told, so that no client knows more than the backend. */
  async #finish(
    id: string,
    record: SessionRecord,
    subject: string,
    judgement: Judgement,
    attempt: Attempt,
  ): Promise<SubmitAnswer> {
    const { signer, now } = this.#options
    const { verdict, reasons, models } = judgement
    const jti = verdict === 'live' && signer !== undefined ? randomId() : null
    const token =
      jti === null
        ? undefined
        : await signer!.sign(
            {
              sub: subject,
              jti,
              sid: id,
              nonce: record.nonce,
              operatingPoint: record.operatingPoint,
              challenge: record.challenge,
              models,
            },
            Math.floor(now() / 1000),
          )
    const codes = [...new Set(reasons.map(({ code }) => code))]
    await this.#store(id, record, { ...judgement, reasons: codes, jti })
    await (verdict === 'live' ? attempt.forgiven() : attempt.failed())
    const hint = codes[0] === undefined ? '' : REASONS[codes[0]]
    const answer: SubmitAnswer = { verdict, code: VERDICT_CODES[verdict], reasons: codes, hint }
    return token === undefined ? answer : { ...answer, token }
  }

  async #store(
    id: string,
    record: SessionRecord,
    outcome: Pick<ResultRecord, 'verdict' | 'reasons' | 'liveProbability' | 'models' | 'injection' | 'jti'>,
  ): Promise<void> {
    const { verdict, reasons, liveProbability, models, injection, jti } = outcome
    const result: ResultRecord = {
      verdict,
      code: VERDICT_CODES[verdict],
      reasons,
      challenge: record.challenge,
      operatingPoint: record.operatingPoint,
      models,
      liveProbability,
      injection,
      jti,
      finishedAt: new Date(this.#options.now()).toISOString(),
    }
    await this.#options.store.set(resultKey(id), JSON.stringify(result), RESULT_TTL_MS)
  }

  /** Never a verdict: the session stays used up (but after RESUBMIT), and the backend reads `not-checked`. */
  async #notJudged(id: string, record: SessionRecord, attempt: Attempt, error: LivenessError): Promise<LivenessError> {
    await this.#quietly(async () => {
      // The person is not to blame for the server's failures; bad pictures and aborts count.
      await (error.status >= 500 ? attempt.forgiven() : attempt.failed())
      if (RESUBMIT.includes(error.code)) {
        await this.#options.store.delete(usedKey(id))
      } else {
        await this.#store(id, record, {
          verdict: 'not-checked',
          reasons: ['unavailable'],
          liveProbability: null,
          models: [],
          injection: null,
          jti: null,
        })
      }
    })
    return error
  }

  /** For tidying up after a failure: the failure is what the caller must hear of, not that tidying up failed as well. */
  async #quietly(run: () => Promise<void>): Promise<void> {
    try {
      await run()
    } catch (error) {
      if (!isLivenessError(error)) throw error
    }
  }
}

/** Whether the client had the nonce when it made each frame's digest, over its number, time and bytes. */
async function isBound(nonce: string, meta: SubmissionMeta, images: readonly Uint8Array[]): Promise<boolean> {
  if (!equalText(meta.nonce, nonce)) return false
  for (const [i, { index, timeMs, digest }] of meta.frames.entries()) {
    const head = utf8(`${nonce}.${index}.${timeMs}.`)
    const bytes = new Uint8Array(head.length + images[i]!.length)
    bytes.set(head)
    bytes.set(images[i]!, head.length)
    if (toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))) !== digest) return false
  }
  return true
}

function checkSubject(subject: unknown): void {
  if (typeof subject !== 'string' || subject === '' || subject.length > 200)
    throw invalid('subject', 'a string of 1 to 200 characters', subject)
}

function used(): LivenessError {
  return new LivenessError('SESSION_USED', 'This session was used before.')
}

const sessionKey = (id: string): string => `session:${id}`
const usedKey = (id: string): string => `used:${id}`
const resultKey = (id: string): string => `result:${id}`
const readKey = (id: string): string => `read:${id}`
