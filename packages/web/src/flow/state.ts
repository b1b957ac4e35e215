/** What a person who looks into the camera can be in the middle of. */
import type { ClientResult, LivenessError, ReasonCode, SequenceResult } from '@unspoof/core'
import type { CameraState } from '../camera/camera.ts'
import type { ChallengeKind } from '../session-client.ts'
import type { Placement } from './placement.ts'

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
  | ChallengeKind
  | 'allow-camera'
  | 'loading'
  | 'centre-face'
  | 'hold-still'
  /** The camera is covered, or the room is dark. */
  | 'image-dark'
  | 'moving'
  /** The device stalled, so the same check begins again. */
  | 'restarting'
  | 'submitting'

export interface FlowResult extends ClientResult {
  /** Who judged: a local verdict guides the person, only the server's lets them in. */
  readonly source: 'local' | 'server'
  /** Session mode: the signed result for the application's own request, where the verdict is `live`. */
  readonly token?: string
  /** Local mode: everything that was measured. */
  readonly sequence?: SequenceResult
}

/** Session mode: what the person is asked to do now, and how far it has come. */
export interface FlowStep {
  /** `hold` is looking straight ahead, before the first movement. Left and right are the person's own. */
  readonly kind: 'hold' | ChallengeKind
  /** 0 for `hold`, then the number of the movement. */
  readonly index: number
  /** How many movements there are; undefined until the first is told. */
  readonly of: number | undefined
  /** `reach`: the position is not reached yet. `stay`: it is, and the last frames are taken. */
  readonly phase: 'reach' | 'stay'
  /** 0..1: how far the movement has come, by the landmarks of the latest frame; without models in the page, the share of frames taken. */
  readonly progress: number
  /** 0..1: share of this step's frames that are taken. */
  readonly taken: number
  /** Milliseconds left for this step when the state was made. */
  readonly timeLeftMs: number
}

export interface FlowState {
  readonly status: FlowStatus
  readonly hint: HintCode | undefined
  /** 0..1 */
  readonly progress: number
  readonly result: FlowResult | undefined
  readonly error: LivenessError | undefined
  /** Session mode, while the challenge is to be shown. */
  readonly challenge: ChallengeKind | undefined
  /** Session mode, while frames for the server are taken. */
  readonly step: FlowStep | undefined
  /** Where the face is in the oval, while a face is looked for; undefined where the interface draws none. */
  readonly placement: Placement | undefined
  readonly camera: CameraState
  /** Session mode: why there is no guidance (models could not be loaded, or broke off); the server judges all the same. */
  readonly warning: LivenessError | undefined
}
