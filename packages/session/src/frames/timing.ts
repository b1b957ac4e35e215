/** Whether frames were taken at the pace of a camera, and within the time the server measured. */
import { type Reason, reason } from '@unspoof/core'
import { FRAME_GAP } from '@unspoof/core/protocol'

/** A client's time starts when the answer arrives, after the server's. The slack is for the different rates of the clocks. */
const SLACK_MS = 250

export interface TimedStep {
  readonly frames: readonly { readonly timeMs: number }[]
  /** When the step was committed: milliseconds since the session started, by the store's clock. */
  readonly atMs: number
}

export function timingReason(steps: readonly TimedStep[], intervalMs: number): Reason | undefined {
  const wrong = (value: number, bound: number): Reason => reason('frame-timing', { value, bound })
  let last = -1
  for (const [k, { frames, atMs }] of steps.entries()) {
    for (const [i, { timeMs }] of frames.entries()) {
      const gap = timeMs - last
      if (timeMs < 0) return wrong(timeMs, 0)
      if (timeMs > atMs + SLACK_MS) return wrong(timeMs, atMs)
      const first = i === 0
      if (!(first && k === 0) && gap < intervalMs * FRAME_GAP.min) return wrong(gap, intervalMs * FRAME_GAP.min)
      if (!first && gap > intervalMs * FRAME_GAP.max) return wrong(gap, intervalMs * FRAME_GAP.max)
      last = timeMs
    }
    const taken = (frames.at(-1)?.timeMs ?? 0) - (frames[0]?.timeMs ?? 0)
    const had = atMs - (steps[k - 1]?.atMs ?? 0)
    if (taken > had + SLACK_MS) return wrong(taken, had)
  }
  return undefined
}
