/** The routes of PROTOCOL.md as one function from Request to Response: for Next, Hono, Bun, Deno, and through toNodeHandler() for Express and Node. */
import {
  checkInteger,
  checkKeys,
  invalid,
  isLivenessError,
  LivenessError,
  toErrorShape,
  toPublicError,
} from '@unspoof/core'
import type { SubmitAnswer } from '@unspoof/core/protocol'
import { readBytes, readForm, resolveLimits } from '@unspoof/http'
import { readStart } from '../protocol/read.ts'
import type { Sessions } from '../sessions.ts'
import type { Submission } from '../submit.ts'

export const HANDLER_DEFAULTS = { basePath: '', bodyTimeoutMs: 10_000, maxInFlight: 16, maxReading: 256 } as const
export const HANDLER_RANGES = {
  bodyTimeoutMs: { min: 100, max: 120_000 },
  maxInFlight: { min: 1, max: 10_000 },
  maxReading: { min: 1, max: 100_000 },
} as const

/** A value the request decides, now or later. `Context` is what the server passes beside the request, such as Express' `req`. */
export type FromRequest<T, Context> = (request: Request, context: Context) => T | Promise<T>

export interface SessionHandlerOptions<Context = unknown> {
  /** Who is logged in (or is logging in, after the first factor); undefined refuses the request with SUBJECT_MISSING. Never read it from the body. */
  readonly subject: FromRequest<string | undefined, Context>
  /** The client's address or device, as far as you can trust it (behind a proxy: the address your proxy tells). Failures are counted by it too. */
  readonly clientKey?: FromRequest<string | undefined, Context>
  /**
   * Opens `GET .../sessions/:id/result` to requests it answers true for, such as those with your backend's own key; the subject then comes from the
   * query, `?subject=`. Without it the route does not exist.
   */
  readonly backend?: FromRequest<boolean, Context>
  /** Called with every error that is answered with 500 and above, for your log. It has no pictures and no tokens in it. */
  readonly onError?: (error: LivenessError) => void
  /** What the request's path begins with, such as `/liveness`; empty where the server takes it off, as Express does. @default {@link HANDLER_DEFAULTS.basePath} */
  readonly basePath?: string
  /** True lets pages of other sites start and continue sessions, with CORS headers of your own. @default false */
  readonly crossSite?: boolean
  /** Milliseconds for a body to arrive. @default {@link HANDLER_DEFAULTS.bodyTimeoutMs} */
  readonly bodyTimeoutMs?: number
  /** Submissions judged at the same time; more are answered OVERLOADED. @default {@link HANDLER_DEFAULTS.maxInFlight} */
  readonly maxInFlight?: number
  /** Frames of so many sessions are read at the same time, of each session once; more are answered OVERLOADED unread. @default {@link HANDLER_DEFAULTS.maxReading} */
  readonly maxReading?: number
}

export type SessionHandler<Context = unknown> = (request: Request, context: Context) => Promise<Response>

/** Bytes of a start, of a commit or the field `meta`, and of the multipart body beside the frames. */
const MAX_START_BYTES = 1024
const MAX_JSON_BYTES = 16 * 1024
const MULTIPART_OVERHEAD = 64 * 1024

/** What follows the base path. */
const ROUTE = /^\/sessions(?:\/([\w-]{1,64})\/(commits|frames|result))?\/?$/

/**
 * The handler of a {@link Sessions}. It answers every request and never throws.
 * @throws LivenessError OPTION_INVALID
 * @example
 * app.use('/liveness', toNodeHandler(createSessionHandler(sessions, { subject: (_, req) => req.user?.id })))
 */
