/** What the adapters for web frameworks share, and handlers from Request to Response. */
export { type Admission, type AdmissionOptions, createAdmission, type Ticket } from './admission/admission.ts'
export { type ImageSelection, imagesOf } from './body/images.ts'
export { DEFAULT_LIMITS, LIMIT_RANGES, resolveLimits, type UploadLimits } from './body/limits.ts'
export type { MultipartForm } from './body/multipart.ts'
export { type ParsedRequest, type ParsedState, parsedState } from './body/parsed.ts'
export { type ReadUploadOptions, readUpload, type UploadRequest } from './body/read-upload.ts'
export type { Fields, Upload, UploadBody } from './body/upload.ts'
export { type ReadFormOptions, readBytes, readForm } from './body/web-body.ts'
export { closeDefaultLiveness, defaultLiveness, livenessSource } from './default-liveness.ts'
export type { ResultEvent } from './events.ts'
export { addBodyParsers, type ContentTypeParserHost } from './fastify-parsers.ts'
export {
  createRequestGuard,
  type GuardRequest,
  type Outcome,
  type Passed,
  type Rejection,
  type RequestGuard,
  rejection,
} from './guard.ts'
export { closeAfterAnswer, nodeUploadRequest, refuseEarly, requestIdOf } from './node-request.ts'
export {
  type ClientKeys,
  HTTP_OPTION_KEYS,
  type HttpLiveness,
  type HttpLivenessOptions,
  mergeOptions,
  type ResolvedHttpOptions,
  resolveHttpOptions,
} from './options.ts'
export { applyOutcome, bodyRead, type Exchange } from './outcome.ts'
export {
  assertLiveResult,
  type CheckedImage,
  notChecked,
  type RequestLiveness,
  verdictError,
} from './request-liveness.ts'
export { type HttpAnswer, toHttpResponse } from './response.ts'
export { readToken, type SessionOptions, TOKEN_HEADERS, type TokenVerifier, type VerifiedToken } from './token.ts'
export { checkRequest, type LivenessHandler, livenessHandler, type WebOutcome } from './web.ts'
