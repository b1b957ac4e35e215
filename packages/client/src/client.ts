/** createLivenessClient(): one method for each route of `unspoof serve`, typed by its OpenAPI document. */
import { checkInteger, checkKeys, ERROR_CODES, type ErrorCode, invalid, LivenessError, RANGES } from '@unspoof/core'
import type { components, operations, paths } from './api.ts'

/** What a route answers with a status, from the document. */
type Answer<
  Operation extends keyof operations,
  Status extends keyof operations[Operation]['responses'],
> = operations[Operation]['responses'][Status] extends { readonly content: { readonly 'application/json': infer Body } }
  ? Body
  : never

/** `live`, `spoof` or `retry`, with reasons and a hint for the person; never a score. */
export type Verdict = Answer<'check', 200>
/** A session that was started: hand all of it to the person's client. */
export type StartedSession = Answer<'createSession', 201>
/** What a client posts for one step of a session, and the next movement it is told. */
export type SessionCommit = components['schemas']['Commit']
export type NextStep = Answer<'commitStep', 200>
/** As {@link Verdict}; `live` brings a token that passes once. */
export type SessionVerdict = Answer<'submitFrames', 200>
/** For the backend: it has the score. */
export type SessionResult = Answer<'readResult', 200>
/** A JWK set, for `createTokenVerifier()` of @unspoof/session. */
export type PublicKeys = Answer<'publicKeys', 200>

export const CLIENT_DEFAULTS = { timeoutMs: 30_000 } as const

export interface ClientOptions {
  /** Where the server listens, such as `http://127.0.0.1:8080`. */
  readonly baseUrl: string | URL
  /** The server's UNSPOOF_BACKEND_KEY. Sessions need it; never give it to a browser. */
  readonly backendKey?: string
  /** Milliseconds until a request is given up. @default {@link CLIENT_DEFAULTS.timeoutMs} */
  readonly timeoutMs?: number
  /** @default the global fetch */
  readonly fetch?: typeof fetch
}

export interface RequestOptions {
  readonly signal?: AbortSignal
}

/** Who a session is about. */
export interface Person {
  /** The account, from your own login. */
  readonly subject: string
  /** Address or device; failures are counted by it, too. */
  readonly clientKey?: string
}

/** Frames as they were captured. */
export interface SessionFrames {
  readonly meta: components['schemas']['SubmissionMeta']
  /** JPEGs, in order. */
  readonly frames: readonly (Blob | Uint8Array<ArrayBuffer>)[]
}

/** The multipart body that a browser sent to your backend, handed on as it is. */
export interface ForwardedFrames {
  readonly body: Blob | Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
  /** The browser's Content-Type, with its boundary. */
  readonly contentType: string
}

/** Every method rejects with a LivenessError: the server's code, or NETWORK, CHECK_TIMEOUT and ABORTED of its own. */
export interface LivenessClient {
  /** Judges one picture (JPEG, PNG or WebP). */
  check(picture: Blob | Uint8Array<ArrayBuffer>, options?: RequestOptions): Promise<Verdict>
  startSession(person: Person, options?: RequestOptions): Promise<StartedSession>
  /** Hands on the digests of one step's frames, and the answer back to the person's client. */
  commitStep(id: string, commit: SessionCommit, person: Person, options?: RequestOptions): Promise<NextStep>
  submitFrames(
    id: string,
    frames: SessionFrames | ForwardedFrames,
    person: Person,
    options?: RequestOptions,
  ): Promise<SessionVerdict>
  /** Reads the result once; its token is used up, too. */
  readResult(id: string, person: Pick<Person, 'subject'>, options?: RequestOptions): Promise<SessionResult>
  publicKeys(options?: RequestOptions): Promise<PublicKeys>
  /** Whether the models are loaded and checks are taken. */
  isReady(options?: RequestOptions): Promise<boolean>
}

interface Sent extends RequestOptions {
  readonly method?: 'POST'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: NonNullable<RequestInit['body']>
}

