/** The entry point of @unspoof/node/observe: spans and metrics for any liveness check, without a dependency. */
export {
  type Counter,
  createMetrics,
  type Histogram,
  type Labels,
  METRICS_CONTENT_TYPE,
  type Metrics,
} from './metrics.ts'
export { type ObserveOptions, observeLiveness } from './observe.ts'
export type { Span, SpanAttributes, SpanOptions, Tracer } from './tracer.ts'
