/** Whether the frames show that the person did what was asked: when asked, not before, and nothing else. */
import { type Baseline, type ChallengeKind, type FaceGeometry, median, movementProgress } from '@unspoof/core/protocol'

/** Yaw is in the unit of {@link FaceGeometry}, sizes are ratios. */
export const ANSWER_BOUNDS = {
  /** Yaw from straight ahead while holding still, median: about 18 degrees either way. */
  heldYaw: 0.3,
  /** Yaw of a held frame from that median: about 12 degrees. */
  heldSway: 0.2,
  /** Growth while holding still. */
  heldGrowth: 1.12,
  /** Held frames that must be judged `live` by themselves. */
  heldProofs: 2,
  /** Milliseconds after the last frame of the step before, in which nobody can have read the instruction and moved. */
  reactionMs: 400,
  /** Frames in a row, at the end of a step, that must show the end position and be judged `live` by themselves. */
  proofs: 2,
} as const

export interface AnswerFrame {
  /** Undefined where no face was found. */
  readonly face: FaceGeometry | undefined
  readonly timeMs: number
  /** The model judged this frame, and its own probability reaches the threshold. */
  readonly proves: boolean
}

export interface AnswerInput {
  readonly held: readonly AnswerFrame[]
  readonly steps: readonly { readonly kind: ChallengeKind; readonly frames: readonly AnswerFrame[] }[]
  /** True where the pixels are mirrored: then the person's left looks like a right. */
  readonly mirrored: boolean
}

/** For tests and server logs; the person is told one reason. `unproven`: in position, but the frames prove nothing. */
export type AnswerFault = 'no-face' | 'not-held' | 'too-early' | 'not-reached' | 'unproven'

export interface Answer {
  readonly fault: AnswerFault | undefined
  /** Where the fault lies: 0 for the held frames, then the step. */
  readonly step: number
  /** Of each step up to there, whether each of its frames shows the end position. */
  readonly reached: readonly (readonly boolean[])[]
}

export function judgeAnswer({ held, steps, mirrored }: AnswerInput): Answer {
  // Without a movement nothing is compared: such frames need no landmarks.
  const heldFault = steps.length === 0 ? undefined : faultOfHeld(held)
  const all: boolean[][] = []
  if (heldFault !== undefined) return { fault: heldFault, step: 0, reached: all }
  if (held.filter(({ proves }) => proves).length < ANSWER_BOUNDS.heldProofs)
    return { fault: 'unproven', step: 0, reached: all }
  let base = baselineOf(held)
  let before = held
  for (const [i, { kind, frames }] of steps.entries()) {
    const reached = frames.map(({ face }) => face !== undefined && movementProgress(kind, face, base, mirrored) >= 1)
    const fault = faultOfStep(frames, reached, before.at(-1)!.timeMs)
    all.push(reached)
    if (fault !== undefined) return { fault, step: i + 1, reached: all }
    const end = frames.filter((_, k) => reached[k]).map(({ face }) => face!.size)
    base = { ...base, sizeBefore: median(end) }
    before = frames
  }
  return { fault: undefined, step: steps.length, reached: all }
}

function baselineOf(held: readonly AnswerFrame[]): Baseline {
  const faces = held.flatMap(({ face }) => face ?? [])
  return { yaw: median(faces.map(({ yaw }) => yaw)), size: median(faces.map(({ size }) => size)) }
}

function faultOfHeld(held: readonly AnswerFrame[]): AnswerFault | undefined {
  const faces = held.flatMap(({ face }) => face ?? [])
  // The detector may lose one frame to a blink. What later frames are compared with must be sure.
  if (faces.length < Math.max(1, held.length - 1)) return 'no-face'
  const { yaw } = baselineOf(held)
  const sizes = faces.map(({ size }) => size)
  const sways = faces.some((face) => Math.abs(face.yaw - yaw) > ANSWER_BOUNDS.heldSway)
  const grows = Math.max(...sizes) / Math.min(...sizes) > ANSWER_BOUNDS.heldGrowth
  return sways || grows || Math.abs(yaw) > ANSWER_BOUNDS.heldYaw ? 'not-held' : undefined
}

/** The end position must be reached after the instruction, and held to the end of the step by frames that prove it. */
function faultOfStep(
  frames: readonly AnswerFrame[],
  reached: readonly boolean[],
  askedAfterMs: number,
): AnswerFault | undefined {
  const first = reached.indexOf(true)
  if (first < 0) return 'not-reached'
  if (frames[first]!.timeMs - askedAfterMs < ANSWER_BOUNDS.reactionMs) return 'too-early'
  if (!endsWithRun(reached)) return 'not-reached'
  return endsWithRun(frames.map(({ proves }, i) => proves && reached[i]!)) ? undefined : 'unproven'
}

/** The last frame may be lost to a blink. */
function endsWithRun(flags: readonly boolean[]): boolean {
  const all = (from: number): boolean => from >= 0 && flags.slice(from, from + ANSWER_BOUNDS.proofs).every(Boolean)
  const last = flags.length - ANSWER_BOUNDS.proofs
  return all(last) || all(last - 1)
}
