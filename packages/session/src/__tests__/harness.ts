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
  type Step,
  type Submission,
} from '../index.ts'
import { draw, fromJpeg, SCENE, type Scene, toJpeg } from './scene.ts'

export interface Shot {
  readonly jpeg: Uint8Array
  readonly timeMs: number
}

/** What is known of an image, by its bytes: where the face is and what the model says of it. */
export interface Known {
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
  /** Films a person who does what they are asked, unless `film` says otherwise, and commits step after step. */
  readonly film: (started: StartedSession, film?: Film, subject?: string) => Promise<Shot[]>
  /** The movements the last film was asked for. */
  asked: readonly Step[]
  /** Frames that were judged, in order. */
  readonly judged: Frame[]
}

export interface Film {
  readonly scene?: Partial<Scene>
  /** What they do, whatever is asked. */
  readonly kind?: ChallengeKind | 'none'
  readonly margin?: number
  /** Changes single frames; `index` counts over the whole session. */
  readonly at?: (index: number, scene: Scene) => Scene
  readonly quality?: number
  readonly mirrored?: boolean
  /** Changes the shots of a step before they are committed. */
  readonly change?: (shots: Shot[], step: number) => Shot[] | Promise<Shot[]>
  /** Commits no further than this step. @default all */
  readonly upTo?: number
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
    // The scenes are drawn: no network finds a mesh in them.
    landmarker: null,
    store: createMemoryStore({ now: () => clock.ms }),
    now: () => clock.ms,
    capture: { width: 320, height: 240 },
    ...options,
  })
  const know = (jpeg: Uint8Array, what: Known): void => {
    known.set(hashOf(jpeg), what)
  }
  const harness: Harness = {
    sessions,
    judged,
    know,
    knownOf: (jpeg) => known.get(hashOf(jpeg))!,
    advance: (ms) => {
      clock.ms += ms
    },
    asked: [],
    async film({ id, nonce, capture }, film = {}, subject = 'ann') {
      const { scene = {}, margin = 4, at = (_, moved) => moved, quality = 92, change = (shots) => shots } = film
      // Each take is another moment: the person stands a little elsewhere, as people do.
      const take = seed++
      const stand = { x: SCENE.x + 0.06 * Math.sin(take * 2.1), y: SCENE.y + 0.04 * Math.cos(take * 1.7) }
      const base: Scene = { ...SCENE, ...stand, ...scene }
      const all: Shot[] = []
      const steps: Step[] = []
      let pose: Pose = { size: base.size, yaw: base.yaw }
      let timeMs = 1000
      for (let step: Step | null | undefined; step !== null; ) {
        const end = step === undefined ? pose : poseOf(film.kind ?? step.kind, base, pose)
        const count = step?.frames ?? capture.holdFrames
        const shots: Shot[] = []
        for (let i = 0; i < count; i++) {
          const index = all.length + i
          const part = Math.min(1, i / (count < 5 ? 2 : 3))
          const between = (key: keyof Pose): number => pose[key] + part * (end[key] - pose[key])
          const sway = { x: base.x + 0.004 * Math.sin(take + index * 1.3), y: base.y + 0.003 * Math.cos(take + index) }
          const moved = { ...base, ...sway, size: between('size'), yaw: between('yaw'), noise: take * 1000 + index }
          const { jpeg, face } = await photograph(at(index, moved), quality)
          know(jpeg, { faces: [face], margin })
          // A page's timers are late by a few milliseconds, never early.
          shots.push({ jpeg, timeMs: timeMs + i * (capture.intervalMs + 3) + ((index * 7) % 5) })
        }
        pose = end
        const changed = await change(shots, steps.length)
        const frames = changed.map((shot, i) => ({
          timeMs: shot.timeMs,
          digest: digestOf(nonce, all.length + i, shot.timeMs, shot.jpeg),
        }))
        all.push(...changed)
        const taken = shots.at(-1)!.timeMs + capture.intervalMs - timeMs
        clock.ms += taken + (steps.length === 0 ? 1000 : 500)
        timeMs += taken + 500
        if (film.upTo !== undefined && steps.length > film.upTo) break
        const body = { version: 2, nonce, step: steps.length, frames }
        const mirrored = steps.length === 0 && film.mirrored !== undefined ? { mirrored: film.mirrored } : {}
        step = (await sessions.commit(id, { ...body, ...mirrored }, { subject })).step
        if (step !== null) steps.push(step)
      }
      harness.asked = steps
      return all
    },
  }
  return harness
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

type Pose = Pick<Scene, 'size' | 'yaw'>

/** Where a movement ends. Who turns after moving closer stays close. */
function poseOf(kind: ChallengeKind | 'none', base: Pose, before: Pose): Pose {
  if (kind === 'none') return before
  if (kind === 'move-closer') return { size: base.size * 1.35, yaw: base.yaw }
  return { size: before.size, yaw: base.yaw + (kind === 'turn-left' ? 0.5 : -0.5) }
}

/** What the client of PROTOCOL.md sends. */
export function submissionOf(
  { nonce }: Pick<StartedSession, 'nonce'>,
  shots: readonly Shot[],
  extra: object = {},
): Submission {
  return { meta: { version: 2, nonce, ...extra }, frames: shots.map(({ jpeg }) => jpeg) }
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
