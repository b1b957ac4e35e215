/** The OpenAPI 3.1 description of the server, made from the tables the answers are made from. */
import { ERROR_CODES, type ErrorCode, OPERATING_POINTS, REASONS } from '@unspoof/core'
import { CHALLENGE_KINDS, INJECTION_SIGNALS, PROTOCOL_VERSION } from '@unspoof/session'
import { VERSION } from '../version.ts'
import { CLIENT_HEADER, SUBJECT_HEADER } from './sessions.ts'

/** Errors a body may be answered with before it is looked at. */
const BODY_ERRORS = [
  'ABORTED',
  'BODY_MALFORMED',
  'BODY_TOO_LARGE',
  'ENCODING_UNSUPPORTED',
  'INPUT_INVALID',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'UPLOAD_TIMEOUT',
] as const satisfies readonly ErrorCode[]

/** Errors of pictures and of what judges them. */
const JUDGE_ERRORS = [
  'CHECK_TIMEOUT',
  'IMAGE_CORRUPT',
  'IMAGE_TOO_LARGE',
  'IMAGE_TYPE',
  'MODEL_UNAVAILABLE',
  'TOO_MANY_PARTS',
  'WORKER_LOST',
] as const satisfies readonly ErrorCode[]

/** Errors each route may be answered with. Tests hold the server to these lists. */
export const ROUTE_ERRORS = {
  check: [...BODY_ERRORS, ...JUDGE_ERRORS, 'IMAGE_MISSING'],
  createSession: [...BODY_ERRORS, 'ATTEMPTS_EXCEEDED', 'PROTOCOL_VERSION', 'STORE_UNAVAILABLE', 'SUBJECT_MISSING'],
  commitStep: [
    ...BODY_ERRORS,
    'ATTEMPTS_EXCEEDED',
    'FRAMES_INVALID',
    'NONCE_MISMATCH',
    'PROTOCOL_VERSION',
    'SESSION_EXPIRED',
    'SESSION_UNKNOWN',
    'SESSION_USED',
    'STORE_UNAVAILABLE',
    'SUBJECT_MISSING',
    'TOO_MANY_PARTS',
  ],
  submitFrames: [
    ...BODY_ERRORS,
    ...JUDGE_ERRORS,
    'ATTEMPTS_EXCEEDED',
    'FRAMES_INVALID',
    'NONCE_MISMATCH',
    'PROTOCOL_VERSION',
    'SESSION_EXPIRED',
    'SESSION_UNKNOWN',
    'SESSION_USED',
    'STORE_UNAVAILABLE',
    'SUBJECT_MISSING',
  ],
  readResult: [
    'INPUT_INVALID',
    'SESSION_EXPIRED',
    'SESSION_PENDING',
    'SESSION_UNKNOWN',
    'SESSION_USED',
    'SHUTTING_DOWN',
    'STORE_UNAVAILABLE',
  ],
} as const satisfies Record<string, readonly ErrorCode[]>

/** Why /readyz answers 503: the models are not loaded, Redis does not answer, the server is stopping. */
export const UNREADY_REASONS = ['models', 'redis', 'stopping'] as const

/** Errors of HTTP itself, which no check knows. */
const HTTP_ERRORS = ['METHOD_NOT_ALLOWED', 'NOT_FOUND', 'UNAUTHORIZED']

function schema(name: string) {
  return { $ref: `#/components/schemas/${name}` }
}

function json(body: object, description: string) {
  return { description, content: { 'application/json': { schema: body } } }
}

/** All properties are required, and there are no others. */
function object(properties: Readonly<Record<string, object>>, optional: readonly string[] = []) {
  const required = Object.keys(properties).filter((name) => !optional.includes(name))
  return { type: 'object', additionalProperties: false, required, properties }
}

function text(description: string) {
  return { type: 'string', description }
}

function integer(description: string) {
  return { type: 'integer', description }
}

