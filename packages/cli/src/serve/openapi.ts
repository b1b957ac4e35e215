/** The OpenAPI 3.1 description of the server, made from the tables the answers are made from. */
import { ERROR_CODES, type ErrorCode, REASONS } from '@unspoof/core'
import { VERSION } from '../version.ts'

/** Errors a check may be answered with. A test holds the server to this list. */
export const CHECK_ERRORS = [
  'ABORTED',
  'BODY_MALFORMED',
  'BODY_TOO_LARGE',
  'CHECK_TIMEOUT',
  'ENCODING_UNSUPPORTED',
  'IMAGE_CORRUPT',
  'IMAGE_MISSING',
  'IMAGE_TOO_LARGE',
  'IMAGE_TYPE',
  'INPUT_INVALID',
  'MODEL_UNAVAILABLE',
  'OVERLOADED',
  'SHUTTING_DOWN',
  'TOO_MANY_PARTS',
  'UPLOAD_TIMEOUT',
  'WORKER_LOST',
] as const satisfies readonly ErrorCode[]

const VERDICT_BODY = { $ref: '#/components/schemas/Verdict' }
const ERROR_BODY = { $ref: '#/components/schemas/Error' }

function json(schema: object, description: string) {
  return { description, content: { 'application/json': { schema } } }
}

/** One answer a status, with the codes that lead to it. */
function checkResponses(): Record<string, object> {
  const responses: Record<string, object> = {
    200: json(VERDICT_BODY, 'live'),
    403: json(VERDICT_BODY, 'spoof: an attack is suspected'),
  }
  const byStatus = new Map<number, ErrorCode[]>()
  for (const code of CHECK_ERRORS) {
    const { status } = ERROR_CODES[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  for (const [status, codes] of byStatus) {
    const schema = status === ERROR_CODES.RETRY.status ? { oneOf: [VERDICT_BODY, ERROR_BODY] } : ERROR_BODY
    const retry = status === ERROR_CODES.RETRY.status ? 'retry: take the picture again; or ' : ''
    responses[status] = {
      ...json(schema, `${retry}${codes.join(', ')}`),
      ...(status === 503
        ? { headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } } }
        : {}),
    }
  }
  return responses
}

const METRICS_PATH = {
  get: {
    operationId: 'metrics',
    summary: 'Prometheus metrics; not for the public.',
    responses: { 200: { description: 'metrics', content: { 'text/plain': { schema: { type: 'string' } } } } },
  },
}

const BINARY = { type: 'string', format: 'binary' }

/** @param withMetrics whether /metrics is served beside the check */
export function openApiDocument(withMetrics: boolean): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'unspoof',
      version: VERSION,
      summary: 'Face liveness (presentation attack detection). Pictures in, JSON out; no picture is kept.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths: {
      '/v1/check': {
        post: {
          operationId: 'check',
          summary: 'Judges one picture.',
          description:
            'Several pictures in one request are judged one by one, and the worst verdict is the answer. Scores and thresholds are not told: they would be an oracle for an attacker.',
          requestBody: {
            required: true,
            content: {
              'image/jpeg': { schema: BINARY },
              'image/png': { schema: BINARY },
              'image/webp': { schema: BINARY },
              'multipart/form-data': { schema: { type: 'object', properties: { image: BINARY }, required: ['image'] } },
              'application/json': {
                schema: {
                  type: 'object',
                  properties: { image: { type: 'string', description: 'A data URL: data:image/jpeg;base64,...' } },
                  required: ['image'],
                },
              },
            },
          },
          responses: checkResponses(),
        },
      },
      '/livez': { get: { operationId: 'livez', summary: 'The process is alive.', responses: { 200: probe('alive') } } },
      '/readyz': {
        get: {
          operationId: 'readyz',
          summary: 'The models are loaded and checks are taken.',
          responses: { 200: probe('ready'), 503: probe('starting, stopping or out of order') },
        },
      },
      ...(withMetrics ? { '/metrics': METRICS_PATH } : {}),
      '/openapi.json': {
        get: {
          operationId: 'openapi',
          summary: 'This document.',
          responses: { 200: json({ type: 'object' }, 'OpenAPI 3.1') },
        },
      },
    },
    components: {
      schemas: {
        Verdict: {
          type: 'object',
          additionalProperties: false,
          required: ['verdict', 'code', 'reasons', 'hint'],
          properties: {
            verdict: { type: 'string', enum: ['live', 'spoof', 'retry'] },
            code: { type: 'string', enum: ['LIVE', 'SPOOF', 'RETRY'] },
            reasons: { type: 'array', items: { type: 'string', enum: Object.keys(REASONS) } },
            hint: { type: 'string', description: 'What the person should do; empty for live.' },
          },
        },
        Error: {
          type: 'object',
          additionalProperties: false,
          required: ['error'],
          properties: {
            error: {
              type: 'object',
              additionalProperties: false,
              required: ['code', 'message', 'hint', 'help', 'requestId'],
              properties: {
                code: { type: 'string', enum: [...CHECK_ERRORS, 'NOT_FOUND', 'METHOD_NOT_ALLOWED'] },
                message: { type: 'string' },
                hint: { type: 'string' },
                help: { type: 'string', format: 'uri-reference' },
                requestId: { type: 'string' },
              },
            },
          },
        },
        Probe: {
          type: 'object',
          additionalProperties: false,
          required: ['status'],
          properties: { status: { type: 'string', enum: ['ok', 'unavailable'] } },
        },
      },
    },
  }
}

function probe(description: string) {
  return json({ $ref: '#/components/schemas/Probe' }, description)
}
