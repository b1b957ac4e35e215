/** Sessions over the real core pipeline, with a detector and a model that know what was drawn. */
import { createHash } from 'node:crypto'
import { createLiveness, type DecodedImage, type Face, type Frame, type PadCard, type PadModel } from '@unspoof/core'
import { examplePadCard } from '@unspoof/core/testing'
import {
  type ChallengeKind,
  createMemoryStore,
  createSessions,
  type Sessions,
  type SessionsOptions,
  type StartedSession,
  type Submission,
} from '../index.ts'
import { draw, fromJpeg, SCENE, type Scene, toJpeg } from './scene.ts'

export interface Shot {
  readonly jpeg: Uint8Array
  readonly timeMs: number
}

/** What is known of a picture, by its bytes: where the face is and what the model says of it. */
interface Known {
  readonly faces: readonly Face[]
  /** Log-odds of live. */
  readonly margin: number
}

export interface Harness {
  readonly sessions: Sessions
  /** Lets time pass for the store and the wall clock. */
  readonly advance: (ms: number) => void
  readonly know: (jpeg: Uint8Array, known: Known) => void
  readonly knownOf: (jpeg: Uint8Array) => Known
  /** Films a person who does what they are asked, unless `change` says otherwise. */
  readonly film: (started: StartedSession, change?: Film) => Promise<Shot[]>
  /** Frames that were judged, in order. */
  readonly judged: Frame[]
}

export interface Film {
  readonly scene?: Partial<Scene>
  readonly kind?: ChallengeKind
  readonly margin?: number
  /** Changes single frames. */
  readonly at?: (index: number, scene: Scene) => Scene
  readonly quality?: number
}

const card: PadCard = { ...examplePadCard(), files: [] }

export const clock = { ms: 1_000_000 }

export function createHarness(options: Partial<SessionsOptions> = {}, model: Partial<PadModel> = {}): Harness {
  const known = new Map<string, Known>()
  const ofFrame = new WeakMap<Frame, Known>()
  const judged: Frame[] = []
  let seed = 1
  const liveness = createLiveness<Frame>({
    detector: { id: 'drawn', detect: async (frame) => [...(ofFrame.get(frame)?.faces ?? [])], close: async () => {} },
    models: [
      {
        model: {
          card,
          variant: 'fp32',
          score: async (frame, boxes) => {
            judged.push(frame)
            return { margins: boxes.map(() => ofFrame.get(frame)!.margin), timings: { crop: 0, model: 0 } }
          },
          close: async () => {},
          ...model,
        },
      },
    ],
    decode: async (frame): Promise<DecodedImage> => ({ frame }),
  })
  const sessions = createSessions({
    liveness,
    decode: async (jpeg) => {
      const frame = await fromJpeg(jpeg)
      const what = known.get(hashOf(jpeg))
      if (what !== undefined) ofFrame.set(frame, what)
      return { frame }
    },
    store: createMemoryStore({ now: () => clock.ms }),
    now: () => clock.ms,
    capture: { width: 320, height: 240 },
    ...options,
  })
  const know = (jpeg: Uint8Array, what: Known): void => {
    known.set(hashOf(jpeg), what)
  }
  return {
    sessions,
    judged,
    know,
    knownOf: (jpeg) => known.get(hashOf(jpeg))!,
    advance: (ms) => {
      clock.ms += ms
    },
    film: async (
      { capture, challenge },
      { scene = {}, kind = challenge.kind, margin = 4, at = (_: number, moved: Scene) => moved, quality = 92 } = {},
    ) => {
      // Each take is another moment: the person stands a little elsewhere, as people do.
      const take = seed++
      const stand = { x: SCENE.x + 0.06 * Math.sin(take * 2.1), y: SCENE.y + 0.04 * Math.cos(take * 1.7) }
      return Promise.all(
        Array.from({ length: capture.frames }, async (_, index) => {
          const progress = Math.min(1, Math.max(0, index - capture.holdFrames) / 3)
          const base = { ...SCENE, ...stand, ...scene, noise: take * 1000 + index }
          const sway = { x: base.x + 0.004 * Math.sin(take + index * 1.3), y: base.y + 0.003 * Math.cos(take + index) }
          const moved = { ...base, ...sway, ...(kind === 'none' ? {} : acted(kind, progress, base)) }
          const { jpeg, face } = await photograph(at(index, moved), quality)
          know(jpeg, { faces: [face], margin })
          // A page's timers are late by a few milliseconds, never early.
          return { jpeg, timeMs: 1000 + index * (capture.intervalMs + 3) + ((index * 7) % 5) }
        }),
      )
    },
  }
}

/** Photographs of scenes, which the films of many tests share; whoever changes one works on a copy. */
const photographs = new Map<string, Promise<{ readonly jpeg: Uint8Array; readonly face: Face }>>()

async function photograph(scene: Scene, quality: number): Promise<{ readonly jpeg: Uint8Array; readonly face: Face }> {
  const key = JSON.stringify([scene, quality])
  let photo = photographs.get(key)
  if (photo === undefined) {
    const { frame, face } = draw(scene)
    photo = toJpeg(frame, quality).then((jpeg) => ({ jpeg, face }))
    photographs.set(key, photo)
  }
  const { jpeg, face } = await photo
  return { jpeg: jpeg.slice(), face }
}

function acted(kind: Exclude<ChallengeKind, 'none'>, progress: number, scene: Scene): Partial<Scene> {
  if (kind === 'move-closer') return { size: scene.size * (1 + 0.35 * progress) }
  return { yaw: scene.yaw + (kind === 'turn-left' ? 0.5 : -0.5) * progress }
}

/** What the client of PROTOCOL.md sends. */
export function submissionOf(
  { nonce }: Pick<StartedSession, 'nonce'>,
  shots: readonly Shot[],
  extra: object = {},
): Submission {
  return {
    meta: {
      version: 1,
      nonce,
      frames: shots.map(({ jpeg, timeMs }, index) => ({ index, timeMs, digest: digestOf(nonce, index, timeMs, jpeg) })),
      ...extra,
    },
    frames: shots.map(({ jpeg }) => jpeg),
  }
}

export function digestOf(nonce: string, index: number, timeMs: number, jpeg: Uint8Array): string {
  return createHash('sha256').update(`${nonce}.${index}.${timeMs}.`).update(jpeg).digest('hex')
}

function hashOf(jpeg: Uint8Array): string {
  return createHash('sha256').update(jpeg).digest('hex')
}

/** The code an action is refused with. */
export async function codeOf(action: Promise<unknown>): Promise<string> {
  return action.then(
    (value) => `resolved: ${JSON.stringify(value)}`,
    (error: { code?: string }) => error.code ?? String(error),
  )
}