/** One answer a status, with the codes that lead to it; a verdict shares 403 and 422 with errors. */
function responses(
  good: Readonly<Record<number, object>>,
  codes: readonly ErrorCode[],
  verdict?: string,
): Record<string, object> {
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of codes) {
    const { status } = ERROR_CODES[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const verdicts: Record<number, string> =
    verdict === undefined
      ? {}
      : { 403: 'spoof: an attack is suspected', 422: 'retry: take the pictures again as the hint says' }
  const all: Record<string, object> = { ...good }
  for (const status of [...byStatus.keys(), ...Object.keys(verdicts).map(Number)]) {
    const shapes = [
      ...(verdicts[status] === undefined ? [] : [schema(verdict!)]),
      ...(byStatus.has(status) ? [schema('Error')] : []),
    ]
    const description = [verdicts[status], byStatus.get(status)?.join(', ')].filter(Boolean).join('; or ')
    all[status] = {
      ...json(shapes.length === 1 ? shapes[0]! : { oneOf: shapes }, description),
      ...(status === 503 || status === 429
        ? { headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } } }
        : {}),
    }
  }
  return all
}

const BINARY = { type: 'string', format: 'binary' }

const CLIENT_PARAMETER = {
  name: CLIENT_HEADER,
  in: 'header',
  description:
    "The person's address or device: failures are counted by it, and none takes more than half of the places. Believed with the backend key only.",
  schema: { type: 'string', maxLength: 200 },
}

const CHECK_PATH = {
  post: {
    operationId: 'check',
    summary: 'Judges one picture.',
    description:
      'Several pictures in one request are judged one by one, and the worst verdict is the answer. Scores and thresholds are not told: they would be an oracle for an attacker.',
    parameters: [CLIENT_PARAMETER],
    requestBody: {
      required: true,
      content: {
        'image/jpeg': { schema: BINARY },
        'image/png': { schema: BINARY },
        'image/webp': { schema: BINARY },
        'application/octet-stream': { schema: BINARY },
        'multipart/form-data': { schema: { type: 'object', properties: { image: BINARY }, required: ['image'] } },
        'application/json': {
          schema: {
            type: 'object',
            properties: { image: text('A data URL: data:image/jpeg;base64,...') },
            required: ['image'],
          },
        },
      },
    },
    responses: responses({ 200: json(schema('Verdict'), 'live') }, ROUTE_ERRORS.check, 'Verdict'),
  },
}

const SUBJECT_PARAMETER = {
  name: SUBJECT_HEADER,
  in: 'header',
  required: true,
  description: 'The account the session is for, from your own login and never from the client.',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
}
const ID_PARAMETER = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
const SECURITY = [{ backendKey: [] }]
const NO_KEY = { 401: json(schema('Error'), 'UNAUTHORIZED, SUBJECT_MISSING') }

function jsonBody(name: string) {
  return { required: true, content: { 'application/json': { schema: schema(name) } } }
}

const SESSION_PATHS = {
  '/v1/sessions': {
    post: {
      operationId: 'createSession',
      summary: 'Starts a session for an account: nonce and what to capture. An open one of the account is over.',
      description: 'Called by your backend or by a proxy that knows who is logged in. The answer goes to the client.',
      security: SECURITY,
      parameters: [SUBJECT_PARAMETER, CLIENT_PARAMETER],
      requestBody: jsonBody('StartRequest'),
      responses: { ...responses({ 201: json(schema('Session'), 'started') }, ROUTE_ERRORS.createSession), ...NO_KEY },
    },
  },
  '/v1/sessions/{id}/commits': {
    post: {
      operationId: 'commitStep',
      summary: 'Takes the digests of one step of a session, and tells the next movement.',
      security: SECURITY,
      parameters: [ID_PARAMETER, SUBJECT_PARAMETER, CLIENT_PARAMETER],
      requestBody: jsonBody('Commit'),
      responses: { ...responses({ 200: json(schema('NextStep'), 'committed') }, ROUTE_ERRORS.commitStep), ...NO_KEY },
    },
  },
  '/v1/sessions/{id}/frames': {
    post: {
      operationId: 'submitFrames',
      summary: 'Judges the frames of a session, once.',
      security: SECURITY,
      parameters: [ID_PARAMETER, SUBJECT_PARAMETER, CLIENT_PARAMETER],
      requestBody: {
        required: true,
        content: {
          'multipart/form-data': {
            schema: {
              type: 'object',
              required: ['meta', 'frames'],
              properties: {
                meta: text('JSON of the schema SubmissionMeta; the first part.'),
                frames: { type: 'array', items: BINARY, description: 'JPEGs, in order.' },
              },
            },
          },
        },
      },
      responses: {
        ...responses({ 200: json(schema('SessionVerdict'), 'live') }, ROUTE_ERRORS.submitFrames, 'SessionVerdict'),
        ...NO_KEY,
      },
    },
  },
  '/v1/sessions/{id}/result': {
    get: {
      operationId: 'readResult',
      summary: 'The result, once: for your backend, never for a client, since it has the score.',
      security: SECURITY,
      parameters: [
        ID_PARAMETER,
        {
          name: 'subject',
          in: 'query',
          required: true,
          description: 'The account that is to be let in.',
          schema: { type: 'string' },
        },
      ],
      responses: { ...responses({ 200: json(schema('SessionResult'), 'result') }, ROUTE_ERRORS.readResult), ...NO_KEY },
    },
  },
  '/.well-known/jwks.json': {
    get: {
      operationId: 'publicKeys',
      summary: 'The public keys of session tokens. Put them into your configuration: verifiers fetch nothing.',
      responses: { 200: json(schema('PublicKeys'), 'a JWK set') },
    },
  },
}

