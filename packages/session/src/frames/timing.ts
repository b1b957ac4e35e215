/** Whether frames are in order and were taken at the pace of a camera. */
import { type Reason, reason } from '@unspoof/core'

/** Accepted gaps, in multiples of the interval that was asked for. PROTOCOL.md tells clients. */
const GAP = { min: 0.4, max: 4 } as const

/** A client's time starts when the answer arrives, after the server's: it can only be behind. The slack is for the clocks' different rates. */
const FUTURE_SLACK_MS = 250

export interface TimedFrame {
  readonly index: number
  readonly timeMs: number
}

/** @param elapsedMs since the session was created, by the store's clock. */
export function timingReason(frames: readonly TimedFrame[], intervalMs: number, elapsedMs: number): Reason | undefined {
  if (frames.some(({ index }, i) => index !== i)) return reason('frame-order')
  for (const [i, { timeMs }] of frames.entries()) {
    if (timeMs < 0) return reason('frame-timing', { value: timeMs, bound: 0 })
    if (timeMs > elapsedMs + FUTURE_SLACK_MS) return reason('frame-timing', { value: timeMs, bound: elapsedMs })
    if (i === 0) continue
    const gap = timeMs - frames[i - 1]!.timeMs
    if (gap < intervalMs * GAP.min) return reason('frame-timing', { value: gap, bound: intervalMs * GAP.min })
    if (gap > intervalMs * GAP.max) return reason('frame-timing', { value: gap, bound: intervalMs * GAP.max })
  }
  return undefined
}
