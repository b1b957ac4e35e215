/** The hook that checks a request before Fastify parses its body. */
import { Readable } from 'node:stream'
import { invalid, LivenessError } from '@unspoof/core'
import {
  applyOutcome,
  bodyRead,
  createRequestGuard,
  mergeOptions,
  type Rejection,
  type RequestGuard,
  rejection,
  requestIdOf,
  resolveHttpOptions,
} from '@unspoof/http'
import type { FastifyInstance, FastifyReply, FastifyRequest, preParsingAsyncHookHandler } from 'fastify'
import { type LivenessRouteOptions, OWN_KEYS } from './options.ts'

/** What a context of Fastify with the plugin knows. Children see their parent's. */
export interface PluginState {
  readonly options: LivenessRouteOptions
  readonly global: boolean
  readonly guards: Map<LivenessRouteOptions | undefined, RouteGuard>
}

interface RouteGuard {
  readonly guard: RequestGuard<FastifyRequest>
  readonly onReject: LivenessRouteOptions['onReject']
}

/** A registered symbol, so that two copies of this package agree. */
const STATE = Symbol.for('unspoof.fastify.state')

export function setState(fastify: FastifyInstance, state: PluginState): void {
  Object.defineProperty(fastify, STATE, { value: state, configurable: true })
}

/** Undefined where the plugin is registered neither here nor in a parent. */
export function stateOf(fastify: FastifyInstance): PluginState | undefined {
  return (fastify as unknown as Record<symbol, PluginState | undefined>)[STATE]
}

const BODY_METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE'])

export function takesBody(method: string): boolean {
  return BODY_METHODS.has(method.toUpperCase())
}

/** @throws LivenessError OPTION_INVALID */
export function routeGuard(state: PluginState, own: LivenessRouteOptions | undefined): RouteGuard {
  const known = state.guards.get(own)
  if (known !== undefined) return known
  const options = mergeOptions(state.options, own)
  const { onReject } = options
  if (onReject !== undefined && typeof onReject !== 'function') throw invalid('onReject', 'a function', onReject)
  const made = { guard: createRequestGuard(resolveHttpOptions(options, OWN_KEYS)), onReject }
  state.guards.set(own, made)
  return made
}

/** Requests that passed. */
const PASSED = new WeakSet<object>()

export function hasPassed(request: object): boolean {
  return PASSED.has(request)
}

/** Runs once a request, wherever it is attached. A route that asks for liveness and has no plugin is refused. */
export const checkLiveness: preParsingAsyncHookHandler = async (request, reply, payload) => {
  if (PASSED.has(request) || request.is404) return payload
  const wanted = request.routeOptions.config.liveness
  const state = stateOf(request.server)
  if (wanted === false || (wanted === undefined && !(state?.global === true && takesBody(request.method))))
    return payload
  if (state === undefined) {
    await refuse(request, reply, rejection(unprotected(request.routeOptions.url), requestIdOf(request.raw, request)))
    return payload
  }
  const { guard, onReject } = routeGuard(state, typeof wanted === 'object' ? wanted : undefined)
  const outcome = await applyOutcome(guard, {
    request,
    rawRequest: request.raw,
    rawResponse: reply.raw,
    requiredHere: wanted !== undefined,
    places: {},
    setResult: (result) => {
      request.liveness = result
    },
  })
  if (outcome === undefined) {
    reply.hijack()
  } else if (outcome.passed) {
    PASSED.add(request)
    const bytes = bodyRead(request)?.bytes
    return bytes === undefined ? payload : Readable.from([bytes])
  } else {
    await onReject?.(request, reply, outcome)
    await refuse(request, reply, outcome)
  }
  return payload
}

async function refuse(
  _request: FastifyRequest,
  reply: FastifyReply,
  { status, headers, body }: Rejection,
): Promise<void> {
  if (!reply.sent) await reply.code(status).headers(headers).send(body)
}

/** The error of a route that asks for liveness where nothing checks it. */
function unprotected(url = ''): LivenessError {
  return new LivenessError(
    'NOT_CHECKED',
    `Expected livenessPlugin to be registered for the route ${url}, which asks for liveness.`,
  )
}
