/** The part of OpenTelemetry's API that is used here; `trace.getTracer(...)` of @opentelemetry/api is one. */

export type SpanAttributes = Record<string, string | number | boolean | string[]>

export interface SpanOptions {
  attributes?: SpanAttributes
  /** Milliseconds since 1970. */
  startTime?: number
}

export interface Span {
  setAttributes(attributes: SpanAttributes): unknown
  /** 2 is ERROR. */
  setStatus(status: { code: number; message?: string }): unknown
  /** @param endTime milliseconds since 1970 */
  end(endTime?: number): void
}

export interface Tracer {
  startSpan(name: string, options?: SpanOptions): Span
  startActiveSpan<F extends (span: Span) => unknown>(name: string, options: SpanOptions, run: F): ReturnType<F>
}
