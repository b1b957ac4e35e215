/** createSessionClient(): the browser half of the session protocol. It captures and sends; the server decides. */
import {
  type ClientResult,
  checkKeys,
  ERROR_CODES,
  type ErrorCode,
  invalid,
  LivenessError,
  sha256Hex,
} from '@unspoof/core'
import type { CameraTrack } from './camera/camera.ts'

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

export type ChallengeKind = 'none' | 'move-closer' | 'turn-left' | 'turn-right'

/** What the server asked for. */
export interface SessionTicket {
  readonly id: string
  readonly nonce: string
  readonly challenge: { readonly kind: ChallengeKind; readonly hint: string }
  readonly capture: {
    /** Frames to send, exactly; the first `holdFrames` look straight ahead, before the challenge is shown. */
    readonly frames: number
    readonly holdFrames: number
    readonly intervalMs: number
    /** Wanted size in pixels. */
    readonly width: number
    readonly height: number
    readonly type: string
    /** 0..1 */
    readonly quality: number
  }
  /** On the clock of `performance.now()`, because the device's own clock may be wrong. */
  readonly receivedAt: number
  readonly expiresAt: number
}

export interface CapturedFrame {
  /** Milliseconds since the ticket was received; integer, strictly increasing. */
  readonly timeMs: number
  readonly jpeg: Blob
}

/** The server's verdict, and the token that the application passes on where it is `live`. */
export interface SessionResult extends ClientResult {
  readonly token?: string
}

export interface SessionClient {
  /** @throws LivenessError NETWORK, or what the server answered (TOKEN_INVALID, ATTEMPTS_EXCEEDED, OVERLOADED, ...) */
  start(signal?: AbortSignal): Promise<SessionTicket>
  /** @throws LivenessError NETWORK, or what the server answered (SESSION_EXPIRED, NONCE_MISMATCH, ...) */
  submit(
    ticket: SessionTicket,
    frames: readonly CapturedFrame[],
    details?: { readonly track?: CameraTrack; readonly signal?: AbortSignal },
  ): Promise<SessionResult>
}

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
    try {
      response = await request(`${base}${path}`, {
        method: 'POST',
        body,
        headers,
        credentials: options.credentials ?? 'same-origin',
        signal: signal ?? null,
      })
      text = await response.text()
    } catch (cause) {
      if (signal?.aborted) throw new LivenessError('ABORTED', 'The request was given up.', { cause })
      throw new LivenessError('NETWORK', 'The liveness server cannot be reached.', { cause })
    }
    return readAnswer(parsed(text), response)
  }

  return {
    async start(signal) {
      const answer = (await post('', '{}', 'application/json', signal)) as Partial<ServerTicket>
      const receivedAt = performance.now()
      const { version, id, nonce, challenge, capture, expiresInMs } = answer
      if (
        version !== 1 ||
        id === undefined ||
        nonce === undefined ||
        challenge === undefined ||
        capture === undefined ||
        expiresInMs === undefined
      ) {
        throw new LivenessError('NETWORK', 'The liveness server speaks another version of the session protocol.')
      }
      return { id, nonce, challenge, capture, receivedAt, expiresAt: receivedAt + expiresInMs }
    },

    async submit(ticket, frames, { track, signal } = {}) {
      const form = new FormData()
      const digests = await Promise.all(frames.map((frame, index) => digestOf(ticket.nonce, index, frame)))
      const meta = {
        version: 1,
        nonce: ticket.nonce,
        frames: frames.map(({ timeMs }, index) => ({ index, timeMs, digest: digests[index] })),
        mirrored: false,
        ...(track === undefined ? {} : { track: { ...track, label: track.label.slice(0, 200) } }),
      }
      form.append('meta', JSON.stringify(meta))
      for (const { jpeg } of frames) form.append('frames', jpeg, 'frame.jpg')
      return (await post(`/${ticket.id}/frames`, form, undefined, signal)) as SessionResult
    },
  }
}

interface ServerTicket extends Omit<SessionTicket, 'receivedAt' | 'expiresAt'> {
  readonly version: number
  readonly expiresInMs: number
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
  const { error, verdict } = (body ?? {}) as Partial<ClientResult> & {
    error?: { code?: string; message?: string; hint?: string }
  }
  if (error === undefined && ((response.ok && body) || typeof verdict === 'string')) return body
  // Other servers have keys of that name, too.
  if (typeof error !== 'object' || error === null) {
    throw new LivenessError('NETWORK', `No liveness server answered (${response.status}): check session.url.`)
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
