/** The entry point of @unspoof/express. */

// What applications need of the shared half, so that one package is enough.
export { type ClientResult, isLivenessError, LivenessError, type LivenessResult } from '@unspoof/core'
export {
  type Admission,
  type AdmissionOptions,
  closeDefaultLiveness,
  createAdmission,
  type Rejection,
  type RequestLiveness,
  refuseEarly,
  type SessionOptions,
  type TokenVerifier,
  toHttpResponse,
  type Upload,
  type UploadLimits,
  type VerifiedToken,
} from '@unspoof/http'
export { assertLive } from './assert-live.ts'
export { type LivenessMiddleware, type LivenessMiddlewareOptions, livenessMiddleware } from './middleware.ts'
