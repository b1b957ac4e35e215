/** Session mode: guide the person, take the frames the server asked for at its pace, send them, pass its answer on. */
import { LivenessError, type LivenessResult, REASONS, toLivenessError } from '@unspoof/core'
import type { CameraTrack } from '../camera/camera.ts'
import { videoFrames } from '../camera/frames.ts'
import type { WebLiveness } from '../liveness.ts'
import type { SessionClient, SessionResult, SessionTicket } from '../session-client.ts'
import { captureSteps } from './capture.ts'
import type { Advice } from './guide.ts'
import type { FlowState } from './state.ts'

export interface SessionRun {
  readonly client: SessionClient
  /** Loaded models that guide the person; undefined goes straight to capturing. */
  readonly guide: WebLiveness | undefined
  readonly video: HTMLVideoElement
  /** What to tell the person after a frame. */
  readonly advise: (result: LivenessResult) => Advice
  readonly track: CameraTrack | undefined
  readonly signal: AbortSignal
  readonly update: (change: Partial<FlowState>) => void
}

/** Milliseconds kept back for the held frames when the person takes long to find the right place. */
const RESERVE_MS = 5_000

/** Milliseconds a person without guidance gets to find the oval, and the camera its exposure. */
const UNGUIDED_MS = 1_500

/** Frames in a row in which nothing is wrong before the capture begins. */
const STEADY_FRAMES = 3

export async function runSession(run: SessionRun): Promise<SessionResult | undefined> {
  const { client, track, signal, update } = run
  update({ status: 'checking', hint: 'loading', progress: 0 })
  const ticket = await client.start(signal)
  if (!(await guidePerson(run, ticket))) return undefined
  const frames = await captureSteps(run, ticket)
  if (frames === undefined) return undefined
  update({ status: 'submitting', hint: 'submitting', progress: 1, challenge: undefined, step: undefined })
  return client.submit(ticket, frames, { ...(track === undefined ? {} : { track }), signal })
}

/** True once the face is well in the image; false when the time for that is over. */
async function guidePerson(
  { guide, advise, video, signal, update }: SessionRun,
  ticket: SessionTicket,
): Promise<boolean> {
  update({ hint: 'centre-face' })
  const { holdFrames, intervalMs } = ticket.capture
  const deadline = ticket.expiresAt - RESERVE_MS - 2 * holdFrames * intervalMs
  const placed = performance.now() + UNGUIDED_MS
  let steady = 0
  let guided = guide
  for await (const frame of videoFrames(video, { signal, intervalMs: 100 })) {
    if (performance.now() > deadline) return false
    const result = await guided?.check(frame, { crops: 1, signal }).catch((error: unknown) => {
      if (!signal.aborted) update({ warning: toLivenessError(error, 'MODEL_UNAVAILABLE', 'The guidance failed.') })
    })
    if (result === undefined) {
      // Without guidance, or when it broke off: the server judges all the same.
      guided = undefined
      if (performance.now() >= placed) return true
      continue
    }
    // What the models think of the person is the server's matter; only what can be seen badly holds the capture up.
    const { good, hint, placement } = advise(result)
    steady = good ? steady + 1 : 0
    update({ hint, placement, progress: steady / STEADY_FRAMES })
    if (steady >= STEADY_FRAMES) return true
  }
  throw new LivenessError('ABORTED', 'The check was given up.')
}

/** The answer where the person never got well into the image, or a step took too long: no frame was sent. */
export const TIMED_OUT = {
  verdict: 'retry',
  code: 'RETRY',
  reasons: ['timed-out'],
  hint: REASONS['timed-out'],
} as const
