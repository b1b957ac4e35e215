/** Takes the frames of one step after another, at the server's pace, and commits to them before it hears of the next step. */
import { LivenessError, toLivenessError } from '@unspoof/core'
import { FRAME_GAP, type Step } from '@unspoof/core/protocol'
import { createJpegCapture } from '../camera/capture-jpeg.ts'
import { videoFrames } from '../camera/frames.ts'
import type { CapturedFrame, SessionTicket } from '../session-client.ts'
import type { SessionRun } from './session.ts'
import type { FlowStep } from './state.ts'
import { createTracker, type Tracker } from './tracker.ts'

/** Intervals from the instruction to the first frame of a movement: a frame of the person who reads would tell nothing. */
const READING = 2

/** Last frames of a movement, which show its end position. They wait for the person as long as the server accepts. */
const STAYING = 3

/** Milliseconds kept back for the commit. */
const COMMIT_MS = 1500

/** @returns all frames, committed; undefined where a step took longer than the server allows. */
export async function captureSteps(run: SessionRun, ticket: SessionTicket): Promise<CapturedFrame[] | undefined> {
  const { capture } = ticket
  const jpeg = createJpegCapture({ maxSide: Math.max(capture.width, capture.height), quality: capture.quality })
  const tracker = createTracker(run.guide, run.signal, (error) =>
    run.update({ warning: toLivenessError(error, 'MODEL_UNAVAILABLE', 'The guidance failed.') }),
  )
  const frames: CapturedFrame[] = []
  let step: Step | null = null
  let expiresAt = ticket.expiresAt
  try {
    for (let index = 0; index === 0 || step !== null; index++) {
      const first = frames.length
      frames.push(...(await takeStep({ ...run, ticket, tracker, jpeg, step, expiresAt })))
      if (index === 0) tracker.hold()
      else tracker.next()
      const answer = await run.client.commit(ticket, { index, first, frames }, run.signal)
      step = answer.step
      expiresAt = answer.expiresAt
    }
  } catch (error) {
    // The person was too slow, not the page.
    if ((error as LivenessError).code === 'SESSION_EXPIRED') return undefined
    throw error
  }
  return frames
}

interface Take extends SessionRun {
  readonly ticket: SessionTicket
  readonly tracker: Tracker
  readonly jpeg: ReturnType<typeof createJpegCapture>
  /** `null` for the held frames. */
  readonly step: Step | null
  readonly expiresAt: number
}

async function takeStep(take: Take): Promise<CapturedFrame[]> {
  const { ticket, tracker, jpeg, step, video, signal, update } = take
  const wanted = step?.frames ?? ticket.capture.holdFrames
  const pending: Promise<CapturedFrame>[] = []
  // The time to read begins when the movement is shown.
  let last = step === null ? -Infinity : performance.now() - ticket.receivedAt
  show(take, 0, undefined)
  for await (const frame of videoFrames(video, { signal })) {
    const timeMs = Math.round(performance.now() - ticket.receivedAt)
    tracker.look(frame)
    const progress = step === null ? undefined : tracker.progress(step.kind)
    if (timeMs - last < waitMs(take, wanted - pending.length, progress)) {
      if (step !== null) show(take, pending.length / wanted, progress)
      continue
    }
    // The server refuses frames around a hiccup of the device. Held frames can be taken again while there is time.
    const stalled = timeMs - last > FRAME_GAP.max * ticket.capture.intervalMs
    if (step === null && stalled && pending.length > 0 && performance.now() < take.expiresAt - COMMIT_MS)
      pending.length = 0
    last = timeMs
    // Encoded while the next frames are taken; a failure is kept until all are there.
    const taken = jpeg.capture(frame).then((blob) => ({ timeMs, jpeg: blob }))
    taken.catch(() => undefined)
    pending.push(taken)
    show(take, pending.length / wanted, progress)
    if (pending.length === wanted) return Promise.all(pending)
  }
  update({ step: undefined })
  throw new LivenessError('ABORTED', 'The check was given up.')
}

/** Milliseconds from the last frame to the next, of which so many are missing. */
function waitMs({ step, ticket, expiresAt }: Take, missing: number, progress: number | undefined): number {
  const { intervalMs } = ticket.capture
  // Half a frame of tolerance at 30 frames a second, or every interval would be rounded up to the next frame.
  const pace = intervalMs - 16
  if (step === null) return pace
  if (missing === step.frames) return Math.max(READING * intervalMs - intervalMs / 2, pace)
  const reached = progress !== undefined && progress >= 1
  const hurries = performance.now() > expiresAt - COMMIT_MS - missing * intervalMs
  if (reached || hurries) return pace
  const longest = (FRAME_GAP.max - 1) * intervalMs
  // Without landmarks nobody knows when the position is reached: the frames on the way give the time for it.
  if (progress === undefined) return missing > STAYING ? longest : pace
  return missing > STAYING ? pace : longest
}

function show({ step, expiresAt, update }: Take, taken: number, progress: number | undefined): void {
  const index = step?.index ?? 0
  const of = step?.of
  const reached = progress === undefined ? false : progress >= 1
  const shown: FlowStep = {
    kind: step?.kind ?? 'hold',
    index,
    of,
    phase: step === null || reached ? 'stay' : 'reach',
    progress: progress ?? taken,
    taken,
    timeLeftMs: Math.max(0, Math.round(expiresAt - performance.now())),
  }
  update({
    status: 'capturing',
    hint: step === null || reached ? 'hold-still' : step.kind,
    challenge: step?.kind,
    step: shown,
    // Two movements are the fewest a server asks for by default.
    progress: (index + taken) / ((of ?? 2) + 1),
  })
}
