/** Content type parsers for Fastify, shared by the plugin and by Nest on Fastify; described without Fastify's own types. */
import type { UploadBody } from './upload.ts'

/** The part of a Fastify instance that is used. */
export interface ContentTypeParserHost {
  addContentTypeParser(
    type: RegExp,
    parser: (request: unknown, payload: unknown, done: (error: Error | null, body?: unknown) => void) => void,
  ): unknown
}

/**
 * Lets multipart and picture bodies through to the liveness check, unread; Fastify answers 415 to types without a parser.
 * Patterns never collide with the exact types that @fastify/multipart and others register, and those go first.
 * @param bodyOf what was read of the request before Fastify's own parsing
 */
export function addBodyParsers(
  fastify: ContentTypeParserHost,
  bodyOf: (request: unknown) => UploadBody | undefined = () => undefined,
): void {
  for (const type of [/^multipart\/form-data/i, /^image\//i]) {
    fastify.addContentTypeParser(type, (request, _payload, done) => {
      const body = bodyOf(request)
      done(null, body?.kind === 'image' ? body.files[0]?.buffer : body?.fields)
    })
  }
}
