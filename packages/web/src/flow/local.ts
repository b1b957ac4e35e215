/** Local mode: the frames of the camera, judged in the page until the core is sure. */
import {
  checkInteger,
  LivenessError,
  type LivenessResult,
  SEQUENCE_DEFAULTS,
  SEQUENCE_RANGES,
  type SequenceOptions,
  type SequenceResult,
} from '@unspoof/core'
import { videoFrames } from '../camera/frames.ts'
import type { WebLiveness } from '../liveness.ts'
import type { Advice } from './guide.ts'
import type { FlowState } from './state.ts'

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

export interface LocalRun {
  readonly liveness: WebLiveness
  readonly video: HTMLVideoElement
  /** The face has to be in the oval before it is judged. */
  readonly oval: boolean
  /** What to tell the person after a frame. */
  readonly advise: (result: LivenessResult) => Advice
  readonly signal: AbortSignal
  readonly update: (change: Partial<FlowState>) => void
}

/** @returns undefined where the face was not in the oval in time */
export async function checkLocally(
  { liveness, video, oval, advise, signal, update }: LocalRun,
  { judgedFrames, ...options }: LocalOptions = {},
): Promise<SequenceResult | undefined> {
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
  const deadline = performance.now() + (options.maxDurationMs ?? SEQUENCE_DEFAULTS.maxDurationMs)
  if (oval && !(await waitForOval({ liveness, video, advise, signal, update }, deadline))) return undefined
  return liveness.checkSequence(frames(), {
    crops: 1,
    maxFrames: SEQUENCE_RANGES.maxFrames.max,
    ...options,
    signal,
    onFrame(result) {
      if (result.liveProbability !== null) judged++
      const { hint, placement } = advise(result)
      update({ hint, placement, progress: Math.min(0.95, judged / (enough + 1)) })
    },
  })
}

/** Frames in a row with the face in the oval before it is judged. */
const STEADY_FRAMES = 2

/** True once the face is in the oval; false when the time for that is over. */
async function waitForOval(
  { liveness, video, advise, signal, update }: Omit<LocalRun, 'oval'>,
  deadline: number,
): Promise<boolean> {
  let steady = 0
  for await (const frame of videoFrames(video, { signal })) {
    if (performance.now() > deadline) return false
    const { good, hint, placement } = advise(await liveness.check(frame, { crops: 1, signal }))
    steady = good ? steady + 1 : 0
    update({ hint, placement })
    if (steady >= STEADY_FRAMES) return true
  }
  throw new LivenessError('ABORTED', 'The check was given up.')
}
