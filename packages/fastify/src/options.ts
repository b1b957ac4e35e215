/** Options of the plugin and of single routes. */
import type { HttpLivenessOptions, Rejection, RequestLiveness } from '@unspoof/http'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** Options of one route, in `config.liveness`; they win over the plugin's. */
export interface LivenessRouteOptions extends HttpLivenessOptions<FastifyRequest> {
  /**
   * Answers a refused request in your own way. Awaited. Where it sends nothing, the usual answer is sent: it cannot let a request pass.
   */
  readonly onReject?: (request: FastifyRequest, reply: FastifyReply, rejection: Rejection) => unknown
}

export interface LivenessPluginOptions extends LivenessRouteOptions {
  /**
   * True: every route of this context that takes a body is checked. Spoofs are refused; requests without an image are annotated as
   * `not-checked`. @default false: only routes with `config.liveness`
   */
  readonly global?: boolean
}

/** The options that are not those of every adapter. */
export const OWN_KEYS = ['onReject', 'global']

declare module 'fastify' {
  interface FastifyRequest {
    /** The verdict about this request's images. Undefined where no liveness check ran. */
    liveness?: RequestLiveness
  }
  interface FastifyContextConfig {
    /** `true` or options: an image is required and only `live` passes. `false`: not even with `global`. */
    liveness?: boolean | LivenessRouteOptions
  }
}
