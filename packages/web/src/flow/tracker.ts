/** Follows the face beside the capture: where it is compared with the held frames, without holding a frame back. */
import {
  type Baseline,
  type ChallengeKind,
  type FaceGeometry,
  faceGeometry,
  median,
  movementProgress,
} from '@unspoof/core/protocol'
import type { WebLiveness } from '../liveness.ts'

export interface Tracker {
  /** Looks at the video unless a look is still going on. */
  look(video: HTMLVideoElement): void
  /** From now on faces are compared with those of the held frames. */
  hold(): void
  /** How far the movement has come by the latest look, 0..1; undefined where nothing can be told. */
  progress(kind: ChallengeKind): number | undefined
  /** The movement is over: the next one may begin at the size of the face now. */
  next(): void
}

/** Held faces that are enough to compare with. */
const ENOUGH = 2

/** @param onError called once, where the models broke off; the tracker then tells nothing any more */
export function createTracker(
  guide: WebLiveness | undefined,
  signal: AbortSignal,
  onError: (error: unknown) => void,
): Tracker {
  const held: FaceGeometry[] = []
  let latest: FaceGeometry | undefined
  let base: Baseline | undefined
  let busy = guide === undefined

  const seen = (face: FaceGeometry | undefined): void => {
    latest = face
    if (base === undefined && face !== undefined) held.push(face)
    busy = false
  }

  return {
    look(video) {
      if (busy) return
      busy = true
      guide!.check(video, { crops: 1, signal }).then(
        (result) => seen(faceGeometry(result.face)),
        (error: unknown) => {
          latest = undefined
          base = undefined
          if (!signal.aborted) onError(error)
        },
      )
    },
    hold() {
      if (held.length < ENOUGH) return
      base = { yaw: median(held.map(({ yaw }) => yaw)), size: median(held.map(({ size }) => size)) }
    },
    progress(kind) {
      return base === undefined || latest === undefined ? undefined : movementProgress(kind, latest, base)
    },
    next() {
      if (base !== undefined && latest !== undefined) base = { ...base, sizeBefore: latest.size }
    },
  }
}
