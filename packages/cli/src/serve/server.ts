/** The REST server: routes over the HTTP half of @unspoof/node, probes, metrics, and a graceful end. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { LivenessError } from '@unspoof/core'
import {
  closeAfterAnswer,
  createAdmission,
  createRequestGuard,
  DEFAULT_LIMITS,
  nodeUploadRequest,
  refuseEarly,
  rejection,
  requestIdOf,
  resolveHttpOptions,
  type UploadLimits,
} from '@unspoof/http'
import type { LivenessPool } from '@unspoof/node'
import { createMetrics, METRICS_CONTENT_TYPE, observeLiveness } from '@unspoof/node/observe'
import { openApiDocument, type UNREADY_REASONS } from './openapi.ts'
import { createSessionRoutes, type SessionSettings } from './sessions.ts'

export interface RestServerOptions {
  /** Starts the models; the server listens meanwhile and says it is not ready. */
  readonly startPool: () => Promise<LivenessPool>
  /** Serve sessions, too; undefined: only single pictures. */
  readonly sessions?: SessionSettings | undefined
  /** Serve /metrics beside the check: only where nobody but you can reach the port. */
  readonly metricsHere: boolean
  /** How much of a body is read. */
  readonly limits?: Partial<UploadLimits> | undefined
  /** Connections at once; more are closed. */
  readonly maxConnections: number
  /** Milliseconds requests in flight may take after the end was asked for. */
  readonly drainMs: number
  /** One line of JSON a request; never anything of its content. */
  readonly log?: (entry: Readonly<Record<string, unknown>>) => void
}

export interface RestServer {
  readonly server: Server
  /** /metrics alone, for an address of its own; listens only if you let it. */
  readonly metricsServer: Server
  /** Resolves when the models are loaded. @throws LivenessError where they cannot be. */
  readonly ready: Promise<void>
  /** Refuses new requests, answers those it has, stops. */
  drain(): Promise<void>
}

/** Milliseconds. The reader of bodies ends slow ones; Node's own clock is only the last resort. */
const TIMEOUTS = {
  headersTimeout: 10_000,
  requestTimeout: DEFAULT_LIMITS.bodyTimeoutMs + 15_000,
  // How often they are looked at: Node's 30 seconds would make ten up to forty.
  connectionsCheckingInterval: 1000,
} as const

/** A stopping server waits until this long nothing was in flight, looking this often; milliseconds. */
const QUIET_MS = 200
const POLL_MS = 20

const SECONDS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10] as const

/** A path as in the OpenAPI document: `{id}` stands for one segment. */
interface Route {
  readonly method: 'GET' | 'POST'
  readonly run: (req: IncomingMessage, res: ServerResponse) => void | Promise<void>
  /** Answered only to who holds the backend key. */
  readonly guarded?: true
}

