/** useLiveness(): the check in front of a camera as a headless hook. All state lives in @unspoof/web's flow; this only subscribes. */
import {
  type CameraDevice,
  createLivenessFlow,
  type FlowResult,
  type FlowState,
  type FlowStatus,
  type HintCode,
  type LivenessError,
  type LivenessFlowOptions,
} from '@unspoof/web'
import { type RefCallback, useEffect, useMemo, useState, useSyncExternalStore } from 'react'
import { en } from './strings/en.ts'
import { errorText, hintText, type LivenessStrings } from './strings/strings.ts'

/** `camera` is read once, when the component mounts; everything else takes effect at the next start. */
export interface UseLivenessOptions extends LivenessFlowOptions {
  /** Starts when the component is shown. Browsers then ask for the camera without a click. @default false */
  readonly autoStart?: boolean
  /** Loads the models when the component is shown, so that the first start is quick. @default false */
  readonly preload?: boolean
  /** The language of `hint`. @default English */
  readonly strings?: LivenessStrings
}

export interface UseLivenessResult {
  /** Put it on a `<video>`: `<video ref={videoRef} />`. */
  readonly videoRef: RefCallback<HTMLVideoElement>
  readonly status: FlowStatus
  /** What the person should do now, as a sentence; empty where there is nothing to say. */
  readonly hint: string
  readonly hintCode: HintCode | undefined
  /** 0..1 */
  readonly progress: number
  /** Session mode, while the person is to move. */
  readonly challenge: FlowState['challenge']
  readonly result: FlowResult | undefined
  readonly error: LivenessError | undefined
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

/**
 * Safe under StrictMode, in server rendering (it does nothing there), in concurrent rendering, and when it unmounts while
 * the permission prompt is open: the camera is always released.
 */
export function useLiveness(options: UseLivenessOptions = {}): UseLivenessResult {
  const { autoStart = false, preload = false, strings = en, ...flowOptions } = options
  const [flow] = useState(() => createLivenessFlow(flowOptions))
  const state = useSyncExternalStore(flow.subscribe, flow.getSnapshot, flow.getSnapshot)

  // Every render, so that callbacks are always the latest.
  useEffect(() => flow.setOptions(flowOptions))
  useEffect(() => () => flow.stop(), [flow])
  useEffect(() => {
    if (preload) flow.preload()
  }, [flow, preload])
  useEffect(() => {
    if (!autoStart) return undefined
    // Not at once: StrictMode mounts twice, and the person should be asked for the camera once.
    const timer = setTimeout(() => void flow.start())
    return () => clearTimeout(timer)
  }, [flow, autoStart])

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
    status: state.status,
    hint: textOf(state, strings),
    hintCode: state.hint ?? state.result?.reasons[0],
    progress: state.progress,
    challenge: state.challenge,
    result: state.result,
    error: state.error,
    warning: state.warning,
    devices: state.camera.devices,
    deviceId: state.camera.deviceId,
    mirrored: state.camera.mirrored,
  }
}

function textOf({ status, hint, result, error }: FlowState, strings: LivenessStrings): string {
  if (status === 'failed' && error !== undefined) return errorText(strings, error.code)
  if (status === 'done' && result !== undefined) {
    const reason = result.reasons[0]
    return result.verdict === 'live' ? '' : hintText(strings, reason ?? 'again')
  }
  return hint === undefined ? '' : hintText(strings, hint)
}
