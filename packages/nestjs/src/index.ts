/** The entry point of @unspoof/nestjs. */

// What applications need of the shared half, so that one package is enough.
export { type ClientResult, isLivenessError, LivenessError, type LivenessResult } from '@unspoof/core'
export {
  type Admission,
  type AdmissionOptions,
  createAdmission,
  type Rejection,
  type RequestLiveness,
  type SessionOptions,
  type TokenVerifier,
  toHttpResponse,
  type Upload,
  type UploadLimits,
  type VerifiedToken,
} from '@unspoof/http'
export { Liveness, LivenessOptions, SkipLiveness } from './decorators.ts'
export { LivenessException } from './exception.ts'
export { LivenessGuard } from './guard.ts'
export { LivenessModule } from './module.ts'
export type {
  LivenessModuleAsyncOptions,
  LivenessModuleOptions,
  LivenessOptionsFactory,
  LivenessRouteOptions,
} from './options.ts'
export type { PlatformExchange } from './platform.ts'
export { LivenessService } from './service.ts'
export { LIVENESS_MODULE_OPTIONS } from './tokens.ts'
