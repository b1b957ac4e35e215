/**
 * Whether the frames of one movement show a head in a room or a flat image. Each cue is decisive or silent. They are not averaged: one that denies
 * outweighs all that confirm.
 */
import { backgroundGrowth } from './background.ts'
import { type DepthFrame, eyesIn } from './depth-frame.ts'
import { noseParallax } from './planarity.ts'
import { stillLikeness } from './still.ts'

export const DEPTH_BOUNDS = {
  /** Share of the face's growth that the background takes part in: at most `deep` for a room, at least `flat` for an image. */
  background: { deep: 0.5, flat: 0.7 },
  /** Correlation with which the background must be found again, and by how much it must fit better than with the other answer. */
  backgroundFit: { least: 0.6, margin: 0.12 },
  /**
   * What is left of a face, 0..1, when another frame is laid over it by an affine map, below which both are one image: after moving closer, and
   * while holding still.
   */
  stillCloser: 0.006,
  stillHeld: 0.0015,
  /** The same after a turn, laid over by a smooth warp. */
  stillTurned: 0.012,
  /** How far the nose misses the plane of eyes, brows and lips after a turn, in distances between the eyes. */
  nose: { deep: 0.05, flat: 0.02 },
} as const

export type DepthVerdict = 'deep' | 'flat' | 'unknown'

export interface DepthCue {
  readonly name: 'background-growth' | 'one-still' | 'nose-parallax'
  readonly verdict: DepthVerdict
  /** What was measured, in the unit of its bound; undefined where nothing could be. */
  readonly value: number | undefined
}

export interface DepthStep {
  readonly kind: 'move-closer' | 'turn-left' | 'turn-right'
  /** Indices of the frames before the movement, in which the face is held straight. */
  readonly before: readonly number[]
  /** Indices of the frames that show the end position. */
  readonly after: readonly number[]
}

export interface Depth {
  /** `flat` where a cue denies depth, else `deep` where one confirms it, else `unknown`: ask for another movement. */
  readonly verdict: DepthVerdict
  readonly cues: readonly DepthCue[]
}

/**
 * Measures one movement. Takes at most 80 ms of one core.
 * @param frames of the session in order; undefined where no mesh was found.
 * @example
 * const depth = measureDepth(frames, { kind: 'turn-left', before: [0, 1, 2, 3], after: [8, 9] })
 * if (depth.verdict === 'flat') refuse()
 */
export function measureDepth(frames: readonly (DepthFrame | undefined)[], step: DepthStep): Depth {
  const before = step.before.flatMap((i) => frames[i] ?? [])
  const after = step.after.flatMap((i) => frames[i] ?? [])
  if (before.length === 0 || after.length === 0) return { verdict: 'unknown', cues: [] }
  const cues =
    step.kind === 'move-closer'
      ? [backgroundCue(before, after), stillCue(before, after, 'closer')]
      : [noseCue(before, after), stillCue(before, after, 'turned')]
  return { verdict: together(cues), cues }
}

/**
 * Measures all movements of a session: `flat` where one of them is, else `deep` where one is.
 * @param held indices of the frames before the first movement
 * @param reached of each movement, its kind and the indices of the frames in its end position
 */
export function measureSessionDepth(
  frames: readonly (DepthFrame | undefined)[],
  held: readonly number[],
  reached: readonly { readonly kind: DepthStep['kind']; readonly frames: readonly number[] }[],
): Depth {
  const cues = reached.flatMap(({ kind, frames: after }) => measureDepth(frames, { kind, before: held, after }).cues)
  return { verdict: together(cues), cues }
}

function together(cues: readonly DepthCue[]): DepthVerdict {
  if (cues.some(({ verdict }) => verdict === 'flat')) return 'flat'
  return cues.some(({ verdict }) => verdict === 'deep') ? 'deep' : 'unknown'
}

/** A zoomed image grows as a whole; before a person who comes closer the room stays. */
function backgroundCue(before: readonly DepthFrame[], after: readonly DepthFrame[]): DepthCue {
  const name = 'background-growth'
  const [first, last] = [before.at(-1)!, after.at(-1)!]
  const growth = backgroundGrowth(first.room, eyesIn(first.mesh, first.room), last.room, eyesIn(last.mesh, last.room))
  if (growth === undefined) return { name, verdict: 'unknown', value: undefined }
  const { share, fit, otherFit } = growth
  const { least, margin } = DEPTH_BOUNDS.backgroundFit
  if (fit < least || fit - otherFit < margin) return { name, verdict: 'unknown', value: share }
  const { deep, flat } = DEPTH_BOUNDS.background
  return { name, verdict: share <= deep ? 'deep' : share >= flat ? 'flat' : 'unknown', value: share }
}

/** People blink, breathe and turn a little; frames made of one image can be laid over each other. This cue only denies. */
function stillCue(
  before: readonly DepthFrame[],
  after: readonly DepthFrame[],
  movement: 'closer' | 'turned',
): DepthCue {
  const name = 'one-still'
  const { moved, held } = stillLikeness(before, after, movement)
  const bound = movement === 'closer' ? DEPTH_BOUNDS.stillCloser : DEPTH_BOUNDS.stillTurned
  const flat = moved < bound || (held !== undefined && held < DEPTH_BOUNDS.stillHeld)
  return { name, verdict: flat ? 'flat' : 'unknown', value: moved }
}

/** The nose stands out of a head: of a turned head it lies elsewhere than on a turned plane. */
function noseCue(before: readonly DepthFrame[], after: readonly DepthFrame[]): DepthCue {
  const name = 'nose-parallax'
  const found = before.flatMap((a) => after.flatMap((b) => noseParallax(a.mesh, b.mesh) ?? []))
  if (found.length === 0) return { name, verdict: 'unknown', value: undefined }
  const value = found.sort((a, b) => a - b)[found.length >> 1]!
  const { deep, flat } = DEPTH_BOUNDS.nose
  return { name, verdict: value >= deep ? 'deep' : value < flat ? 'flat' : 'unknown', value }
}
