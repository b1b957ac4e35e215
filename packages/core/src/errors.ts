/** The one error type of every package, and the one table of its codes. */

/** What a code means to HTTP, to a retrying client and to the person reading it. */
export interface ErrorInfo {
  /** The one HTTP status this code is answered with. */
  readonly status: number
  /** True where the same request may succeed later without any change by the client. */
  readonly retryable: boolean
  /** One sentence that says what to do. */
  readonly hint: string
}

function info(status: number, hint: string, retryable = false): ErrorInfo {
  return { status, retryable, hint }
}

/** Every code, with its status. The HTTP answers, the docs and the tests are made from this table. */
export const ERROR_CODES = {
  // What the developer did
  OPTION_INVALID: info(500, 'Correct the option named in the message; it is checked when the object is created.'),
  INPUT_INVALID: info(400, 'Correct the value the message names.'),
  INPUT_UNREADABLE: info(400, 'Check that the file exists and can be read.'),
  CLOSED: info(503, 'This object was closed; create a new one.'),
  BODY_CONSUMED: info(500, 'Mount the liveness check before other body parsers, or let them keep the bytes in memory.'),
  // The picture
  IMAGE_MISSING: info(400, 'Send one JPEG, PNG or WebP picture.'),
  IMAGE_TYPE: info(415, 'Send a JPEG, PNG or WebP picture.'),
  IMAGE_CORRUPT: info(422, 'The picture is damaged; send it again.'),
  IMAGE_TOO_LARGE: info(413, 'Send a picture with fewer pixels.'),
  // The request
  BODY_MALFORMED: info(400, 'Send a well-formed multipart/form-data, image/* or JSON body.'),
  BODY_TOO_LARGE: info(413, 'Send a smaller file.'),
  TOO_MANY_PARTS: info(413, 'Send fewer files and fields.'),
  ENCODING_UNSUPPORTED: info(415, 'Send the body without content or transfer encoding.'),
  UPLOAD_TIMEOUT: info(408, 'The upload took too long; try again.', true),
  ABORTED: info(499, 'The caller gave up before the answer was ready.', true),
  // The verdict, where it is answered as an error
  SPOOF: info(403, 'Show your own face to the camera, not a picture or a screen.'),
  RETRY: info(422, 'Take the picture again as the hints say.', true),
  NOT_CHECKED: info(403, 'No picture was judged, so nothing can be let through.'),
  // Models
  CARD_INVALID: info(503, 'Correct the model card at the place the message names.'),
  MODEL_MISSING: info(503, 'Install @unspoof/models again, or correct the path of the model.'),
  MODEL_HASH: info(503, 'The weights are not the ones the card names; install or pull them again.'),
  MODEL_LOAD: info(503, 'The runtime cannot load these weights; check the model file and the card.'),
  MODEL_OUTPUT: info(503, 'The model answered something its card does not describe; check the card.'),
  RUNTIME_MISSING: info(503, 'Install the native library the message names for this platform.'),
  RUNTIME_TELEMETRY: info(
    503,
    'Call disableTelemetry() of @unspoof/node on the main thread first, or set ORT_DISABLE_TELEMETRY=1.',
  ),
  MODEL_UNAVAILABLE: info(503, 'The model cannot be used right now; try again later.', true),
  CHECK_TIMEOUT: info(503, 'The check took too long; try again.', true),
  WORKER_LOST: info(503, 'The worker died; it is replaced, try again.', true),
  OVERLOADED: info(503, 'Too many checks at once; try again after the time in Retry-After.', true),
  SHUTTING_DOWN: info(503, 'The server is stopping; try again.', true),
  // Sessions and tokens
  PROTOCOL_VERSION: info(400, 'Update the client: it speaks another version of the session protocol.'),
  CROSS_SITE: info(403, 'Send this request from a page of your own site.'),
  SUBJECT_MISSING: info(401, 'Log in first: a liveness session belongs to an account.'),
  SESSION_UNKNOWN: info(404, 'Start a new session.'),
  SESSION_USED: info(409, 'A session gives one result; start a new one.'),
  SESSION_EXPIRED: info(410, 'Start a new session.'),
  SESSION_PENDING: info(409, 'Submit the frames first.'),
  NONCE_MISMATCH: info(403, 'Submit the frames with the nonce of this session.'),
  FRAMES_INVALID: info(422, 'Send the frames the session asked for, in order.'),
  ATTEMPTS_EXCEEDED: info(429, 'Wait for the time in Retry-After before trying again.', true),
  TOKEN_INVALID: info(401, 'Get a new token from a liveness session.'),
  TOKEN_SUBJECT: info(401, 'This token belongs to somebody else.'),
  OPERATING_POINT_TOO_WEAK: info(403, 'Start a session with the operating point this route asks for.'),
  STORE_UNAVAILABLE: info(503, 'The session store cannot be reached; try again later.', true),
  // Browser
  CAMERA_DENIED: info(400, 'Allow the camera in the browser settings, then try again.'),
  CAMERA_POLICY: info(400, 'Let the page around this one allow the camera, with allow=camera on its iframe.'),
  CAMERA_NOT_FOUND: info(400, 'Connect a camera, then try again.'),
  CAMERA_IN_USE: info(400, 'Close the other program that uses the camera, then try again.'),
  CAMERA_ENDED: info(400, 'The camera stopped; start it again.'),
  CAMERA_NO_FRAMES: info(400, 'Close other programs that use the camera, or choose another camera, then try again.'),
  CAMERA_STALLED: info(400, 'The camera stopped sending frames; start it again.'),
  CAMERA_INSECURE: info(400, 'Open the page over https or on localhost.'),
  CAMERA_UNSUPPORTED: info(400, 'This browser has no camera access; use another one.'),
  PLAYBACK_BLOCKED: info(400, 'Start the camera from a click or a tap.'),
  DOWNLOAD_TIMEOUT: info(503, 'The files load too slowly; check the connection, then try again.', true),
  SERVER_TIMEOUT: info(503, 'The server did not answer in time; try again.', true),
  SERVER_INVALID: info(502, 'Check the address: no liveness server answers there.'),
  NETWORK: info(503, 'Check the connection, then try again.', true),
  // Evaluation
  DATA_INVALID: info(400, 'Correct the data at the place the message names.'),
  DATA_TOO_FEW: info(400, 'Collect more pictures; the message says how many are needed.'),
} as const satisfies Record<string, ErrorInfo>

