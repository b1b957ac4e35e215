/** The entry point of the browser package. */

// What a page needs of the core
export {
  type CheckOptions,
  type ClientResult,
  ERROR_CODES,
  type ErrorCode,
  type Face,
  isLivenessError,
  type Liveness,
  LivenessError,
  type LivenessResult,
  REASONS,
  type Reason,
  type ReasonCode,
  type SequenceOptions,
  type SequenceResult,
  type Verdict,
} from '@unspoof/core'
// Camera
export * from './camera/camera.ts'
export type { CameraDevice, Facing } from './camera/devices.ts'
export { showStream, type VideoFramesOptions, videoFrames } from './camera/frames.ts'
// Liveness
export type { Diagnostics } from './diagnostics.ts'
// Camera, models and server together
export * from './flow/flow.ts'
export { LOCAL_DEFAULTS, type LocalOptions } from './flow/local.ts'
export * from './flow/state.ts'
export type { WebInput } from './input.ts'
export * from './liveness.ts'
// Sessions
export * from './session-client.ts'
// Photos
export * from './shrink.ts'
export { VERSION } from './version.ts'
