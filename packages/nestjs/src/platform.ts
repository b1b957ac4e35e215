/** What differs between Nest on Express and Nest on Fastify. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AbstractHttpAdapter } from '@nestjs/core'
import { addBodyParsers, type ContentTypeParserHost } from '@unspoof/http'

/** The platform's request and response, and Node's behind them. */
export interface PlatformExchange {
  readonly request: object
  readonly response: object
  readonly rawRequest: IncomingMessage
  readonly rawResponse: ServerResponse
}

/** Fastify keeps Node's objects in `raw`; Express' own objects are Node's. */
export function exchangeOf(request: object, response: object): PlatformExchange {
  return {
    request,
    response,
    rawRequest: (request as { raw?: IncomingMessage }).raw ?? (request as IncomingMessage),
    rawResponse: (response as { raw?: ServerResponse }).raw ?? (response as ServerResponse),
  }
}

const prepared = new WeakSet<object>()

/**
 * Fastify answers 415 to a multipart or picture body before any guard runs, unless a parser is registered. Called while the
 * application starts, when parsers can still be added.
 */
export function acceptUploads(adapter: AbstractHttpAdapter | undefined): void {
  if (adapter?.getType() !== 'fastify') return
  const instance = adapter.getInstance() as ContentTypeParserHost
  if (prepared.has(instance)) return
  prepared.add(instance)
  addBodyParsers(instance)
}