const METRICS_PATH = {
  get: {
    operationId: 'metrics',
    summary: 'Prometheus metrics; not for the public.',
    responses: { 200: { description: 'metrics', content: { 'text/plain': { schema: { type: 'string' } } } } },
  },
}

const VERDICT = {
  verdict: { type: 'string', enum: ['live', 'spoof', 'retry'] },
  code: { type: 'string', enum: ['LIVE', 'SPOOF', 'RETRY'] },
  reasons: { type: 'array', items: schema('Reason') },
  hint: text('What the person should do; empty for live.'),
}
const MODEL = object({ id: { type: 'string' }, version: { type: 'string' } })

const VERSION_PROPERTY = { const: PROTOCOL_VERSION }
const MOVEMENT = { type: 'string', enum: CHALLENGE_KINDS }

const SESSION_SCHEMAS = {
  StartRequest: object({ version: VERSION_PROPERTY }),
  Session: object({
    version: VERSION_PROPERTY,
    id: { type: 'string' },
    nonce: { type: 'string' },
    capture: object({
      holdFrames: integer('Frames of the person looking straight ahead, before the first movement is told.'),
      intervalMs: integer('Milliseconds from frame to frame.'),
      width: integer('Pixels.'),
      height: integer('Pixels.'),
      quality: { type: 'number' },
      maxFrames: integer('How many frames a session may come to.'),
      maxFrameBytes: { type: 'integer' },
      maxTotalBytes: { type: 'integer' },
      type: { const: 'image/jpeg' },
    }),
    expiresInMs: { type: 'integer' },
    expiresAt: { type: 'string', format: 'date-time' },
  }),
  Commit: object(
    {
      version: VERSION_PROPERTY,
      nonce: { type: 'string' },
      step: integer('0 for the held frames, then the number of the movement.'),
      frames: {
        type: 'array',
        items: object({
          timeMs: integer('Milliseconds since the answer that started the session.'),
          digest: {
            type: 'string',
            pattern: '^[0-9a-f]{64}$',
            description: 'SHA-256 of `nonce.index.timeMs.` and the JPEG.',
          },
        }),
      },
      mirrored: { type: 'boolean', description: 'With step 0 only.' },
    },
    ['mirrored'],
  ),
  NextStep: object({
    version: VERSION_PROPERTY,
    step: {
      oneOf: [
        { type: 'null' },
        object({
          index: integer('1 is the first movement.'),
          of: integer('How many movements the session has.'),
          kind: MOVEMENT,
          hint: text('What the person should do.'),
          frames: integer('Frames to take of this movement.'),
        }),
      ],
    },
    withinMs: integer('Milliseconds until the next commit or the frames must arrive.'),
  }),
  SubmissionMeta: object(
    {
      version: VERSION_PROPERTY,
      nonce: { type: 'string' },
      track: object(
        {
          label: { type: 'string', maxLength: 200 },
          width: { type: 'number' },
          height: { type: 'number' },
          frameRate: { type: 'number' },
          facingMode: { type: 'string', maxLength: 20 },
        },
        ['label', 'width', 'height', 'frameRate', 'facingMode'],
      ),
    },
    ['track'],
  ),
  SessionVerdict: object({ ...VERDICT, token: text('For live: a signed token that passes once.') }, ['token']),
  SessionResult: object({
    id: { type: 'string' },
    subject: { type: 'string' },
    verdict: { type: 'string', enum: ['live', 'spoof', 'retry', 'not-checked'] },
    code: { type: 'string', enum: ['LIVE', 'SPOOF', 'RETRY', 'NOT_CHECKED'] },
    reasons: VERDICT.reasons,
    steps: { type: 'array', items: MOVEMENT },
    operatingPoint: { type: 'string', enum: OPERATING_POINTS },
    models: { type: 'array', items: MODEL },
    liveProbability: { type: ['number', 'null'] },
    injection: {
      oneOf: [
        { type: 'null' },
        object({
          suspicion: { type: 'number' },
          signals: {
            type: 'array',
            items: object({
              id: { type: 'string', enum: Object.keys(INJECTION_SIGNALS) },
              suspicious: { type: 'boolean' },
              value: { type: ['number', 'null'] },
            }),
          },
        }),
      ],
    },
    reference: {
      oneOf: [{ type: 'null' }, object({ index: { type: 'integer' }, sha256: { type: 'string' } })],
    },
    finishedAt: { type: 'string', format: 'date-time' },
  }),
  PublicKeys: object({
    keys: {
      type: 'array',
      items: object(
        {
          kty: { type: 'string', enum: ['OKP', 'EC'] },
          crv: { type: 'string', enum: ['Ed25519', 'P-256'] },
          x: { type: 'string' },
          y: { type: 'string' },
          kid: { type: 'string' },
          alg: { type: 'string', enum: ['EdDSA', 'ES256'] },
          use: { const: 'sig' },
        },
        ['y'],
      ),
    },
  }),
}

