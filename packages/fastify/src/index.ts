/** The Fastify plugin (@unspoof/fastify): liveness for the routes that ask for it in their config. */
import { Readable } from 'node:stream'
import { invalid } from '@unspoof/core'
import {
  addBodyParsers,
  assertLiveResult,
  attachBody,
  closeAfterAnswer,
  createRequestGuard,
  type HttpLivenessOptions,
  livenessSource,
  nodeUploadRequest,
  type Rejection,
  type RequestLiveness,
  requestIdOf,
  resolveHttpOptions,
  type UploadBody,
} from '@unspoof/http'
import type { FastifyInstance, FastifyReply, FastifyRequest, preParsingAsyncHookHandler, RouteOptions } from 'fastify'

export { closeDefaultLiveness } from '@unspoof/http'

/** Options of one route, in `config.liveness`; they win over the plugin's. */
export interface LivenessRouteOptions extends HttpLivenessOptions<FastifyRequest> {
  /**
   * Answers a refused request in your own way. Awaited. Where it sends nothing, the usual answer is sent: it cannot let a
   * request pass.
   */
  readonly onReject?: (request: FastifyRequest, reply: FastifyReply, rejection: Rejection) => unknown
}

export interface LivenessPluginOptions extends LivenessRouteOptions {
  /**
   * True: every route of this context that takes a body is checked. Spoofs are refused; requests without a picture are
   * annotated as `not-checked`. @default false: only routes with `config.liveness`
   */
  readonly global?: boolean
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The verdict about this request's pictures. Undefined where no liveness check ran. */
    liveness?: RequestLiveness
  }
  interface FastifyContextConfig {
    /** `true` or options: a picture is required and only `live` passes. `false`: not even with `global`. */
    liveness?: boolean | LivenessRouteOptions
  }
}

/** Requests that passed the hook. */
const CHECKED = new WeakSet<object>()
/** What the hook read, for the parsers that come after it. */
const BODIES = new WeakMap<object, UploadBody>()

const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])
const OWN_KEYS = ['onReject', 'global']

/**
 * `await fastify.register(livenessPlugin)`, then `fastify.post('/login', { config: { liveness: true } }, handler)`.
 * Sets `request.liveness`, and `request.body`, `request.file` and `request.files` where nobody else does.
 * @throws LivenessError OPTION_INVALID at registration
 */
export async function livenessPlugin(fastify: FastifyInstance, options: LivenessPluginOptions = {}): Promise<void> {
  const { global = false, ...rest } = options
  if (typeof global !== 'boolean') throw invalid('global', 'true or false', global)
  const { admission } = resolveHttpOptions(rest, OWN_KEYS)
  // Routes share the plugin's admission and Liveness, however many guards they need.
  const shared = { ...rest, admission, liveness: livenessSource(rest.liveness) }

  if (!fastify.hasRequestDecorator('liveness')) fastify.decorateRequest('liveness', undefined)
  addBodyParsers(fastify, {
    isChecked: (request) => CHECKED.has(request as object),
    bodyOf: (request) => BODIES.get(request as object),
  })
  fastify.addHook('onRoute', (route) => {
    const wanted = route.config?.liveness
    if (wanted === false || (wanted === undefined && !(global && takesBody(route)))) return
    const routeOptions = typeof wanted === 'object' ? wanted : {}
    const hook = preParsingHook({ ...shared, ...routeOptions }, wanted !== undefined)
    route.preParsing = [hook, ...[route.preParsing ?? []].flat()] as preParsingAsyncHookHandler[]
    // Fastify would refuse a JSON body with a picture in it at 1 MiB; the limits of the check hold instead.
    route.bodyLimit ??= resolveHttpOptions({ limits: routeOptions.limits ?? rest.limits }).limits.bodyBytes
  })
}

// As fastify-plugin does: the hooks and decorators belong to the context that registers the plugin.
Object.assign(livenessPlugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@unspoof/fastify',
  [Symbol.for('plugin-meta')]: { name: '@unspoof/fastify', fastify: '5.x' },
})

/** @throws LivenessError SPOOF, RETRY or NOT_CHECKED unless the request was judged `live`. */
export function assertLive(request: FastifyRequest): RequestLiveness {
  const result: unknown = request.liveness
  assertLiveResult(result)
  return result
}

function takesBody(route: RouteOptions): boolean {
  return [route.method].flat().some((method) => BODY_METHODS.has(method.toUpperCase()))
}

function preParsingHook(options: LivenessRouteOptions, requiredHere: boolean): preParsingAsyncHookHandler {
  const { onReject } = options
  if (onReject !== undefined && typeof onReject !== 'function') throw invalid('onReject', 'a function', onReject)
  const guard = createRequestGuard(resolveHttpOptions(options, OWN_KEYS))
  return async (request, reply, payload) => {
    const upload = nodeUploadRequest(request.raw, reply.raw, {})
    const outcome = await guard.check({
      ...upload,
      original: request,
      requiredHere,
      requestId: requestIdOf(request),
    })
    if (outcome.passed) {
      request.liveness = outcome.liveness
      CHECKED.add(request)
      if (outcome.body === undefined) return payload
      BODIES.set(request, outcome.body)
      attachBody(request.raw, request, outcome.body)
      return outcome.body.bytes === undefined ? payload : Readable.from([outcome.body.bytes])
    }
    if (upload.signal?.aborted) {
      reply.hijack()
      return payload
    }
    request.liveness = outcome.result
    closeAfterAnswer(request.raw, reply.raw)
    await onReject?.(request, reply, outcome)
    if (!reply.sent) await reply.code(outcome.status).headers(outcome.headers).send(outcome.body)
    return payload
  }
}
