/** The entry point of @unspoof/node: the core, with what Node adds. */

// The pipeline, without the core's own createLiveness: here it brings models, runtime and decoder.
export {
  type CheckOptions,
  type ClientResult,
  createFrame,
  type DecodedImage,
  type ErrorCode,
  type Face,
  type FaceDetector,
  type FaceLandmarker,
  type FaceLandmarks,
  type FaceResult,
  type Frame,
  isLivenessError,
  type Liveness,
  LivenessError,
  type LivenessResult,
  type ModelSource,
  type Reason,
  type ReasonCode,
  type SequenceOptions,
  type SequenceResult,
  toClientResult,
  toErrorShape,
  type Verdict,
} from '@unspoof/core'
// Models
export { folderSource } from '@unspoof/models'
export type { Diagnostics } from './diagnostics.ts'
// Pictures
export { type DecodeOptions, decodeImage } from './image/decode.ts'
export { DEFAULT_LIMITS, type ImageLimits, LIMIT_RANGES, resolveLimits } from './image/limits.ts'
export type { NodeInput } from './input/read.ts'
export { createFaceLandmarker } from './landmarker.ts'
export { createLiveness, type NodeLiveness } from './liveness.ts'
export type { ModelChoice, ModelMember, NodeLivenessOptions } from './options.ts'
// Servers
export {
  createLivenessPool,
  type LivenessPool,
  type LivenessPoolOptions,
  POOL_DEFAULTS,
  POOL_RANGES,
} from './pool/liveness-pool.ts'
export type { PoolHealth } from './pool/worker-pool.ts'
// The runtime
export type { Ort } from './runtime/ort.ts'
export {
  createNodeRuntime,
  type NodeRuntime,
  type NodeRuntimeOptions,
  type RuntimeChoice,
  type RuntimeDescription,
} from './runtime/runtime.ts'
export { disableTelemetry } from './runtime/telemetry.ts'
export { DEFAULT_THREADS, THREADS_RANGE } from './runtime/threads.ts'
