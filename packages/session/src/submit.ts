/** submitFrames(): takes the frames that were committed, has them judged once, and stores the result before it is told. */
import { invalid, isLivenessError, LivenessError, REASONS, toLivenessError, VERDICT_CODES } from '@unspoof/core'
import type { CommittedFrame, SubmitAnswer } from '@unspoof/core/protocol'
import { equalText, randomId, toHex, utf8 } from './bytes.ts'
import {
  type Context,
  checkSubject,
  expired,
  findOpenSession,
  keptKey,
  REMEMBERED_MS,
  readCommits,
  refuseNonce,
  resultKey,
  UPLOAD_MS,
  used,
  usedKey,
} from './context.ts'
import { type Judgement, judgeSubmission } from './judge.ts'
import type { Attempter } from './limits/attempts.ts'
import { readMeta } from './protocol/read.ts'
import type { CommitRecord, FirstCommitRecord, ResultRecord, SessionRecord } from './records.ts'
import { issueToken } from './token/issue.ts'

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

/** How long a result can be read. */
const RESULT_TTL_MS = 300_000

/** After these nothing was done, and the session is still good. */
const RESUBMIT = ['OVERLOADED', 'SHUTTING_DOWN']

/** A session whose steps are all committed, and whose frames may be submitted now. */
export interface ReadySession {
  readonly id: string
  readonly subject: string
  readonly record: SessionRecord
  readonly commits: readonly [FirstCommitRecord, ...CommitRecord[]]
}

/** @throws LivenessError SESSION_UNKNOWN, SESSION_USED, SESSION_EXPIRED, FRAMES_INVALID, ATTEMPTS_EXCEEDED */
export async function findReady(context: Context, id: string, who: Attempter): Promise<ReadySession> {
  checkSubject(who.subject)
  const { record, elapsedMs } = await findOpenSession(context, id, who.subject)
  const commits = await readCommits(context, id, Number.POSITIVE_INFINITY)
  if (commits === undefined || commits.length <= commits[0].plan.length) {
    throw new LivenessError('FRAMES_INVALID', 'Expected every step to be committed before the frames are sent.')
  }
  if (elapsedMs - commits.at(-1)!.atMs > UPLOAD_MS) throw expired()
  await context.attempts.check(who)
  return { id, subject: who.subject, record, commits }
}

export async function submitFrames(
  context: Context,
  id: string,
  submission: Submission,
  { subject, clientKey, signal }: SubmitOptions,
): Promise<SubmitAnswer> {
  const { options, attempts } = context
  const who = { subject, clientKey }
  const meta = readMeta(submission.meta)
  const session = await findReady(context, id, who)
  const committed = session.commits.flatMap(({ frames }) => frames)
  checkImages(submission.frames, committed.length, options.capture)
  if (!(await isBound(session.record.nonce, meta.nonce, committed, submission.frames))) return refuseNonce(context, who)

  // The one moment that decides who may be judged: of any number of submissions one gets the marker.
  if (!(await options.store.add(usedKey(id), '1', REMEMBERED_MS))) throw used()
  let judgement: Judgement
  let answer: SubmitAnswer
  try {
    const input = { session, images: submission.frames, track: meta.track }
    judgement = await withinTime(options.submitTimeoutMs, signal, (stop) =>
      judgeSubmission(options, context.seenFrames, { ...input, signal: stop }),
    )
    await tellReference(context, session, judgement, submission.frames)
    answer = await storeResult(context, session, judgement)
  } catch (thrown) {
    const error = toLivenessError(thrown, 'MODEL_UNAVAILABLE', 'The frames could not be judged.')
    await quietly(() => settleUnjudged(context, session, who, error))
    throw error
  }
  await options.store.delete(keptKey(session.record.subject))
  await (judgement.granted ? attempts.passed(who) : attempts.failed(who))
  return answer
}

function checkImages(
  images: readonly Uint8Array[],
  expected: number,
  { maxFrameBytes, maxTotalBytes }: { readonly maxFrameBytes: number; readonly maxTotalBytes: number },
): void {
  if (!Array.isArray(images) || images.length !== expected) {
    throw new LivenessError('FRAMES_INVALID', `Expected the ${expected} frames that were committed.`)
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

/** Whether these are the frames that were committed, by somebody who had the nonce. */
async function isBound(
  nonce: string,
  claimed: string,
  committed: readonly CommittedFrame[],
  images: readonly Uint8Array[],
): Promise<boolean> {
  if (!equalText(claimed, nonce)) return false
  for (const [i, { timeMs, digest }] of committed.entries()) {
    const head = utf8(`${nonce}.${i}.${timeMs}.`)
    const bytes = new Uint8Array(head.length + images[i]!.length)
    bytes.set(head)
    bytes.set(images[i]!, head.length)
    if (toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))) !== digest) return false
  }
  return true
}

