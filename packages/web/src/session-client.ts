/** createSessionClient(): the browser half of the session protocol. It captures and sends; the server decides. */
import { checkKeys, ERROR_CODES, type ErrorCode, invalid, LivenessError, sha256Hex } from '@unspoof/core'
import {
  type CommitAnswer,
  type CommitRequest,
  PROTOCOL_VERSION,
  type StartedSession,
  type StartRequest,
  type SubmissionMeta,
  type SubmitAnswer,
} from '@unspoof/core/protocol'
import type { CameraTrack } from './camera/camera.ts'
import { watchdog } from './watchdog.ts'

/** Milliseconds a server may take for a short answer, and for taking and judging the frames on a slow connection. */
const START_TIMEOUT_MS = 60_000
const SUBMIT_TIMEOUT_MS = 180_000

export type { CaptureRequest, ChallengeKind, Step } from '@unspoof/core/protocol'

export interface SessionClientOptions {
  /** Where the server makes sessions, such as `/liveness/sessions`. */
  readonly url: string | URL
  /** Headers for each request, such as the application's own login token. */
  readonly headers?: HeadersInit | (() => HeadersInit | Promise<HeadersInit>)
  /** @default 'same-origin' */
  readonly credentials?: RequestCredentials
  /** @default the browser's */
  readonly fetch?: typeof fetch
}

/** What the server asked for. */
export interface SessionTicket extends Pick<StartedSession, 'id' | 'nonce' | 'capture'> {
  /** On the clock of `performance.now()`, because the device's own clock may be wrong. */
  readonly receivedAt: number
  /** The held frames must be committed by then; the same clock. */
  readonly expiresAt: number
}

/** What to do after a commit. */
export interface NextStep extends Pick<CommitAnswer, 'step'> {
  /** The next commit, or the frames, must arrive by then; on the clock of `performance.now()`. */
  readonly expiresAt: number
}

export interface CapturedFrame {
  /** Milliseconds since the ticket was received; integer, strictly increasing. */
  readonly timeMs: number
  readonly jpeg: Blob
}

/** The server's verdict, and the token that the application passes on where it is `live`. */
export type SessionResult = SubmitAnswer

export interface SessionClient {
  /** @throws LivenessError NETWORK, or what the server answered (TOKEN_INVALID, ATTEMPTS_EXCEEDED, OVERLOADED, ...) */
  start(signal?: AbortSignal): Promise<SessionTicket>
  /**
   * Tells the server the digests of one step's frames; it answers with the next movement. Tried once more where the network fails.
   * @param step its `frames` are all frames so far; those from `first` on are this step's
   * @throws LivenessError NETWORK, or what the server answered (SESSION_EXPIRED where the step took too long, ...)
   */
  commit(
    ticket: SessionTicket,
    step: { readonly index: number; readonly first: number; readonly frames: readonly CapturedFrame[] },
    signal?: AbortSignal,
  ): Promise<NextStep>
  /** @throws LivenessError NETWORK, or what the server answered (SESSION_EXPIRED, NONCE_MISMATCH, ...) */
  submit(
    ticket: SessionTicket,
    frames: readonly CapturedFrame[],
    details?: { readonly track?: CameraTrack; readonly signal?: AbortSignal },
  ): Promise<SessionResult>
}

const JSON_TYPE = 'application/json'