export function createSessionHandler<Context = unknown>(
  sessions: Sessions,
  options: SessionHandlerOptions<Context>,
): SessionHandler<Context> {
  const { basePath, timeoutMs, maxInFlight, maxReading } = resolveOptions(options)
  const limits = resolveLimits({ bodyTimeoutMs: timeoutMs })
  const reading = new Set<string>()
  let inFlight = 0

  const who = async (
    request: Request,
    context: Context,
  ): Promise<{ readonly subject: string; readonly clientKey?: string }> => {
    if (options.crossSite !== true) refuseCrossSite(request)
    const subject = await options.subject(request, context)
    if (typeof subject !== 'string' || subject === '')
      throw new LivenessError('SUBJECT_MISSING', 'Nobody is logged in.')
    const clientKey = await options.clientKey?.(request, context)
    return clientKey === undefined ? { subject } : { subject, clientKey }
  }

  const start = async (request: Request, context: Context): Promise<Response> => {
    const attempter = await who(request, context)
    const body = await readBytes(request, MAX_START_BYTES, limits)
    // A client of version 1 sends no body. Nobody has a say in how they are judged.
    readStart(body.length === 0 ? {} : parseJson(decodeText(body)))
    return json(201, await sessions.create(attempter))
  }

  const commit = async (request: Request, context: Context, id: string): Promise<Response> => {
    const attempter = await who(request, context)
    const body = await readBytes(request, MAX_JSON_BYTES, limits)
    return json(200, await sessions.commit(id, parseJson(decodeText(body)), attempter))
  }

  /** Who has no session to submit to is refused before a byte of the body is read. */
  const submit = async (request: Request, context: Context, id: string): Promise<Response> => {
    const attempter = await who(request, context)
    await sessions.ready(id, attempter)
    if (reading.has(id) || reading.size >= maxReading)
      throw new LivenessError('OVERLOADED', 'These frames, or those of too many others, are being read.', {
        retryAfter: 1,
      })
    reading.add(id)
    let submission: Submission
    try {
      submission = await readSubmission(request, sessions, timeoutMs)
    } finally {
      reading.delete(id)
    }
    if (inFlight >= maxInFlight)
      throw new LivenessError('OVERLOADED', `More than ${maxInFlight} submissions at once.`, { retryAfter: 1 })
    inFlight++
    try {
      const answer = await sessions.submit(id, submission, { ...attempter, signal: request.signal })
      return json(STATUS[answer.verdict], answer)
    } finally {
      inFlight--
    }
  }

  const result = async (request: Request, context: Context, id: string): Promise<Response> => {
    // To whoever is not the backend this route does not exist.
    if ((await options.backend?.(request, context)) !== true) throw unknown()
    const subject = new URL(request.url).searchParams.get('subject')
    if (subject === null || subject === '')
      throw new LivenessError('INPUT_INVALID', 'Expected ?subject= with the account that is to be let in.')
    return json(200, await sessions.result(id, { subject }))
  }

  const route = (request: Request, context: Context): Promise<Response> => {
    const { pathname } = new URL(request.url)
    const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : ''
    const [match, id, action] = ROUTE.exec(path) ?? []
    const post = request.method === 'POST'
    if (post && match !== undefined && id === undefined) return start(request, context)
    if (post && id !== undefined && action === 'commits') return commit(request, context, id)
    if (post && id !== undefined && action === 'frames') return submit(request, context, id)
    if (request.method === 'GET' && id !== undefined && action === 'result') return result(request, context, id)
    return Promise.reject(unknown())
  }

  const report = (error: LivenessError): void => {
    try {
      options.onError?.(error)
    } catch {
      // A log that fails must not keep the answer from the client.
    }
  }

  return async (request, context) => {
    try {
      return await route(request, context)
    } catch (thrown) {
      const error = toPublicError(thrown)
      // The log may know what the client may not.
      if (error.status >= 500) report(isLivenessError(thrown) ? thrown : error)
      return json(
        error.status,
        toErrorShape(error, crypto.randomUUID()),
        error.retryAfter ?? (error.status === 503 ? 1 : undefined),
      )
    }
  }
}

function resolveOptions<Context>(options: SessionHandlerOptions<Context>) {
  checkKeys('session handler', options, [
    'subject',
    'clientKey',
    'backend',
    'onError',
    'basePath',
    'crossSite',
    'bodyTimeoutMs',
    'maxInFlight',
    'maxReading',
  ])
  if (typeof options.subject !== 'function') throw invalid('subject', 'a function of the request', options.subject)
  const integer = (name: keyof typeof HANDLER_RANGES): number =>
    checkInteger(name, options[name] ?? HANDLER_DEFAULTS[name], HANDLER_RANGES[name])
  const basePath = options.basePath ?? HANDLER_DEFAULTS.basePath
  if (typeof basePath !== 'string' || !/^(\/[^/?#]+)*$/.test(basePath))
    throw invalid('basePath', 'a path such as /liveness, or an empty string', basePath)
  return {
    basePath,
    timeoutMs: integer('bodyTimeoutMs'),
    maxInFlight: integer('maxInFlight'),
    maxReading: integer('maxReading'),
  }
}

/** A page of another site could end a person's session and use up their starts. Only browsers send this header, and pages cannot. */
function refuseCrossSite(request: Request): void {
  if (request.headers.get('sec-fetch-site') === 'cross-site')
    throw new LivenessError('CROSS_SITE', 'The request was sent by a page of another site.')
}

/** @throws LivenessError BODY_MALFORMED and what reading throws */
async function readSubmission(request: Request, sessions: Sessions, bodyTimeoutMs: number): Promise<Submission> {
  const { maxFrames, maxFrameBytes, maxTotalBytes } = sessions.limits
  const { fields, files } = await readForm(request, {
    limits: resolveLimits({
      bodyTimeoutMs,
      bodyBytes: maxTotalBytes + MULTIPART_OVERHEAD,
      fileBytes: maxFrameBytes,
      fieldBytes: MAX_JSON_BYTES,
      images: maxFrames,
      parts: maxFrames + 1,
    }),
  })
  const { meta } = fields
  if (typeof meta !== 'string' || Object.keys(fields).length > 1) {
    throw new LivenessError('BODY_MALFORMED', `Expected one text field meta of at most ${MAX_JSON_BYTES} bytes.`)
  }
  if (files.some(({ fieldname }) => fieldname !== 'frames')) {
    throw new LivenessError('BODY_MALFORMED', 'Expected files named frames beside the field meta.')
  }
  return { meta: parseJson(meta), frames: files.map(({ buffer }) => buffer) }
}

const STATUS: Readonly<Record<SubmitAnswer['verdict'], number>> = {
  live: 200,
  spoof: 403,
  retry: 422,
  'not-checked': 403,
}

function unknown(): LivenessError {
  return new LivenessError('SESSION_UNKNOWN', 'There is no such session.')
}

function json(status: number, body: object, retryAfter?: number): Response {
  const headers = new Headers({
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
  })
  if (retryAfter !== undefined) headers.set('retry-after', String(retryAfter))
  // 499 is nginx's "client closed request": nobody reads it, but a Response must have it.
  return new Response(JSON.stringify(body), { status, headers })
}

function decodeText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new LivenessError('BODY_MALFORMED', 'Expected text in UTF-8.')
  }
}

/** @throws LivenessError BODY_MALFORMED */
function parseJson(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  } catch {
    // Answered below.
  }
  throw new LivenessError('BODY_MALFORMED', 'Expected a JSON object.')
}
