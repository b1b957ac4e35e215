/** Whether the frames show one and the same face throughout. */
import { type Face, type Frame, type Reason, reason } from '@unspoof/core'
import { type FaceGeometry, faceGeometry } from '@unspoof/core/protocol'

/** From one frame with a face to the next, at the session's interval. */
export const CONTINUITY_BOUNDS = {
  /** Way of the face's centre, in distances from eyes to mouth. */
  jump: 2.5,
  /** Ratio of sizes, either way. */
  scale: 1.6,
  /** Correlation of the aligned faces' luma, -1..1, below which they are not one face: the best of the {@link MEMORY} faces before counts. */
  likeness: 0.55,
  /**
   * Yaw from each of those faces, in the unit of {@link FaceGeometry}, about 21 degrees, above which unlike faces may be one: so much of a
   * head that turns fast is seen for the first time that nobody can be called somebody else for it.
   */
  fastTurn: 0.35,
} as const

/** Faces before that one is compared with: a blink, or key points that miss once, must not make a stranger of somebody. */
const MEMORY = 3

/** Samples along each side of the aligned face. */
const PATCH = 24

/** Yaw up to which {@link turnedTo} goes: from a little farther on it would show the far side twice. */
const MAX_YAW = 0.6

export interface ContinuityFrame {
  readonly face: FaceGeometry
  readonly patch: Float64Array
}

/** What continuity needs of a frame; undefined where there is no face with key points. Pixels are read, not kept. */
export function continuityFrame(frame: Frame, face: Face | null): ContinuityFrame | undefined {
  const geometry = faceGeometry(face)
  return geometry === undefined ? undefined : { face: geometry, patch: alignedPatch(frame, face!, geometry.yaw) }
}

/**
 * Why the frames show more than one face: one that jumps, grows or is another. Frames without a face are left out by the caller: a face that comes
 * back must be the one that left.
 */
export function continuityReason(frames: readonly ContinuityFrame[]): Reason | undefined {
  for (let i = 1; i < frames.length; i++) {
    const [before, after] = [frames[i - 1]!, frames[i]!]
    const jump = Math.hypot(after.face.x - before.face.x, after.face.y - before.face.y) / before.face.size
    if (jump > CONTINUITY_BOUNDS.jump) return reason('face-changed', { value: jump, bound: CONTINUITY_BOUNDS.jump })
    const scale = Math.max(after.face.size / before.face.size, before.face.size / after.face.size)
    if (scale > CONTINUITY_BOUNDS.scale) return reason('face-changed', { value: scale, bound: CONTINUITY_BOUNDS.scale })
    const unlike = unlikeReason(frames, i)
    if (unlike !== undefined && !turnsFast(frames, i)) return unlike
  }
  return undefined
}

/** Why the frames leave open whether they show one face: a head turned so fast between two of them that the likeness says nothing. */
export function fastTurnReason(frames: readonly ContinuityFrame[]): Reason | undefined {
  for (let i = 1; i < frames.length; i++) {
    const unlike = unlikeReason(frames, i)
    if (unlike !== undefined && turnsFast(frames, i)) return unlike
  }
  return undefined
}

/** Frames that may be unlike every held face: a blink, or landmarks that miss once. */
const STRANGE_FRAMES = 1

/** Share of the later frames that may be so: a face that turns is often unlike its held ones. An estimate; live sessions must measure it. */
const STRANGE_SHARE = 0.3

/**
 * Why the faces after the held ones may be somebody else's. A face that changes a little from frame to frame is like its neighbours all the
 * way, and at the end unlike the first.
 */
export function strangerReason(
  held: readonly ContinuityFrame[],
  later: readonly ContinuityFrame[],
): Reason | undefined {
  if (held.length === 0) return undefined
  const likeness = later.map(({ patch }) => Math.max(...held.map((first) => correlation(first.patch, patch))))
  const strange = likeness.filter((value) => !(value >= CONTINUITY_BOUNDS.likeness))
  if (strange.length <= Math.max(STRANGE_FRAMES, STRANGE_SHARE * later.length)) return undefined
  return reason('face-changed', { value: Math.min(...strange), bound: CONTINUITY_BOUNDS.likeness })
}

