/** The entry point of @unspoof/client. */
export type { components, operations, paths } from './api.ts'
export {
  CLIENT_DEFAULTS,
  type ClientOptions,
  createLivenessClient,
  type ForwardedFrames,
  type LivenessClient,
  type Person,
  type PublicKeys,
  type RequestOptions,
  type SessionFrames,
  type SessionResult,
  type SessionVerdict,
  type StartedSession,
  type Verdict,
} from './client.ts'
