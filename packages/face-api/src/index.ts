/** The entry point of the face-api.js bridge. */
export { type CheckOptions, isLivenessError, type Liveness, LivenessError, type LivenessResult } from '@unspoof/core'
export { createLiveness, type WebLiveness, type WebLivenessOptions } from '@unspoof/web'
export * from './results.ts'
export { type OneFace, type WithLiveness, type WithLivenessOptions, withLiveness } from './with-liveness.ts'