export type ErrorCode = keyof typeof ERROR_CODES

export interface LivenessErrorOptions {
  readonly cause?: unknown
  /** Overrides the table's hint where a better one is known. */
  readonly hint?: string
  /** Seconds a client should wait, for answers with Retry-After. */
  readonly retryAfter?: number
}

const BRAND = Symbol.for('unspoof.LivenessError')

/**
 * The error every package throws. Its message never carries input: no pixels, no tokens, no file content.
 * Two copies of this package recognise each other's errors: use {@link isLivenessError}, not `instanceof`.
 */
export class LivenessError extends Error {
  override readonly name = 'LivenessError'
  readonly code: ErrorCode
  readonly status: number
  readonly retryable: boolean
  readonly hint: string
  readonly retryAfter: number | undefined

  constructor(code: ErrorCode, message: string, options: LivenessErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const row = ERROR_CODES[code]
    this.code = code
    this.status = row.status
    this.retryable = row.retryable
    this.hint = options.hint ?? row.hint
    this.retryAfter = options.retryAfter
    Object.defineProperty(this, BRAND, { value: true })
  }

  /** The page of the error reference that explains this code. */
  get help(): string {
    return `https://github.com/unspoof/unspoof/blob/main/docs/reference/errors.md#${this.code.toLowerCase()}`
  }
}

export function isLivenessError(value: unknown): value is LivenessError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[BRAND] === true
}

/** Wraps anything thrown; a LivenessError stays itself. The cause is kept, its message is not repeated. */
export function toLivenessError(thrown: unknown, code: ErrorCode, message: string): LivenessError {
  return isLivenessError(thrown) ? thrown : new LivenessError(code, message, { cause: thrown })
}

/** Causes that are the server's own business, such as which file is missing where. */
const INTERNAL: readonly ErrorCode[] = [
  'CARD_INVALID',
  'MODEL_MISSING',
  'MODEL_HASH',
  'MODEL_LOAD',
  'MODEL_OUTPUT',
  'RUNTIME_MISSING',
  'RUNTIME_TELEMETRY',
  'CLOSED',
]

/**
 * The error a client may see: MODEL_UNAVAILABLE for the server's own affairs and for whatever is no {@link LivenessError}. The one
 * it stands for is its `cause`.
 */
export function toPublicError(error: unknown): LivenessError {
  if (isLivenessError(error) && !INTERNAL.includes(error.code)) return error
  return new LivenessError('MODEL_UNAVAILABLE', 'The liveness check cannot be done right now.', { cause: error })
}

/** What an error looks like on the wire, in every adapter. */
export interface ErrorShape {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly hint: string
    readonly help: string
    readonly requestId?: string
  }
}

export function toErrorShape(error: LivenessError, requestId?: string): ErrorShape {
  const { code, message, hint, help } = error
  return { error: requestId === undefined ? { code, message, hint, help } : { code, message, hint, help, requestId } }
}
