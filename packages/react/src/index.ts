'use client'
/** The entry point of the React package. */
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
export { en, type LivenessStrings } from '@unspoof/web/strings'
export { LivenessCamera, type LivenessCameraHandle, type LivenessCameraProps } from './liveness-camera.tsx'
export { LivenessAnnouncer, type LivenessAnnouncerProps, LivenessVideo, type LivenessVideoProps } from './parts.tsx'
export { type LivenessBase, type UseLivenessOptions, type UseLivenessResult, useLiveness } from './use-liveness.ts'
