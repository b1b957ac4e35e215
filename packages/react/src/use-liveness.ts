/** useLiveness(): the check in front of a camera as a headless hook. All state lives in @unspoof/web's flow; this subscribes. */
import type { CameraDevice, FlowResult, FlowState, FlowStatus, HintCode, LivenessError } from '@unspoof/web'
import { en, type LivenessStrings } from '@unspoof/web/strings'
import { hintOfState, isBusy } from '@unspoof/web/ui'
import { type RefCallback, useMemo, useSyncExternalStore } from 'react'
import { type UseFlowOptions, useFlow } from './use-flow.ts'

/** `camera` is read once, when the component mounts; everything else takes effect at the next start. */
export interface UseLivenessOptions extends UseFlowOptions {
  /** The language of `hint`. @default English */
  readonly strings?: LivenessStrings
}

/** What is there in every status. */
export interface LivenessBase {
  /** Put it on a `<video>`: `<video ref={videoRef} />`. */
  readonly videoRef: RefCallback<HTMLVideoElement>
  /** What the person should do now, as a sentence; empty where there is nothing to say. */
  readonly hint: string
  readonly hintCode: HintCode | undefined
  /** 0..1 */
  readonly progress: number
  /** Session mode, while the person is to move. */
  readonly challenge: FlowState['challenge']
  /** The camera is on or about to be. */
  readonly isBusy: boolean
  /** Session mode: why there is no guidance; the server judges all the same. */
  readonly warning: LivenessError | undefined
  readonly devices: readonly CameraDevice[]
  readonly deviceId: string | undefined
  /** True where the preview should be mirrored, by CSS. */
  readonly mirrored: boolean
  /** Opens the camera and checks. Call it from a click or tap. Never rejects: see `status` and `error`. */
  readonly start: () => void
  /** Releases the camera at once. */
  readonly stop: () => void
  /** The same as start(), for the button after a result or an error. */
  readonly retry: () => void
  /** Another camera: by id, or the other way round without one. */
  readonly switchCamera: (deviceId?: string) => void
}

/** `status` tells what is there: `result` where it is `done`, `error` where it is `failed`. */
export type UseLivenessResult = LivenessBase & (UnderWay | Done | Failed)

interface UnderWay {
  readonly status: Exclude<FlowStatus, 'done' | 'failed'>
  readonly isLive: false
  readonly result?: undefined
  readonly token?: undefined
  readonly error?: undefined
}

interface Done {
  readonly status: 'done'
  /** The verdict is `live`. Without a session it was made in the page and proves nothing to a server. */
  readonly isLive: boolean
  readonly result: FlowResult
  /** The server's token: there exactly where a server answered `live`. */
  readonly token: string | undefined
  readonly error?: undefined
}

interface Failed {
  readonly status: 'failed'
  readonly isLive: false
  readonly result?: undefined
  readonly token?: undefined
  readonly error: LivenessError
}

/**
 * @example
 * const { videoRef, status, hint, start } = useLiveness({ session: '/liveness/sessions' })
 */
export function useLiveness(options: UseLivenessOptions = {}): UseLivenessResult {
  const { strings = en, ...flowOptions } = options
  const flow = useFlow(flowOptions)
  const state = useSyncExternalStore(flow.subscribe, flow.getSnapshot, flow.getSnapshot)
  const actions = useMemo(
    () => ({
      videoRef: (element: HTMLVideoElement | null) => flow.attach(element),
      start: () => void flow.start(),
      retry: () => void flow.start(),
      stop: () => flow.stop(),
      switchCamera: (deviceId?: string) => flow.switchCamera(deviceId),
    }),
    [flow],
  )
  return {
    ...actions,
    ...outcomeOf(state),
    hint: hintOfState(state, strings),
    hintCode: state.hint ?? state.result?.reasons[0],
    progress: state.progress,
    challenge: state.challenge,
    isBusy: isBusy(state.status),
    warning: state.warning,
    devices: state.camera.devices,
    deviceId: state.camera.deviceId,
    mirrored: state.camera.mirrored,
  }
}

function outcomeOf({ status, result, error }: FlowState): UnderWay | Done | Failed {
  if (status === 'done') return { status, isLive: result!.verdict === 'live', result: result!, token: result!.token }
  if (status === 'failed') return { status, isLive: false, error: error! }
  return { status, isLive: false }
}
