/** livenessPlugin(): liveness for the routes that ask for it in their config. */
import { invalid } from '@unspoof/core'
import {
  addBodyParsers,
  assertLiveResult,
  bodyRead,
  livenessSource,
  type RequestLiveness,
  resolveHttpOptions,
} from '@unspoof/http'
import type { FastifyInstance, FastifyRequest, preHandlerAsyncHookHandler } from 'fastify'
import { checkLiveness, hasPassed, routeGuard, setState } from './check.ts'
import { type LivenessPluginOptions, OWN_KEYS } from './options.ts'
import { watchRoutes } from './routes.ts'

/**
 * `await fastify.register(livenessPlugin)`, then `fastify.post('/login', { config: { liveness: true } }, handler)`.
 * Sets `request.liveness`, and `request.body`, `request.file` and `request.files` where nobody else does.
 *
 * A route that asks for liveness where the plugin does not reach stops the start of the application.
 * @throws LivenessError OPTION_INVALID at registration; at the start, with `warmUp`, also what loading the models throws
 */
export async function livenessPlugin(fastify: FastifyInstance, options: LivenessPluginOptions = {}): Promise<void> {
  const { global = false, ...rest } = options
  if (typeof global !== 'boolean') throw invalid('global', 'true or false', global)
  const { admission, warmUp } = resolveHttpOptions(rest, OWN_KEYS)
  // Routes share the plugin's admission and Liveness, however many guards they need.
  const state = {
    options: { ...rest, admission, liveness: livenessSource(rest.liveness) },
    global,
    guards: new Map(),
  }
  setState(fastify, state)
  if (!fastify.hasRequestDecorator('liveness')) fastify.decorateRequest('liveness', undefined)
  addBodyParsers(fastify, { isChecked: hasPassed, bodyOf: bodyRead })
  watchRoutes(fastify)
  // For routes of this context that were defined before: Fastify collects their hooks when it starts.
  fastify.addHook('preParsing', checkLiveness)
  if (warmUp) fastify.addHook('onReady', () => routeGuard(state, undefined).guard.ready())
}

// As fastify-plugin does: the hooks and decorators belong to the context that registers the plugin.
Object.assign(livenessPlugin, {
  [Symbol.for('skip-override')]: true,
  [Symbol.for('fastify.display-name')]: '@unspoof/fastify',
  [Symbol.for('plugin-meta')]: { name: '@unspoof/fastify', fastify: '5.x' },
})

/** @throws LivenessError SPOOF, RETRY or NOT_CHECKED unless the request was judged `live`. */
export function assertLive(request: FastifyRequest): asserts request is FastifyRequest & { liveness: RequestLiveness } {
  assertLiveResult(request.liveness)
}

/**
 * A `preHandler` that refuses every request which was not judged `live`: `fastify.post('/pay', { config: { liveness: true }, preHandler: requireLive }, ...)`.
 * It holds even where no plugin is registered.
 * @throws LivenessError SPOOF, RETRY or NOT_CHECKED
 */
export const requireLive: preHandlerAsyncHookHandler = async (request) => {
  assertLive(request)
}
