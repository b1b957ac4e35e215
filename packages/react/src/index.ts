'use client'
/** The public door of the React package. */
export type {
  CameraDevice,
  CameraOptions,
  Diagnostics,
  ErrorCode,
  FlowResult,
  FlowStatus,
  HintCode,
  SessionClientOptions,
  WebLiveness,
  WebLivenessOptions,
} from '@unspoof/web'
export { createLiveness, isLivenessError, LivenessError } from '@unspoof/web'
export { LivenessCamera, type LivenessCameraProps } from './liveness-camera.tsx'
export { LivenessAnnouncer, type LivenessAnnouncerProps, LivenessVideo, type LivenessVideoProps } from './parts.tsx'
export { en } from './strings/en.ts'
export type { LivenessStrings } from './strings/strings.ts'
export { type UseLivenessOptions, type UseLivenessResult, useLiveness } from './use-liveness.ts'
