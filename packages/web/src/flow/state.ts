/** What a person who looks into the camera can be in the middle of. */
import type { ClientResult, LivenessError, ReasonCode, SequenceResult } from '@unspoof/core'
import type { CameraState } from '../camera/camera.ts'
import type { ChallengeKind } from '../session-client.ts'

export type FlowStatus =
  /** Nothing is open. */
  | 'idle'
  /** Waiting for the permission, the camera, the models and the server. */
  | 'starting'
  /** Frames are looked at; `hint` says what to do. */
  | 'checking'
  /** Session mode: the frames for the server are taken. */
  | 'capturing'
  /** Session mode: the server judges. */
  | 'submitting'
  /** `result` is there; the camera is off. */
  | 'done'
  /** `error` is there; the camera is off. */
  | 'failed'
  /** The page is hidden: the camera is off until it is shown again. */
  | 'paused'

/** What the person should do, as a code to show a sentence for. */
export type HintCode =
  | ReasonCode
  | Exclude<ChallengeKind, 'none'>
  | 'allow-camera'
  | 'loading'
  | 'centre-face'
  | 'hold-still'
  | 'submitting'

export interface FlowResult extends ClientResult {
  /** Who judged: a local verdict guides the person, only the server's lets them in. */
  readonly source: 'local' | 'server'
  /** Session mode: the signed result for the application's own request, where the verdict is `live`. */
  readonly token?: string
  /** Local mode: everything that was measured. */
  readonly sequence?: SequenceResult
}

export interface FlowState {
  readonly status: FlowStatus
  readonly hint: HintCode | undefined
  /** 0..1 */
  readonly progress: number
  readonly result: FlowResult | undefined
  readonly error: LivenessError | undefined
  /** Session mode, while the challenge is to be shown. */
  readonly challenge: Exclude<ChallengeKind, 'none'> | undefined
  readonly camera: CameraState
  /** Session mode: why there is no guidance (models could not be loaded, or broke off); the server judges all the same. */
  readonly warning: LivenessError | undefined
}
