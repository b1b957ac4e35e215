/** Local mode: the frames of the camera, judged in the page until the core is sure. */
import {
  checkInteger,
  type LivenessResult,
  SEQUENCE_DEFAULTS,
  SEQUENCE_RANGES,
  type SequenceOptions,
  type SequenceResult,
} from '@unspoof/core'
import { videoFrames } from '../camera/frames.ts'
import type { WebLiveness } from '../liveness.ts'
import type { FlowState, HintCode } from './state.ts'

/**
 * Frames repeat each other: by the core's own weighing 10 of them count as much as 1.56 independent ones, and 30 as 1.63. Three seconds of looking
 * would hardly know more than one.
 */
export const LOCAL_DEFAULTS = { judgedFrames: 10 } as const

/**
 * `crops` is 1 here unless it is given: the frames of a video already differ, and each is done three times as soon. `maxFrames` is the core's largest:
 * a person who is still finding the right place is waited for until `maxDurationMs`.
 */
export interface LocalOptions extends Omit<SequenceOptions, 'signal' | 'onFrame' | 'stopEarly'> {
  /** Frames that are judged at most, `minFrames` to 1000; frames with nothing to judge do not count. @default {@link LOCAL_DEFAULTS.judgedFrames} */
  readonly judgedFrames?: number
}

export async function checkLocally(
  liveness: WebLiveness,
  video: HTMLVideoElement,
  { judgedFrames, ...options }: LocalOptions = {},
  signal: AbortSignal,
  update: (change: Partial<FlowState>) => void,
): Promise<SequenceResult> {
  const wanted = options.minFrames ?? SEQUENCE_DEFAULTS.minFrames
  const enough = checkInteger('judgedFrames', judgedFrames ?? Math.max(wanted, LOCAL_DEFAULTS.judgedFrames), {
    min: wanted,
    max: SEQUENCE_RANGES.maxFrames.max,
  })
  let judged = 0
  async function* frames(): AsyncGenerator<HTMLVideoElement> {
    for await (const frame of videoFrames(video, { signal })) {
      yield frame
      // The core answers by what it has when no more frames come.
      if (judged >= enough) return
    }
  }
  update({ status: 'checking', hint: 'centre-face', progress: 0 })
  return liveness.checkSequence(frames(), {
    crops: 1,
    maxFrames: SEQUENCE_RANGES.maxFrames.max,
    ...options,
    signal,
    onFrame(result) {
      if (result.liveProbability !== null) judged++
      update({ hint: hintOf(result), progress: Math.min(0.95, judged / (enough + 1)) })
    },
  })
}

/** What to tell the person after a frame. A suspected attack is no hint: it would tell an attacker how far he is. */
export function hintOf(result: LivenessResult): HintCode {
  const code = result.reasons[0]?.code
  return result.verdict === 'retry' && code !== undefined && !SILENT.has(code) ? code : 'hold-still'
}

/** Reasons that are about the models and not about what the person can change in front of the camera. */
export const SILENT: ReadonlySet<string> = new Set(['attack-suspected', 'unstable', 'uncertain', 'undecided'])
