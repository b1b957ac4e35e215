/** LivenessGuard: only a live face gets through. */
import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  type OnModuleInit,
  Optional,
} from '@nestjs/common'
import { HttpAdapterHost, Reflector } from '@nestjs/core'
import { LivenessError } from '@unspoof/core'
import {
  applyOutcome,
  createRequestGuard,
  mergeOptions,
  type Rejection,
  type RequestGuard,
  type RequestLiveness,
  rejection,
  resolveHttpOptions,
} from '@unspoof/http'
import { LivenessException } from './exception.ts'
import type { LivenessRouteOptions, PlatformRequest } from './options.ts'
import { acceptUploads, exchangeOf, type PlatformExchange } from './platform.ts'
import { LivenessService } from './service.ts'
import { ROUTE_OPTIONS, SKIP } from './tokens.ts'

/**
 * Requires a picture of a live face (or a session token) and puts the result on `request.liveness`. Reads uploads by itself,
 * because guards run before interceptors; `FileInterceptor` finds the files again. Works without {@link LivenessModule},
 * with default options.
 *
 * Subclasses may override the protected steps. Each of them can only refuse: a request passes by `live`, by
 * `required: false`, or by {@link shouldSkip}.
 */
@Injectable()
export class LivenessGuard implements CanActivate, OnModuleInit {
  readonly #service: LivenessService
  readonly #reflector: Reflector
  readonly #adapterHost: HttpAdapterHost | undefined
  /** One guard of the shared half for each set of route options. */
  readonly #guards = new WeakMap<object, RequestGuard<PlatformRequest>>()

  constructor(
    @Inject(Reflector) reflector: Reflector,
    @Optional() @Inject(HttpAdapterHost) adapterHost?: HttpAdapterHost,
    @Optional() @Inject(LivenessService) service?: LivenessService,
  ) {
    this.#reflector = reflector
    this.#adapterHost = adapterHost
    this.#service = service ?? new LivenessService()
  }

  onModuleInit(): void {
    acceptUploads(this.#adapterHost?.httpAdapter)
  }

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (await this.shouldSkip(context)) return true
    const exchange = this.getExchange(context)
    const { rawResponse } = exchange
    const outcome = await applyOutcome<PlatformRequest>(this.#guardFor(this.getRouteOptions(context)), {
      ...exchange,
      requiredHere: true,
      setResult: (result) => this.setResult(exchange, result),
    })
    if (outcome === undefined) return false
    if (outcome.passed) return true
    for (const [name, value] of Object.entries(outcome.headers)) {
      if (!rawResponse.headersSent) this.#adapterHost?.httpAdapter.setHeader(exchange.response, name, value)
    }
    await this.reject(context, outcome)
    return false
  }

  /** Whether this route is not checked at all. @default what `@SkipLiveness()` says */
  protected shouldSkip(context: ExecutionContext): boolean | Promise<boolean> {
    return (
      this.#reflector.getAllAndOverride<boolean | undefined>(SKIP, [context.getHandler(), context.getClass()]) === true
    )
  }

  /** The options of this route. @default what `@LivenessOptions()` says, the route's over the controller's */
  protected getRouteOptions(context: ExecutionContext): LivenessRouteOptions | undefined {
    return this.#reflector.getAllAndOverride<LivenessRouteOptions | undefined>(ROUTE_OPTIONS, [
      context.getHandler(),
      context.getClass(),
    ])
  }

  /** Where request and response are; override it for GraphQL. */
  protected getExchange(context: ExecutionContext): PlatformExchange {
    if (context.getType<string>() !== 'http') {
      throw new LivenessException(
        rejection(
          new LivenessError('NOT_CHECKED', 'Expected an HTTP request; override getExchange for other contexts.'),
        ),
      )
    }
    const http = context.switchToHttp()
    return exchangeOf(http.getRequest<object>(), http.getResponse<object>())
  }

  /** Keeps the result for the handler. @default `request.liveness` */
  protected setResult({ request }: PlatformExchange, result: RequestLiveness): void {
    ;(request as { liveness?: RequestLiveness }).liveness = result
  }

  /** Refuses the request by throwing; where an override does not, Nest answers 403. */
  protected reject(_context: ExecutionContext, refused: Rejection): void | Promise<void> {
    throw new LivenessException(refused)
  }

  #guardFor(routeOptions: LivenessRouteOptions | undefined): RequestGuard<PlatformRequest> {
    const key = routeOptions ?? this
    let guard = this.#guards.get(key)
    if (guard === undefined) {
      guard = createRequestGuard(resolveHttpOptions(mergeOptions(this.#service.options, routeOptions)))
      this.#guards.set(key, guard)
    }
    return guard
  }
}