/** @throws LivenessError OPTION_INVALID for keys, secrets and addresses that cannot be used */
export async function createRestServer(options: RestServerOptions): Promise<RestServer> {
  let pool: LivenessPool | undefined
  let draining = false
  let inFlight = 0
  const loaded = (): LivenessPool => {
    if (pool !== undefined) return pool
    throw new LivenessError('MODEL_UNAVAILABLE', 'The models are still being loaded.', { retryAfter: 1 })
  }
  const metrics = createMetrics()
  const requests = metrics.counter('unspoof_http_requests_total', 'Answers by route and status.')
  const errors = metrics.counter('unspoof_errors_total', 'Errors by code.')
  const duration = metrics.histogram('unspoof_check_seconds', 'Time from a request for a check to its answer.', SECONDS)
  const sessions =
    options.sessions === undefined
      ? undefined
      : await createSessionRoutes(
          { checkSequence: async (frames, sequence) => loaded().checkSequence(frames, sequence) },
          { ...options.sessions, onError: ({ code }) => errors.add({ code }) },
        )
  const starting = options.startPool().then((started) => {
    pool = observeLiveness(started, { metrics })
    return started
  })
  // The caller hears of it through `ready`.
  starting.catch(() => {})
  const admission = createAdmission()
  const guard = createRequestGuard<IncomingMessage>(
    resolveHttpOptions({
      admission,
      // Who may name clients is whoever may start sessions; anybody else could spend another's share.
      clientKey: (req) => (sessions?.isAllowed(req) === true ? sessions.clientOf(req) : undefined),
      required: true,
      limits: options.limits,
      liveness: { check: async (input, checkOptions) => loaded().check(input, checkOptions) },
    }),
  )

  metrics.gauge('unspoof_upload_bytes', 'Bytes of bodies held in memory.', () => admission.load.bytes)
  metrics.gauge('process_resident_memory_bytes', 'Memory of the process.', () => process.memoryUsage.rss())
  const delay = monitorEventLoopDelay({ resolution: 10 })
  delay.enable()
  metrics.gauge(
    'unspoof_event_loop_delay_p99_seconds',
    'How long the event loop was held up, since the last look.',
    () => {
      const p99 = delay.percentile(99) / 1e9
      delay.reset()
      return Number.isFinite(p99) ? p99 : 0
    },
  )

  async function check(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const requestId = requestIdOf(req)
    const upload = nodeUploadRequest(req, res, {})
    const outcome = await guard.check({ ...upload, original: req, requiredHere: true, requestId })
    if (!outcome.passed && outcome.error !== undefined) errors.add({ code: outcome.error.code })
    if (upload.signal?.aborted) return
    closeAfterAnswer(req, res)
    if (outcome.passed) {
      const { verdict, code, hint } = outcome.liveness
      send(
        res,
        200,
        { verdict, code, reasons: outcome.liveness.reasons.map((r) => r.code), hint },
        { 'cache-control': 'no-store', 'x-request-id': requestId },
      )
    } else send(res, outcome.status, outcome.body, outcome.headers)
  }

  function sendMetrics(_: IncomingMessage, res: ServerResponse): void {
    res.writeHead(200, { 'content-type': METRICS_CONTENT_TYPE, 'cache-control': 'no-store' })
    res.end(metrics.render())
  }

  async function session(req: IncomingMessage, res: ServerResponse): Promise<void> {
    await sessions!.handle(req, res)
  }

  async function unreadyReason(): Promise<(typeof UNREADY_REASONS)[number] | undefined> {
    if (draining) return 'stopping'
    if (pool?.health().ready !== true) return 'models'
    return sessions === undefined || (await sessions.isStoreReady()) ? undefined : 'redis'
  }

  const openApi = openApiDocument({ metrics: options.metricsHere, sessions: sessions !== undefined })
  const routes: Readonly<Record<string, Route>> = {
    '/v1/check': { method: 'POST', run: check },
    ...(sessions === undefined
      ? {}
      : {
          '/v1/sessions': { method: 'POST', run: session, guarded: true },
          '/v1/sessions/{id}/commits': { method: 'POST', run: session, guarded: true },
          '/v1/sessions/{id}/frames': { method: 'POST', run: session, guarded: true },
          '/v1/sessions/{id}/result': { method: 'GET', run: session, guarded: true },
          '/.well-known/jwks.json': { method: 'GET', run: (_, res) => send(res, 200, sessions.publicKeys) },
        }),
    '/livez': { method: 'GET', run: (_, res) => send(res, 200, { status: 'ok' }) },
    '/readyz': {
      method: 'GET',
      run: async (_, res) => {
        const reason = await unreadyReason()
        if (reason === undefined) send(res, 200, { status: 'ok' })
        else send(res, 503, { status: 'unavailable', reason })
      },
    },
    ...(options.metricsHere ? { '/metrics': { method: 'GET', run: sendMetrics } } : {}),
    '/openapi.json': { method: 'GET', run: (_, res) => send(res, 200, openApi) },
  }
  const patterns = Object.keys(routes).map((template) => ({
    template,
    pattern: new RegExp(`^${template.replaceAll('.', '\\.').replaceAll('{id}', '[^/]+')}$`),
  }))

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const began = performance.now()
    const path = (req.url ?? '/').split('?', 1)[0]!
    // A path nobody knows is one label, whatever the client made up; an id is none.
    const label = patterns.find(({ pattern }) => pattern.test(path))?.template ?? 'unknown'
    const route = routes[label]
    inFlight++
    res.once('close', () => {
      inFlight--
      const seconds = (performance.now() - began) / 1000
      requests.add({ route: label, status: res.writableFinished ? String(res.statusCode) : 'aborted' })
      if (route?.run === check) duration.observe({}, seconds)
      options.log?.({
        route: label,
        status: res.writableFinished ? res.statusCode : null,
        ms: Math.round(seconds * 1000),
      })
    })
    res.setHeader('x-content-type-options', 'nosniff')
    if (draining) {
      res.setHeader('connection', 'close')
      if (path !== '/livez' && path !== '/readyz') {
        sendError(req, res, new LivenessError('SHUTTING_DOWN', 'The server is stopping.', { retryAfter: 1 }))
        return
      }
    }
    if (route === undefined) {
      sendPlainError(req, res, 404, 'NOT_FOUND', 'There is nothing at this path.')
    } else if (req.method !== route.method && !(req.method === 'HEAD' && route.method === 'GET')) {
      res.setHeader('allow', route.method)
      sendPlainError(req, res, 405, 'METHOD_NOT_ALLOWED', `Use ${route.method} for this path.`)
    } else if (route.guarded === true && sessions?.isAllowed(req) !== true) {
      res.setHeader('www-authenticate', 'Bearer')
      sendPlainError(req, res, 401, 'UNAUTHORIZED', 'Expected the backend key as bearer token.')
    } else await route.run(req, res)
  }

  const server = createServer(TIMEOUTS, (req, res) => {
    handle(req, res).catch((error: unknown) => {
      if (!res.headersSent) sendError(req, res, error)
      else res.destroy()
    })
  })
  server.maxConnections = options.maxConnections
  refuseEarly(server, Math.max(options.limits?.bodyBytes ?? 0, DEFAULT_LIMITS.bodyBytes))
  const metricsServer = createServer(TIMEOUTS, (req, res) => {
    if (req.method === 'GET' && req.url === '/metrics') sendMetrics(req, res)
    else sendPlainError(req, res, 404, 'NOT_FOUND', 'There is nothing at this path.')
  })

  return {
    server,
    metricsServer,
    ready: starting.then(() => undefined),
    async drain() {
      draining = true
      const deadline = performance.now() + options.drainMs
      // Until it is quiet, not just empty: requests on their way shall hear the 503, not a closed door.
      for (
        let quiet = 0;
        quiet < QUIET_MS && performance.now() < deadline;
        quiet = inFlight > 0 ? 0 : quiet + POLL_MS
      ) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      }
      delay.disable()
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      setTimeout(() => server.closeAllConnections(), 200).unref()
      await closed
      metricsServer.close()
      metricsServer.closeAllConnections()
      const started = await starting.catch(() => undefined)
      await started?.close()
      await sessions?.close()
    },
  }
}

function send(res: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  const text = JSON.stringify(body)
  res.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers })
  res.end(text)
}

/** Errors of the check have their one table; whatever else was thrown is a 503 that tells nothing. */
function sendError(req: IncomingMessage, res: ServerResponse, error: unknown): void {
  const { status, headers, body } = rejection(error, requestIdOf(req))
  closeAfterAnswer(req, res)
  send(res, status, body, headers)
}

/** Errors of HTTP itself, in the same shape. */
function sendPlainError(
  req: IncomingMessage,
  res: ServerResponse,
  status: number,
  code: string,
  message: string,
): void {
  const hint = 'See /openapi.json for the paths, methods and keys.'
  closeAfterAnswer(req, res)
  send(res, status, { error: { code, message, hint, help: '/openapi.json', requestId: requestIdOf(req) } })
}
