/** The public door of @unspoof/node. */
export { type DecodeOptions, decodeImage } from './image/decode.ts'
export { DEFAULT_LIMITS, type ImageLimits, LIMIT_RANGES, resolveLimits } from './image/limits.ts'
export type { NodeInput } from './input/read.ts'
export { createNodeRuntime, type NodeRuntimeOptions } from './runtime/runtime.ts'
export { disableTelemetry } from './runtime/telemetry.ts'
