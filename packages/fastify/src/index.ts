/** Face liveness for Fastify. */
export { isLivenessError, LivenessError } from '@unspoof/core'
export {
  type AdmissionOptions,
  closeDefaultLiveness,
  createAdmission,
  type Rejection,
  type RequestLiveness,
  type ResultEvent,
  type SessionOptions,
  type Upload,
  type UploadLimits,
} from '@unspoof/http'
export type { LivenessPluginOptions, LivenessRouteOptions } from './options.ts'
export { assertLive, livenessPlugin, requireLive } from './plugin.ts'