export function createSessionClient(options: SessionClientOptions): SessionClient {
  checkKeys('session', options, ['url', 'headers', 'credentials', 'fetch'])
  if (typeof options.url !== 'string' && !(options.url instanceof URL))
    throw invalid('session.url', 'a URL', options.url)
  const base = String(options.url).replace(/\/+$/, '')

  async function post(
    path: string,
    body: BodyInit,
    type: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<unknown> {
    const headers = new Headers(typeof options.headers === 'function' ? await options.headers() : options.headers)
    if (type !== undefined) headers.set('content-type', type)
    const request = options.fetch ?? fetch
    let response: Response
    let text: string
    const watch = watchdog(body instanceof FormData ? SUBMIT_TIMEOUT_MS : START_TIMEOUT_MS, signal)
    try {
      response = await request(`${base}${path}`, {
        method: 'POST',
        body,
        headers,
        credentials: options.credentials ?? 'same-origin',
        signal: watch.signal,
      })
      text = await response.text()
    } catch (cause) {
      if (signal?.aborted) throw new LivenessError('ABORTED', 'The request was given up.', { cause })
      if (watch.expired) throw new LivenessError('SERVER_TIMEOUT', 'The liveness server did not answer.', { cause })
      throw new LivenessError('NETWORK', 'The liveness server cannot be reached.', { cause })
    } finally {
      watch.stop()
    }
    return readAnswer(parsed(text), response)
  }

  const postJson = (path: string, body: StartRequest | CommitRequest, signal: AbortSignal | undefined) =>
    post(path, JSON.stringify(body), JSON_TYPE, signal)

  return {
    async start(signal) {
      const answer = (await postJson('', { version: PROTOCOL_VERSION }, signal)) as Partial<StartedSession>
      const receivedAt = performance.now()
      const { id, nonce, capture, expiresInMs } = answer
      if (!isOurs(answer) || id === undefined || nonce === undefined || capture === undefined || !expiresInMs) {
        throw otherAnswer(answer)
      }
      return { id, nonce, capture, receivedAt, expiresAt: receivedAt + expiresInMs }
    },

    async commit(ticket, { index, first, frames }, signal) {
      const own = frames.slice(first)
      const digests = await Promise.all(own.map((frame, i) => digestOf(ticket.nonce, first + i, frame)))
      const body: CommitRequest = {
        version: PROTOCOL_VERSION,
        nonce: ticket.nonce,
        step: index,
        frames: own.map(({ timeMs }, i) => ({ timeMs, digest: digests[i]! })),
      }
      const send = (): Promise<unknown> => postJson(`/${ticket.id}/commits`, body, signal)
      // The server answers the same commit the same: a lost answer costs no session.
      const answer = (await send().catch((error: LivenessError) => {
        if (error.code !== 'NETWORK') throw error
        return send()
      })) as Partial<CommitAnswer>
      if (!isOurs(answer) || answer.step === undefined || !answer.withinMs) throw otherAnswer(answer)
      return { step: answer.step, expiresAt: performance.now() + answer.withinMs }
    },

    async submit(ticket, frames, { track, signal } = {}) {
      const form = new FormData()
      const meta: SubmissionMeta = {
        version: PROTOCOL_VERSION,
        nonce: ticket.nonce,
        ...(track === undefined ? {} : { track: { ...track, label: track.label.slice(0, 200) } }),
      }
      form.append('meta', JSON.stringify(meta))
      for (const { jpeg } of frames) form.append('frames', jpeg, 'frame.jpg')
      return (await post(`/${ticket.id}/frames`, form, undefined, signal)) as SessionResult
    },
  }
}

function isOurs({ version }: { readonly version?: number }): boolean {
  return version === PROTOCOL_VERSION
}

function otherAnswer({ version }: { readonly version?: unknown }): LivenessError {
  return typeof version === 'number'
    ? new LivenessError('PROTOCOL_VERSION', 'The liveness server speaks another version of the session protocol.')
    : new LivenessError('NETWORK', 'No liveness server answered: check session.url.')
}

/** Undefined where it is no JSON: a page of some other server, or of a proxy. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A verdict comes back whatever its status; an error is told by its `error` key. */
function readAnswer(body: unknown, response: Response): unknown {
  const { error, verdict } = (body ?? {}) as Partial<SubmitAnswer> & {
    error?: { code?: string; message?: string; hint?: string }
  }
  if (error === undefined && ((response.ok && body) || typeof verdict === 'string')) return body
  // Other servers have keys of that name, too.
  if (typeof error !== 'object' || error === null) {
    // A page in place of an answer is a wrong address; a broken proxy may be mended soon.
    const wrong = body === undefined && response.status < 500
    throw new LivenessError(
      wrong ? 'SERVER_INVALID' : 'NETWORK',
      `No liveness server answered (${response.status}): check session.url.`,
    )
  }
  const code: ErrorCode =
    error.code !== undefined && Object.hasOwn(ERROR_CODES, error.code) ? (error.code as ErrorCode) : 'NETWORK'
  const retryAfter = Number(response.headers.get('retry-after') ?? Number.NaN)
  throw new LivenessError(code, error.message ?? `The liveness server answered ${response.status}.`, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(Number.isFinite(retryAfter) ? { retryAfter } : {}),
  })
}

/** Binds a frame to the session, its place and its time. */
async function digestOf(nonce: string, index: number, { timeMs, jpeg }: CapturedFrame): Promise<string> {
  const bytes = await new Blob([`${nonce}.${index}.${timeMs}.`, jpeg]).arrayBuffer()
  return sha256Hex(new Uint8Array(bytes))
}
