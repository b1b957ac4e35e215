/** Server sessions for face liveness: the entry point. */

// The wire format
export {
  type CaptureRequest,
  CHALLENGE_KINDS,
  type ChallengeKind,
  type CommitAnswer,
  type CommitRequest,
  type CommittedFrame,
  PROTOCOL_VERSION,
  type StartedSession,
  type StartRequest,
  type Step,
  type SubmissionMeta,
  type SubmitAnswer,
  type TrackInfo,
} from '@unspoof/core/protocol'
// Depth
export { type DepthFrame, depthFrame } from './depth/depth-frame.ts'
export {
  DEPTH_BOUNDS,
  type Depth,
  type DepthCue,
  type DepthStep,
  type DepthVerdict,
  measureDepth,
  measureSessionDepth,
} from './depth/measure-depth.ts'
// Over HTTP
export * from './http/handler.ts'
export { type NodeRequest, type NodeResponse, toNodeHandler } from './http/node.ts'
// Injection signals, limits
export {
  INJECTION_SIGNALS,
  type InjectionReport,
  type InjectionSignal,
  type InjectionSignalId,
} from './injection/signals.ts'
export { ATTEMPT_DEFAULTS, type Attempter, type AttemptLimits } from './limits/attempts.ts'
export {
  CAPTURE_DEFAULTS,
  CAPTURE_RANGES,
  type CaptureOptions,
  FRAME_SIDE,
  type ReferenceImage,
  SESSION_DEFAULTS,
  SESSION_RANGES,
  type SessionLiveness,
  type SessionsOptions,
} from './options.ts'
export type { ReferenceFrame, ResultRecord } from './records.ts'
export type { ResultOptions, SessionResult } from './result.ts'
// Sessions
export { createSessions, type Sessions } from './sessions.ts'
export type { CreateSessionOptions } from './start.ts'
// Stores
export { createMemoryStore, MEMORY_STORE_DEFAULTS, type MemoryStoreOptions } from './store/memory.ts'
export type { Count, Store, StoredValue } from './store/store.ts'
export type { Submission, SubmitOptions } from './submit.ts'
// Tokens
export { type LivenessClaims, MAX_TOKEN_SECONDS, TOKEN_TYPE, type TokenAlgorithm } from './token/claims.ts'
export {
  createTokenSigner,
  generateTokenKeys,
  SIGNER_DEFAULTS,
  type TokenSigner,
  type TokenSignerOptions,
} from './token/signer.ts'
export {
  createTokenVerifier,
  type TokenVerifier,
  type TokenVerifierOptions,
  type VerifyTokenOptions,
} from './token/verifier.ts'