/** Runs `judge` until it is done, the time is over or the caller gives up. */
async function withinTime<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  judge: (stop: AbortSignal) => Promise<T>,
): Promise<T> {
  if (signal?.aborted) throw new LivenessError('ABORTED', 'The caller gave up.')
  const stop = new AbortController()
  let timer: ReturnType<typeof setTimeout> | undefined
  let onAbort = (): void => {}
  const givenUp = new Promise<never>((_, reject) => {
    const give = (error: LivenessError): void => {
      reject(error)
      stop.abort(error)
    }
    timer = setTimeout(
      () => give(new LivenessError('CHECK_TIMEOUT', `Judging took longer than ${timeoutMs} ms.`)),
      timeoutMs,
    )
    onAbort = () => give(new LivenessError('ABORTED', 'The caller gave up.'))
    signal?.addEventListener('abort', onAbort)
  })
  try {
    const judged = judge(stop.signal)
    // Where it is given up, its own end is of no interest any more.
    judged.catch(() => undefined)
    return await Promise.race([judged, givenUp])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', onAbort)
  }
}

async function tellReference(
  { options }: Context,
  { id, subject }: ReadySession,
  { reference }: Judgement,
  images: readonly Uint8Array[],
): Promise<void> {
  if (reference === null) return
  await options.onReference?.({ sessionId: id, subject, bytes: images[reference.index]!, sha256: reference.sha256 })
}

/** The result is stored before it is told, so that no client knows more than the backend. */
async function storeResult(
  context: Context,
  session: ReadySession,
  { verdict, granted, reasons, models, liveProbability, injection, reference }: Judgement,
): Promise<SubmitAnswer> {
  const { signer, now, store } = context.options
  const { id, subject, record } = session
  const steps = session.commits[0].plan.map(({ kind }) => kind)
  const codes = [...new Set(reasons.map(({ code }) => code))]
  const jti = granted && signer !== undefined ? randomId() : null
  const { operatingPoint, nonce } = record
  const claims = { sub: subject, sid: id, nonce, operatingPoint, steps, models, image: reference?.sha256 ?? '' }
  const token =
    jti === null
      ? undefined
      : await issueToken({ signer: signer!, store }, { ...claims, jti }, Math.floor(now() / 1000))
  const code = VERDICT_CODES[verdict]
  const told = { verdict, code, reasons: codes }
  await writeResult(context, id, { ...told, steps, operatingPoint, models, liveProbability, injection, reference, jti })
  const hint = codes[0] === undefined ? '' : REASONS[codes[0]]
  return token === undefined ? { ...told, hint } : { ...told, hint, token }
}

async function writeResult(
  { records, options }: Context,
  id: string,
  result: Omit<ResultRecord, 'finishedAt'>,
): Promise<void> {
  const finishedAt = new Date(options.now()).toISOString()
  await records.set(resultKey(id), { ...result, finishedAt } satisfies ResultRecord, RESULT_TTL_MS)
}

/** Never a verdict: the session stays used up (but after RESUBMIT), and the backend reads `not-checked`. */
async function settleUnjudged(
  context: Context,
  { id, record, commits }: ReadySession,
  who: Attempter,
  error: LivenessError,
): Promise<void> {
  if (RESUBMIT.includes(error.code)) return context.options.store.delete(usedKey(id))
  // The person is not to blame for the server's failures; bad images and aborts count.
  await (error.status >= 500 ? context.attempts.passed(who) : context.attempts.failed(who))
  await writeResult(context, id, {
    verdict: 'not-checked',
    code: VERDICT_CODES['not-checked'],
    reasons: ['unavailable'],
    steps: commits[0].plan.map(({ kind }) => kind),
    operatingPoint: record.operatingPoint,
    models: [],
    liveProbability: null,
    injection: null,
    reference: null,
    jti: null,
  })
}

/** For tidying up after a failure: the caller must hear of the failure, not that tidying up failed as well. */
async function quietly(run: () => Promise<void>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!isLivenessError(error)) throw error
  }
}