/** @throws LivenessError OPTION_INVALID for unknown options and values that cannot be used */
export function createLivenessClient(options: ClientOptions): LivenessClient {
  checkOptions(options)
  const base = String(options.baseUrl).replace(/\/+$/, '')
  const timeoutMs = options.timeoutMs ?? CLIENT_DEFAULTS.timeoutMs
  const authorization: Record<string, string> =
    options.backendKey === undefined ? {} : { authorization: `Bearer ${options.backendKey}` }

  async function request(path: string, sent: Sent): Promise<{ response: Response; body: unknown }> {
    const { signal, ...init } = sent
    const timeout = AbortSignal.timeout(timeoutMs)
    try {
      const response = await (options.fetch ?? fetch)(`${base}${path}`, {
        ...init,
        signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
        // A stream can only be sent while the answer is not read.
        ...(init.body instanceof ReadableStream ? { duplex: 'half' } : {}),
      } as RequestInit)
      return { response, body: await response.json() }
    } catch (cause) {
      if (signal?.aborted) throw new LivenessError('ABORTED', 'The request was given up.', { cause })
      if (timeout.aborted) throw new LivenessError('CHECK_TIMEOUT', `No answer within ${timeoutMs} ms.`, { cause })
      throw new LivenessError('NETWORK', 'The liveness server cannot be reached, or its answer cannot be read.', {
        cause,
      })
    }
  }

  /** The body of a good answer, and of a verdict whatever its status. */
  async function answer<Body>(path: string, sent: Sent): Promise<Body> {
    const { response, body } = await request(path, sent)
    const isVerdict = typeof (body as Partial<Verdict> | null)?.verdict === 'string'
    if (response.ok || isVerdict) return body as Body
    throw errorOf(response, body)
  }

  const headersOf = ({ subject, clientKey }: Person): Record<string, string> => ({
    ...authorization,
    'liveness-subject': subject,
    ...(clientKey === undefined ? {} : { 'liveness-client': clientKey }),
  })

  return {
    check: (picture, { signal } = {}) =>
      answer(pathOf('/v1/check'), {
        method: 'POST',
        // The bytes decide what it is.
        headers: { 'content-type': 'application/octet-stream' },
        body: picture,
        signal,
      }),
    startSession: (person, { signal } = {}) =>
      answer(pathOf('/v1/sessions'), {
        method: 'POST',
        headers: headersOf(person),
        body: JSON.stringify({ version: 2 } satisfies components['schemas']['StartRequest']),
        signal,
      }),
    commitStep: (id, commit, person, { signal } = {}) =>
      answer(pathOf('/v1/sessions/{id}/commits', id), {
        method: 'POST',
        headers: headersOf(person),
        body: JSON.stringify(commit),
        signal,
      }),
    submitFrames(id, frames, person, { signal } = {}) {
      const path = pathOf('/v1/sessions/{id}/frames', id)
      const headers = headersOf(person)
      if ('meta' in frames) return answer(path, { method: 'POST', headers, body: formOf(frames), signal })
      const { body, contentType } = frames
      return answer(path, { method: 'POST', headers: { ...headers, 'content-type': contentType }, body, signal })
    },
    readResult: (id, { subject }, { signal } = {}) =>
      answer(`${pathOf('/v1/sessions/{id}/result', id)}?subject=${encodeURIComponent(subject)}`, {
        headers: authorization,
        signal,
      }),
    publicKeys: ({ signal } = {}) => answer(pathOf('/.well-known/jwks.json'), { signal }),
    isReady: async ({ signal } = {}) => (await request(pathOf('/readyz'), { signal })).response.ok,
  }
}

function checkOptions(options: ClientOptions): void {
  if (typeof options !== 'object' || options === null) throw invalid('options', 'an object with baseUrl', options)
  checkKeys('client', options, ['baseUrl', 'backendKey', 'timeoutMs', 'fetch'])
  const { baseUrl, backendKey, timeoutMs, fetch: fetcher } = options
  if (!/^https?:\/\/./i.test(String(baseUrl)) || !URL.canParse(String(baseUrl))) {
    throw invalid('baseUrl', 'an address that begins with http:// or https://', baseUrl)
  }
  if (backendKey !== undefined && (typeof backendKey !== 'string' || !/^[\x21-\x7e]+$/.test(backendKey))) {
    throw invalid('backendKey', 'a string of visible ASCII characters', backendKey)
  }
  if (timeoutMs !== undefined) checkInteger('timeoutMs', timeoutMs, RANGES.timeoutMs)
  if (fetcher !== undefined && typeof fetcher !== 'function') throw invalid('fetch', 'a function', fetcher)
}

/** Only paths of the document, with the id in its place. */
function pathOf(path: keyof paths, id = ''): string {
  return path.replace('{id}', encodeURIComponent(id))
}

function formOf({ meta, frames }: SessionFrames): FormData {
  const form = new FormData()
  form.append('meta', JSON.stringify(meta))
  for (const frame of frames) {
    form.append('frames', frame instanceof Blob ? frame : new Blob([frame], { type: 'image/jpeg' }), 'frame.jpg')
  }
  return form
}

/** The server's error as one of ours. Codes of HTTP itself, and of other versions, are no codes of the table. */
function errorOf(response: Response, body: unknown): LivenessError {
  const { error } = (body ?? {}) as { readonly error?: Partial<components['schemas']['Error']['error']> }
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
  const known = error?.code !== undefined && Object.hasOwn(ERROR_CODES, error.code)
  return new LivenessError(
    known ? (error.code as ErrorCode) : 'NETWORK',
    error?.message ?? `The liveness server answered ${response.status}.`,
    {
      ...(error?.hint === undefined ? {} : { hint: error.hint }),
      ...(Number.isFinite(seconds) ? { retryAfter: seconds } : {}),
    },
  )
}
