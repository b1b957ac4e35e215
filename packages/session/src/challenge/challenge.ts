/** What the server asks the person to do, and whether the frames show that it was done: when asked, not before, and in the right direction. */
import { type FaceGeometry, median } from '../frames/face-geometry.ts'

export const CHALLENGES = {
  none: '',
  'move-closer': 'Move closer to the camera, then hold still.',
  'turn-left': 'Turn your head to your left, then hold still.',
  'turn-right': 'Turn your head to your right, then hold still.',
} as const satisfies Record<string, string>

export type ChallengeKind = keyof typeof CHALLENGES

export const CHALLENGE_KINDS = Object.keys(CHALLENGES) as ChallengeKind[]

/** Bounds of the answer. Yaw is in the unit of {@link FaceGeometry}, sizes are ratios to the held face. */
export const CHALLENGE_BOUNDS = {
  /** Change of yaw that is a turn: about 21 degrees. The instruction asks for 25. */
  turn: 0.35,
  /** Change of yaw in the other direction that is a wrong turn. */
  wrongTurn: 0.25,
  /** Yaw from straight ahead while holding still, median: about 18 degrees either way. Faces are not symmetrical, nor are people's habits. */
  heldYaw: 0.3,
  /** Yaw of a held frame from that median: about 12 degrees. */
  heldSway: 0.2,
  /** Growth of the face that is a move closer. The instruction asks for a quarter. */
  growth: 1.2,
  /** Growth while holding still. */
  heldGrowth: 1.12,
  /** Sooner than this after the last held frame nobody can have read the instruction and moved. */
  reactionMs: 400,
  /** Frames in a row that must show the end position. */
  inPosition: 2,
} as const

export interface ChallengeFrame {
  /** Undefined where no face was found. */
  readonly face: FaceGeometry | undefined
  readonly timeMs: number
}

export interface ChallengeInput {
  readonly kind: ChallengeKind
  readonly frames: readonly ChallengeFrame[]
  /** The first so many frames were taken before the challenge was shown. */
  readonly holdFrames: number
  /** True where the pixels are mirrored: then the person's left looks like a right. */
  readonly mirrored: boolean
}

/** Why a challenge counts as not answered; for tests and server logs, the person is told one reason for all. */
export type ChallengeFault = 'no-face' | 'not-held' | 'too-early' | 'wrong-direction' | 'not-reached'

/** Undefined where the challenge was answered. */
export function challengeFault({ kind, frames, holdFrames, mirrored }: ChallengeInput): ChallengeFault | undefined {
  if (kind === 'none') return undefined
  const held = frames.slice(0, holdFrames)
  const moved = frames.slice(holdFrames)
  const heldFaces = held.flatMap(({ face }) => face ?? [])
  // One held frame may be lost to a blink of the detector, not more: what is compared with must be sure.
  if (heldFaces.length < Math.max(1, holdFrames - 1)) return 'no-face'
  return kind === 'move-closer'
    ? growthFault(heldFaces, moved, held)
    : turnFault(kind, mirrored, heldFaces, moved, held)
}

function growthFault(
  heldFaces: readonly FaceGeometry[],
  moved: readonly ChallengeFrame[],
  held: readonly ChallengeFrame[],
): ChallengeFault | undefined {
  const sizes = heldFaces.map(({ size }) => size)
  if (Math.max(...sizes) / Math.min(...sizes) > CHALLENGE_BOUNDS.heldGrowth) return 'not-held'
  const base = median(sizes)
  return reachedFault(moved, held, ({ size }) => size / base >= CHALLENGE_BOUNDS.growth)
}

function turnFault(
  kind: 'turn-left' | 'turn-right',
  mirrored: boolean,
  heldFaces: readonly FaceGeometry[],
  moved: readonly ChallengeFrame[],
  held: readonly ChallengeFrame[],
): ChallengeFault | undefined {
  const base = median(heldFaces.map(({ yaw }) => yaw))
  const sways = heldFaces.some(({ yaw }) => Math.abs(yaw - base) > CHALLENGE_BOUNDS.heldSway)
  if (sways || Math.abs(base) > CHALLENGE_BOUNDS.heldYaw) return 'not-held'
  const direction = (kind === 'turn-left') !== mirrored ? 1 : -1
  const turnOf = ({ yaw }: FaceGeometry): number => (yaw - base) * direction
  if (moved.some(({ face }) => face !== undefined && turnOf(face) <= -CHALLENGE_BOUNDS.wrongTurn))
    return 'wrong-direction'
  return reachedFault(moved, held, (face) => turnOf(face) >= CHALLENGE_BOUNDS.turn)
}

function reachedFault(
  moved: readonly ChallengeFrame[],
  held: readonly ChallengeFrame[],
  reached: (face: FaceGeometry) => boolean,
): ChallengeFault | undefined {
  const first = moved.find(({ face }) => face !== undefined && reached(face))
  if (first === undefined) return 'not-reached'
  if (first.timeMs - held.at(-1)!.timeMs < CHALLENGE_BOUNDS.reactionMs) return 'too-early'
  let run = 0
  for (const { face } of moved) {
    run = face !== undefined && reached(face) ? run + 1 : 0
    if (run >= CHALLENGE_BOUNDS.inPosition) return undefined
  }
  return 'not-reached'
}

/** One of `kinds`, each as likely as the others. `random` answers 0 to below 1. */
export function chooseChallenge(kinds: readonly ChallengeKind[], random: () => number): ChallengeKind {
  return kinds[Math.min(kinds.length - 1, Math.floor(random() * kinds.length))]!
}

/** From the system's random source: an attacker who knows earlier challenges learns nothing of the next. */
export function secureRandom(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32
}
