/** Looks at every route while the application starts: one that asks for liveness and gets no check stops the start. */
import { subscribe } from 'node:diagnostics_channel'
import { invalid, LivenessError } from '@unspoof/core'
import { resolveHttpOptions } from '@unspoof/http'
import type { FastifyInstance, preParsingAsyncHookHandler, RouteOptions } from 'fastify'
import { checkLiveness, routeGuard, stateOf, takesBody } from './check.ts'
import type { LivenessRouteOptions } from './options.ts'

/** The patterns that the plugin's own body parsers are registered under; a child context has them if it was made after the plugin. */
const MULTIPART = /^multipart\/form-data/i

const WATCHED = Symbol.for('unspoof.fastify.watched')

// An application may define its routes before it registers the plugin, or forget it: only a look at every instance from its beginning sees that.
subscribe('fastify.initialization', (message) => watchRoutes((message as { fastify: FastifyInstance }).fastify))

/** Attaches the check to each route of this context and its children that asks for liveness. Calling it again does nothing. */
export function watchRoutes(fastify: FastifyInstance): void {
  if (WATCHED in fastify) return
  Object.defineProperty(fastify, WATCHED, { value: true })
  const asking: { readonly server: FastifyInstance; readonly route: RouteOptions }[] = []
  fastify.addHook('onRoute', function (route) {
    const wanted = wantedBy(route)
    const state = stateOf(this)
    const global = wanted === undefined && state?.global === true && [route.method].flat().some(takesBody)
    if (wanted === false || (wanted === undefined && !global)) return
    const own = typeof wanted === 'object' ? wanted : undefined
    if (state !== undefined) routeGuard(state, own)
    // Fastify would refuse a JSON body with an image in it at 1 MiB; the limits of the check hold instead.
    route.bodyLimit ??= resolveHttpOptions({ limits: own?.limits ?? state?.options.limits }).limits.bodyBytes
    if (wanted === undefined) return
    route.preParsing = [checkLiveness, ...[route.preParsing ?? []].flat()] as preParsingAsyncHookHandler[]
    asking.push({ server: this, route })
  })
  fastify.addHook('onReady', async () => {
    for (const { server, route } of asking) {
      const state = stateOf(server)
      const { liveness } = route.config!
      if (state !== undefined && server.hasContentTypeParser(MULTIPART)) {
        routeGuard(state, typeof liveness === 'object' ? liveness : undefined)
      } else {
        throw new LivenessError(
          'OPTION_INVALID',
          `Expected livenessPlugin to be registered for ${[route.method].flat().join(', ')} ${route.url}, which asks for liveness.`,
          { hint: 'Register the plugin on the application itself, before the plugins that have such routes.' },
        )
      }
    }
  })
}

/** @throws LivenessError OPTION_INVALID for what is neither a boolean nor options, such as a setting that is missing */
function wantedBy(route: RouteOptions): boolean | LivenessRouteOptions | undefined {
  if (route.config === undefined || !('liveness' in route.config)) return undefined
  const wanted: unknown = route.config.liveness
  if (typeof wanted === 'boolean' || (typeof wanted === 'object' && wanted !== null)) return wanted
  throw invalid(`config.liveness of ${route.url}`, 'true, false or options', wanted)
}
