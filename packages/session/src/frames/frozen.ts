/** Frames that a live camera would not give: the same picture again. */
import { type Reason, reason } from '@unspoof/core'
import { meanDifference } from './difference.ts'

/**
 * Mean difference of two luma grids below which two frames are one picture, encoded twice. Encoding a picture again at quality 70 moves its
 * grid by 0.15 to 0.4; the nearest frames of a person sitting still differ by 1.7 and more (see README.md).
 */
export const FROZEN_BELOW = 0.5

/** Share of pairs of neighbours that may be one picture: cameras repeat a frame now and then when light is short. */
const MAX_SHARE = 0.34

export interface FrozenInput {
  /** Of each frame, its luma grid and the hash of its bytes. */
  readonly grid: Float64Array
  readonly sha256: string
}

export function frozenReason(frames: readonly FrozenInput[]): Reason | undefined {
  // No encoder gives the same bytes for two frames of a sensor.
  const different = new Set(frames.map(({ sha256 }) => sha256)).size
  if (different < frames.length) return reason('frozen-frames', { value: different, bound: frames.length })
  if (frames.length < 2) return undefined
  let frozen = 0
  for (let i = 1; i < frames.length; i++)
    if (meanDifference(frames[i]!.grid, frames[i - 1]!.grid) < FROZEN_BELOW) frozen++
  const share = frozen / (frames.length - 1)
  return share > MAX_SHARE ? reason('frozen-frames', { value: share, bound: MAX_SHARE }) : undefined
}