export interface OpenApiParts {
  /** Whether /metrics is served beside the check. */
  readonly metrics: boolean
  /** Whether sessions are served. */
  readonly sessions: boolean
}

export function openApiDocument({ metrics, sessions }: OpenApiParts): object {
  const codes = [...ROUTE_ERRORS.check, ...(sessions ? Object.values(ROUTE_ERRORS).flat() : []), ...HTTP_ERRORS]
  return {
    openapi: '3.1.0',
    info: {
      title: 'unspoof',
      version: VERSION,
      summary: 'Face liveness (presentation attack detection). Pictures in, JSON out; no picture is kept.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: {
      '/v1/check': CHECK_PATH,
      ...(sessions ? SESSION_PATHS : {}),
      '/livez': { get: { operationId: 'livez', summary: 'The process is alive.', responses: { 200: probe('alive') } } },
      '/readyz': {
        get: {
          operationId: 'readyz',
          summary: 'The models are loaded, the store of sessions answers, and checks are taken.',
          responses: { 200: probe('ready'), 503: probe('starting, stopping or out of order') },
        },
      },
      ...(metrics ? { '/metrics': METRICS_PATH } : {}),
      '/openapi.json': {
        get: {
          operationId: 'openapi',
          summary: 'This document.',
          responses: { 200: json({ type: 'object' }, 'OpenAPI 3.1') },
        },
      },
    },
    components: {
      ...(sessions ? { securitySchemes: { backendKey: { type: 'http', scheme: 'bearer' } } } : {}),
      schemas: {
        Reason: { type: 'string', enum: Object.keys(REASONS) },
        Verdict: object(VERDICT),
        Error: object({
          error: object({
            code: { type: 'string', enum: [...new Set(codes)].sort() },
            message: { type: 'string' },
            hint: { type: 'string' },
            help: { type: 'string', format: 'uri-reference' },
            requestId: { type: 'string' },
          }),
        }),
        Probe: object(
          {
            status: { type: 'string', enum: ['ok', 'unavailable'] },
            reason: { type: 'string', enum: UNREADY_REASONS, description: 'What is missing, where it is unavailable.' },
          },
          ['reason'],
        ),
        ...(sessions ? SESSION_SCHEMAS : {}),
      },
    },
  }
}

function probe(description: string) {
  return json(schema('Probe'), description)
}
