/** playSession(): the client of PROTOCOL.md in one process, for tests and for measuring attacks. */

import {
  type ChallengeKind,
  type CommittedFrame,
  PROTOCOL_VERSION,
  type StartedSession,
  type Step,
  type SubmitAnswer,
  type TrackInfo,
} from '@unspoof/core/protocol'
import { toHex, utf8 } from '../bytes.ts'
import type { Sessions } from '../sessions.ts'

/** The moment a frame is taken in. */
export interface Moment {
  /** `hold` is looking straight ahead, before the first movement. */
  readonly kind: 'hold' | ChallengeKind
  /** 0 for `hold`, then the number of the movement. */
  readonly step: number
  /** The frame's place in its step, 0 .. frames - 1. */
  readonly frame: number
  readonly frames: number
  /** The frame's place in the session. */
  readonly index: number
  /** The movements before this one, in order. */
  readonly before: readonly ChallengeKind[]
}

export interface PlayOptions {
  readonly subject: string
  readonly clientKey?: string
  /** Gives the JPEG of one frame. It is asked for only after the server told its step. */
  readonly shoot: (moment: Moment) => Uint8Array | Promise<Uint8Array>
  readonly mirrored?: boolean
  readonly track?: TrackInfo
  /** Lets so many milliseconds pass, for the store too: a clock that tests move on. @default waits */
  readonly wait?: (ms: number) => void | Promise<void>
}

export interface PlayedSession {
  readonly id: string
  readonly steps: readonly Step[]
  readonly frames: readonly Uint8Array[]
  readonly answer: SubmitAnswer
}

/** From an instruction to the first frame after it, milliseconds. */
const READING_MS = 500

/**
 * Starts a session, commits step after step, and submits.
 * @throws what the sessions throw
 * @example
 * const clock = { ms: 0 }
 * const sessions = createSessions({ liveness, decode, landmarker, store: createMemoryStore({ now: () => clock.ms }) })
 * const { answer } = await playSession(sessions, {
 *   subject: 'ada',
 *   shoot: ({ kind, frame, frames }) => render(kind, frame / (frames - 1)),
 *   wait: (ms) => void (clock.ms += ms),
 * })
 */
export async function playSession(sessions: Sessions, options: PlayOptions): Promise<PlayedSession> {
  const { subject, clientKey, track } = options
  const who = clientKey === undefined ? { subject } : { subject, clientKey }
  const started = await sessions.create(who)
  const { frames, steps } = await commitAll(sessions, started, options)
  const { id, nonce } = started
  const meta = { version: PROTOCOL_VERSION, nonce, ...(track === undefined ? {} : { track }) }
  return { id, steps, frames, answer: await sessions.submit(id, { meta, frames }, who) }
}

async function commitAll(
  sessions: Sessions,
  { id, nonce, capture }: StartedSession,
  options: PlayOptions,
): Promise<Pick<PlayedSession, 'frames' | 'steps'>> {
  const { subject, mirrored, wait = sleep } = options
  const frames: Uint8Array[] = []
  const steps: Step[] = []
  let timeMs = 0
  for (let asked: Step | null | undefined; asked !== null; ) {
    const count = asked?.frames ?? capture.holdFrames
    const committed: CommittedFrame[] = []
    await wait(READING_MS)
    timeMs += READING_MS
    for (let frame = 0; frame < count; frame++) {
      const index = frames.length
      const moment = { kind: asked?.kind ?? ('hold' as const), step: steps.length, frame, frames: count, index }
      const jpeg = await options.shoot({ ...moment, before: steps.slice(0, -1).map(({ kind }) => kind) })
      committed.push({ timeMs, digest: await digestOf(nonce, index, timeMs, jpeg) })
      frames.push(jpeg)
      // A camera is late by a few milliseconds, never early.
      const late = capture.intervalMs + 2 + ((index * 7) % 5)
      await wait(late)
      timeMs += late
    }
    const step = steps.length
    const request = { version: PROTOCOL_VERSION, nonce, step, frames: committed }
    const answer = await sessions.commit(
      id,
      step === 0 && mirrored !== undefined ? { ...request, mirrored } : request,
      { subject, clientKey: options.clientKey },
    )
    asked = answer.step
    if (asked !== null) steps.push(asked)
  }
  return { frames, steps }
}

async function digestOf(nonce: string, index: number, timeMs: number, jpeg: Uint8Array): Promise<string> {
  const head = utf8(`${nonce}.${index}.${timeMs}.`)
  const bytes = new Uint8Array(head.length + jpeg.length)
  bytes.set(head)
  bytes.set(jpeg, head.length)
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
