/** createSessions(): starts sessions, takes commits, judges what is submitted once, and keeps the result for the backend. */

import type { CommitAnswer, StartedSession, SubmitAnswer } from '@unspoof/core/protocol'
import { MAX_MOVED } from './challenge/plan.ts'
import { commitStep } from './commit.ts'
import { createContext } from './context.ts'
import type { Attempter } from './limits/attempts.ts'
import { resolveSessionsOptions, type SessionsOptions } from './options.ts'
import { type ResultOptions, readResult, type SessionResult } from './result.ts'
import { type CreateSessionOptions, startSession } from './start.ts'
import { findReady, type Submission, type SubmitOptions, submitFrames } from './submit.ts'
import { noteIssuer } from './token/issue.ts'

/** Sessions over one store. Share it; any number of calls may run at once. */
export interface Sessions {
  /** What a body may weigh, for whoever reads it. */
  readonly limits: { readonly maxFrameBytes: number; readonly maxTotalBytes: number; readonly maxFrames: number }
  /**
   * Starts a session. An earlier one of the same account that is still open is over.
   * @throws LivenessError ATTEMPTS_EXCEEDED, STORE_UNAVAILABLE
   */
  create(options: CreateSessionOptions): Promise<StartedSession>
  /**
   * Takes the digests of one step's frames and tells the next movement. The first commit counts as a failed attempt until the session
   * passes.
   * @param body the client's parsed JSON, unchecked
   * @throws LivenessError PROTOCOL_VERSION, INPUT_INVALID, TOO_MANY_PARTS, FRAMES_INVALID; SESSION_UNKNOWN, SESSION_USED,
   * SESSION_EXPIRED, NONCE_MISMATCH, ATTEMPTS_EXCEEDED, STORE_UNAVAILABLE
   */
  commit(id: string, body: unknown, options: Attempter): Promise<CommitAnswer>
  /**
   * Whether frames may be submitted now, before their bytes are read.
   * @throws LivenessError SESSION_UNKNOWN, SESSION_USED, SESSION_EXPIRED, FRAMES_INVALID, ATTEMPTS_EXCEEDED, STORE_UNAVAILABLE
   */
  ready(id: string, options: Attempter): Promise<void>
  /**
   * Judges the frames. A session is judged once; a verdict uses it up.
   * @throws LivenessError what {@link ready} throws; PROTOCOL_VERSION, INPUT_INVALID, BODY_TOO_LARGE, IMAGE_TYPE, NONCE_MISMATCH before
   * anything is used up; IMAGE_CORRUPT, IMAGE_TOO_LARGE, FRAMES_INVALID; STORE_UNAVAILABLE and the model's failures. After OVERLOADED and
   * SHUTTING_DOWN the same frames may be submitted again.
   */
  submit(id: string, submission: Submission, options: SubmitOptions): Promise<SubmitAnswer>
  /** @throws LivenessError SESSION_UNKNOWN, SESSION_PENDING, SESSION_EXPIRED, SESSION_USED (read before, or its token was used), STORE_UNAVAILABLE */
  result(id: string, options: ResultOptions): Promise<SessionResult>
}

/**
 * @throws LivenessError OPTION_INVALID
 * @example
 * const landmarker = await createFaceLandmarker()
 * const sessions = createSessions({ liveness: await createLivenessPool(), decode: decodeImage, landmarker })
 */
export function createSessions(options: SessionsOptions): Sessions {
  const resolved = resolveSessionsOptions(options)
  const context = createContext(resolved)
  const { maxFrameBytes, maxTotalBytes, holdFrames } = resolved.capture
  if (resolved.signer !== undefined) noteIssuer(resolved.store)
  return {
    limits: { maxFrameBytes, maxTotalBytes, maxFrames: holdFrames + MAX_MOVED },
    create: (start) => startSession(context, start),
    commit: (id, body, who) => commitStep(context, id, body, who),
    ready: async (id, who) => void (await findReady(context, id, who)),
    submit: (id, submission, who) => submitFrames(context, id, submission, who),
    result: (id, who) => readResult(context, id, who),
  }
}
