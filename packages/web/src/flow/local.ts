/** Local mode: the frames of the camera, judged in the page until the core is sure. */
import { type LivenessResult, SEQUENCE_DEFAULTS, type SequenceOptions, type SequenceResult } from '@unspoof/core'
import { videoFrames } from '../camera/frames.ts'
import type { WebLiveness } from '../liveness.ts'
import type { FlowState, HintCode } from './state.ts'

/** `crops` is 1 here unless it is given: the frames of a video already differ, and each is done three times as soon. */
export type LocalOptions = Omit<SequenceOptions, 'signal' | 'onFrame' | 'stopEarly'>

export async function checkLocally(
  liveness: WebLiveness,
  video: HTMLVideoElement,
  options: LocalOptions = {},
  signal: AbortSignal,
  update: (change: Partial<FlowState>) => void,
): Promise<SequenceResult> {
  const wanted = options.minFrames ?? SEQUENCE_DEFAULTS.minFrames
  let judged = 0
  update({ status: 'checking', hint: 'centre-face', progress: 0 })
  return liveness.checkSequence(videoFrames(video, { signal }), {
    crops: 1,
    ...options,
    signal,
    onFrame(result) {
      if (result.verdict !== 'retry') judged++
      update({ hint: hintOf(result), progress: Math.min(0.95, judged / (wanted + 1)) })
    },
  })
}

/** What to tell the person after a frame. A suspected attack is no hint: it would tell an attacker how far he is. */
export function hintOf(result: LivenessResult): HintCode {
  const code = result.reasons[0]?.code
  return result.verdict === 'retry' && code !== undefined && !SILENT.has(code) ? code : 'hold-still'
}

/** Reasons that are about the models and not about what the person can change in front of the camera. */
export const SILENT: ReadonlySet<string> = new Set(['attack-suspected', 'unstable', 'undecided'])
