/** Session mode: guide the person, take the frames the server asked for at its pace, send them, pass its answer on. */
import { LivenessError, type LivenessResult, REASONS, toLivenessError } from '@unspoof/core'
import type { CameraTrack } from '../camera/camera.ts'
import { createJpegCapture } from '../camera/capture-jpeg.ts'
import { videoFrames } from '../camera/frames.ts'
import type { WebLiveness } from '../liveness.ts'
import type { CapturedFrame, SessionClient, SessionResult, SessionTicket } from '../session-client.ts'
import type { Advice } from './guide.ts'
import type { FlowState, FlowStep } from './state.ts'

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

/** Milliseconds kept back for taking and sending the frames when the person takes long to find the right place. */
const RESERVE_MS = 20_000

/** Milliseconds a person without guidance gets to find the oval, and the camera its exposure. */
const UNGUIDED_MS = 1_500

/** Frames in a row in which nothing is wrong before the capture begins. */
const STEADY_FRAMES = 3

/**
 * From the last held frame to the next one, in intervals: a frame more of the person who reads would tell nothing, and at the default pace this leaves two and a
 * half seconds to read and move.
 */
const READING_GAP = 2

/** Longest gap between two frames that the server accepts, in intervals: PROTOCOL.md of @unspoof/session. */
const MAX_GAP = 4

export async function runSession(run: SessionRun): Promise<SessionResult | undefined> {
  const { client, video, track, signal, update } = run
  update({ status: 'checking', hint: 'loading', progress: 0 })
  const ticket = await client.start(signal)
  if (!(await guidePerson(run, ticket))) return undefined
  const frames = await captureFrames(ticket, video, signal, update)
  update({ status: 'submitting', hint: 'submitting', progress: 1, challenge: undefined, step: undefined })
  return client.submit(ticket, frames, { ...(track === undefined ? {} : { track }), signal })
}

/** True once the face is well in the picture; false when the time for that is over. */
async function guidePerson(
  { guide, advise, video, signal, update }: SessionRun,
  ticket: SessionTicket,
): Promise<boolean> {
  update({ hint: 'centre-face' })
  const { frames, intervalMs } = ticket.capture
  const deadline = ticket.expiresAt - RESERVE_MS - 2 * frames * intervalMs
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

async function captureFrames(
  ticket: SessionTicket,
  video: HTMLVideoElement,
  signal: AbortSignal,
  update: (change: Partial<FlowState>) => void,
): Promise<CapturedFrame[]> {
  const { capture, challenge, receivedAt } = ticket
  const jpeg = createJpegCapture({ maxSide: Math.max(capture.width, capture.height), quality: capture.quality })
  const pending: Promise<CapturedFrame>[] = []
  let last = Infinity
  update({ status: 'capturing', hint: 'hold-still', progress: 0 })
  for await (const frame of videoFrames(video, { signal, intervalMs: capture.intervalMs })) {
    const timeMs = Math.round(performance.now() - receivedAt)
    const stalled = timeMs - last > MAX_GAP * capture.intervalMs
    const reads = challenge.kind !== 'none' && pending.length === capture.holdFrames
    // Half an interval less, since frames come when the camera has one.
    if (reads && timeMs - last < (READING_GAP - 0.5) * capture.intervalMs) continue
    // Frames around a device's hiccup would be refused. Until the challenge is shown, and while there is time, others can be taken.
    if (stalled && pending.length < capture.holdFrames && performance.now() < ticket.expiresAt - RESERVE_MS)
      pending.length = 0
    last = timeMs
    // Encoded while the next frames are taken; a failure is kept until all are there.
    const taken = jpeg.capture(frame).then((blob) => ({ timeMs, jpeg: blob }))
    taken.catch(() => undefined)
    pending.push(taken)
    const count = pending.length
    update({ progress: count / capture.frames, step: stepOf(ticket, count) })
    if (count === capture.holdFrames && challenge.kind !== 'none') {
      update({ challenge: challenge.kind, hint: challenge.kind })
    }
    if (count === capture.frames) return Promise.all(pending)
  }
  throw new LivenessError('ABORTED', 'The check was given up.')
}

/** The step in which the next frame is taken. */
function stepOf({ capture, challenge, expiresAt }: SessionTicket, count: number): FlowStep {
  const moving = challenge.kind !== 'none' && count >= capture.holdFrames
  const [first, frames] = moving
    ? [capture.holdFrames, capture.frames - capture.holdFrames]
    : [0, challenge.kind === 'none' ? capture.frames : capture.holdFrames]
  const taken = (count - first) / frames
  return {
    kind: moving ? (challenge.kind as FlowStep['kind']) : 'hold',
    index: moving ? 1 : 0,
    of: moving ? 1 : undefined,
    phase: moving ? 'reach' : 'stay',
    progress: taken,
    taken,
    timeLeftMs: Math.max(0, expiresAt - performance.now()),
  }
}

/** The answer where the person never got well into the picture: nothing was sent, no try was used up. */
export const TIMED_OUT = {
  verdict: 'retry',
  code: 'RETRY',
  reasons: ['timed-out'],
  hint: REASONS['timed-out'],
} as const
