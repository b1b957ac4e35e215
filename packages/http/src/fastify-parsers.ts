/** Content type parsers for Fastify, shared by the plugin and by Nest on Fastify; described without Fastify's own types. */
import type { UploadBody } from './body/upload.ts'

/** The part of a Fastify instance that is used. */
export interface ContentTypeParserHost {
  addContentTypeParser(
    type: RegExp,
    parser: (request: unknown, payload: unknown, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown
}

/** What the check did with a request before Fastify came to parse it. */
export interface CheckedBodies {
  /** False: nobody checks this request, so that its type is as unknown to Fastify as it was without these parsers. */
  isChecked(request: unknown): boolean
  /** What was read; undefined where the body is still unread. */
  bodyOf(request: unknown): UploadBody | undefined
}

/** For a check that comes after Fastify's parsing: the bodies are left unread for it. */
const UNREAD: CheckedBodies = { isChecked: () => true, bodyOf: () => undefined }

/**
 * Lets multipart and picture bodies through to the liveness check; Fastify answers 415 to types without a parser.
 * Patterns never collide with the exact types that @fastify/multipart and others register, and those go first.
 */
export function addBodyParsers(fastify: ContentTypeParserHost, bodies: CheckedBodies = UNREAD): void {
  const types = [/^multipart\/form-data/i, /^image\//i]
  if (bodies !== UNREAD) types.push(/^application\/octet-stream/i)
  for (const type of types) {
    fastify.addContentTypeParser(type, (request, _payload, done) => {
      if (!bodies.isChecked(request)) return done(unsupported())
      const body = bodies.bodyOf(request)
      done(null, body?.kind === 'image' ? body.files[0]?.buffer : body?.fields)
    })
  }
}

/** What Fastify itself answers. */
function unsupported(): Error {
  return Object.assign(new Error('Unsupported Media Type'), { statusCode: 415, code: 'FST_ERR_CTP_INVALID_MEDIA_TYPE' })
}
