/** Draws what a session asks for: which movements, in which order, and how long each is held. */
import { CHALLENGES, type ChallengeKind, type Step } from '@unspoof/core/protocol'

/** 0 to below 1. */
export type Random = () => number

export interface PlanOptions {
  readonly challenges: readonly ChallengeKind[]
  /** How many movements; undefined draws 2 or 3. */
  readonly steps: number | undefined
  readonly random: Random
  /** Movements of a session that was abandoned: they come again, in a new order. */
  readonly kept?: readonly ChallengeKind[] | undefined
}

/** Frames of one movement: how long the end position is held follows from this number, so it is drawn. */
const STEP_FRAMES = { min: 4, max: 6 } as const

export const MAX_STEPS = 3

/** Frames of all movements at most: with the held frames some 20, which a server judges in 400 ms of one core. */
export const MAX_MOVED = 16

/** The movements of a session, 1 to 3 of them, or none where no challenge is allowed. */
export function drawPlan(options: PlanOptions): Step[] {
  const kinds = drawKinds(options)
  let left = MAX_MOVED
  return kinds.map((kind, i) => {
    const later = (kinds.length - 1 - i) * STEP_FRAMES.min
    const most = Math.min(STEP_FRAMES.max, left - later)
    const frames = STEP_FRAMES.min + below(most - STEP_FRAMES.min + 1, options.random)
    left -= frames
    return { index: i + 1, of: kinds.length, kind, hint: CHALLENGES[kind], frames }
  })
}

function drawKinds({ challenges, steps, random, kept }: PlanOptions): readonly ChallengeKind[] {
  if (challenges.length === 0 || steps === 0) return []
  const wanted = steps ?? 2 + below(MAX_STEPS - 1, random)
  const orders = kept === undefined || kept.length === 0 ? longestOrders(challenges, wanted) : ordersOf(kept)
  return orders[below(orders.length, random)]!
}

/** Every order of `count` movements, or of as many as these challenges allow. */
function longestOrders(challenges: readonly ChallengeKind[], count: number): readonly (readonly ChallengeKind[])[] {
  for (let n = count; n > 1; n--) {
    const orders = sequences(challenges, n)
    if (orders.length > 0) return orders
  }
  return sequences(challenges, 1)
}

/** Every order of exactly these movements. */
function ordersOf(kept: readonly ChallengeKind[]): readonly (readonly ChallengeKind[])[] {
  const wanted = [...kept].sort().join()
  return sequences([...new Set(kept)], kept.length).filter((order) => [...order].sort().join() === wanted)
}

/** Neighbours differ, and nobody is asked to move closer twice: the face would no longer fit into the image. */
function sequences(challenges: readonly ChallengeKind[], length: number): readonly (readonly ChallengeKind[])[] {
  if (length === 0) return [[]]
  return sequences(challenges, length - 1).flatMap((before) =>
    [...new Set(challenges)]
      .filter((kind) => kind !== before.at(-1) && !(kind === 'move-closer' && before.includes(kind)))
      .map((kind) => [...before, kind]),
  )
}

function below(n: number, random: Random): number {
  return Math.min(n - 1, Math.floor(random() * n))
}

/** The system's random source: earlier sessions tell nothing about the next. */
export function secureRandom(): number {
  return crypto.getRandomValues(new Uint32Array(1))[0]! / 2 ** 32
}