function unlikeReason(frames: readonly ContinuityFrame[], i: number): Reason | undefined {
  const likeness = likenessOf(frames, i)
  if (likeness >= CONTINUITY_BOUNDS.likeness) return undefined
  return reason('face-changed', { value: likeness, bound: CONTINUITY_BOUNDS.likeness })
}

/** Whether face `i` looks elsewhere than each of those that it is compared with. */
function turnsFast(frames: readonly ContinuityFrame[], i: number): boolean {
  const { yaw } = frames[i]!.face
  return facesBefore(frames, i).every(({ face }) => Math.abs(face.yaw - yaw) > CONTINUITY_BOUNDS.fastTurn)
}

/** How much face `i` is like those just before it, -1..1. */
export function likenessOf(frames: readonly Pick<ContinuityFrame, 'patch'>[], i: number): number {
  return Math.max(...facesBefore(frames, i).map(({ patch }) => correlation(patch, frames[i]!.patch)))
}

function facesBefore<T>(frames: readonly T[], i: number): readonly T[] {
  return frames.slice(Math.max(0, i - MEMORY), i)
}

/** Luma of the face as if it looked straight ahead, upright and of one size; mean 0 and length 1. */
function alignedPatch(frame: Frame, face: Face, yaw: number): Float64Array {
  const { rightEye, leftEye, mouth } = face.keyPoints!
  const middle = { x: (leftEye.x + rightEye.x) / 2, y: (leftEye.y + rightEye.y) / 2 }
  const eyes = { x: leftEye.x - rightEye.x, y: leftEye.y - rightEye.y }
  // Across is the line of the eyes; down is at a right angle to it, as far as the mouth: that stands out, so a turned head has it off the middle. Its
  // height is hardly changed by a turn, and measures both, so that a turned head is not stretched.
  const height = (eyes.x * (mouth.y - middle.y) - eyes.y * (mouth.x - middle.x)) / Math.hypot(eyes.x, eyes.y) ** 2
  const across = { x: eyes.x * height, y: eyes.y * height }
  const down = { x: -across.y, y: across.x }
  const patch = new Float64Array(PATCH * PATCH)
  for (let row = 0; row < PATCH; row++) {
    for (let column = 0; column < PATCH; column++) {
      // From one face length left to one right of the nose line, and from the forehead to the chin.
      const u = turnedTo(((column + 0.5) / PATCH - 0.5) * 2, yaw)
      const v = ((row + 0.5) / PATCH) * 2.2 - 0.6
      patch[row * PATCH + column] = lumaAt(
        frame,
        middle.x + across.x * u + down.x * v,
        middle.y + across.y * u + down.y * v,
        Math.hypot(down.x, down.y) / PATCH,
      )
    }
  }
  return normalised(patch)
}

/**
 * Where a head of this yaw shows what lies `u` to the side when it looks straight ahead; both from the eyes' middle, in face lengths. What stands out
 * as the nose does moves with it, what lies behind the eyes the other way: a face is near a parabola, at x half eye distances to the side .3 - .36 x^2 of
 * the nose's height in front of the eyes. A half eye distance is about .45 face lengths. The nose itself, being narrow, is left out.
 */
function turnedTo(u: number, yaw: number): number {
  return u + Math.max(-MAX_YAW, Math.min(MAX_YAW, yaw)) * (0.135 - 0.8 * u * u)
}

/** Mean luma of nine samples `step` apart; outside the frame the nearest pixel counts. */
function lumaAt({ data, width, height, channels }: Frame, x: number, y: number, step: number): number {
  let sum = 0
  for (let j = -1; j <= 1; j++) {
    for (let i = -1; i <= 1; i++) {
      const column = Math.min(width - 1, Math.max(0, Math.round(x + i * step)))
      const row = Math.min(height - 1, Math.max(0, Math.round(y + j * step)))
      const p = (row * width + column) * channels
      sum += 0.299 * data[p]! + 0.587 * data[p + 1]! + 0.114 * data[p + 2]!
    }
  }
  return sum / 9
}

function normalised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const centred = values.map((value) => value - mean)
  const length = Math.hypot(...centred)
  return length > 0 ? centred.map((value) => value / length) : centred
}

function correlation(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0)
}
