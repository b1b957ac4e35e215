/** Judges the frames of one submission: one pass over the pictures, then every check over what was kept of them. */
import {
  type Frame,
  grantLive,
  LivenessError,
  type LivenessResult,
  lumaGrid,
  type PerceptualHash,
  perceptualHash,
  type Reason,
  reason,
  type SequenceResult,
  type Verdict,
} from '@unspoof/core'
import { toHex } from './bytes.ts'
import { challengeFault } from './challenge/challenge.ts'
import { type ContinuityFrame, continuityFrame, continuityReason, fastTurnReason } from './frames/continuity.ts'
import { type FaceGeometry, faceGeometry } from './frames/face-geometry.ts'
import { frozenReason } from './frames/frozen.ts'
import type { SeenFrames } from './frames/seen-frames.ts'
import { timingReason } from './frames/timing.ts'
import { type InjectionReport, injectionReport } from './injection/signals.ts'
import { FRAME_SIDE, type ResolvedSessionsOptions } from './options.ts'
import type { SessionRecord } from './record.ts'
import type { SubmissionMeta } from './submission.ts'

/** Frames the model must have judged before `live` is possible: a clear picture or two must not vouch for a blurred rest. */
function minJudged(frames: number): number {
  return Math.max(3, Math.ceil(frames / 2))
}

/** Cameras make 4:3, 16:9 and at most 21:9. */
const MAX_ASPECT = 2.5

export interface JudgeInput {
  readonly id: string
  readonly record: SessionRecord
  readonly meta: SubmissionMeta
  readonly images: readonly Uint8Array[]
  /** Since the session was created, by the store's clock. */
  readonly elapsedMs: number
  readonly signal: AbortSignal
}

export interface Judgement {
  readonly verdict: Exclude<Verdict, 'not-checked'>
  readonly reasons: readonly Reason[]
  readonly liveProbability: number | null
  readonly models: readonly { readonly id: string; readonly version: string }[]
  readonly injection: InjectionReport | null
}

/** What is kept of a frame when its pixels are gone. */
interface Evidence {
  readonly width: number
  readonly height: number
  readonly grid: Float64Array
  readonly hash: PerceptualHash
  readonly sha256: string
  readonly decodeReasons: readonly Reason[]
  face: FaceGeometry | undefined
  continuity: ContinuityFrame | undefined
}

/** @throws what decoding and judging throw; FRAMES_INVALID, IMAGE_TOO_LARGE, MODEL_OUTPUT. */
export async function judgeSubmission(
  options: ResolvedSessionsOptions,
  seenFrames: SeenFrames | undefined,
  input: JudgeInput,
): Promise<Judgement> {
  const { record, meta, images, elapsedMs } = input
  // What needs no pixels comes first: it costs nothing to refuse.
  if (images.length < record.frames) {
    return retry([reason('too-few-frames', { value: images.length, bound: record.frames })])
  }
  const untimely = timingReason(meta.frames, record.intervalMs, elapsedMs)
  if (untimely !== undefined) return retry([untimely])

  const evidence: Evidence[] = []
  const sequence = await options.liveness.checkSequence(...sequenceOf(options, input, evidence))
  if (evidence.length < images.length) return retry([...sequence.reasons, reason('timed-out')])

  const { width, height } = evidence[0]!
  const injection = injectionReport({
    track: meta.track,
    timesMs: meta.frames.map(({ timeMs }) => timeMs),
    images,
    width,
    height,
    grids: evidence.map(({ grid }) => grid),
    quality: options.capture.quality * 100,
  })
  const common = { liveProbability: sequence.liveProbability, models: modelsOf(sequence.results), injection }

  // Hashes are remembered whatever the verdict, so that a refused video is known too.
  const seen = await seenFrames?.check(
    input.id,
    evidence.map(({ hash }) => hash),
  )

  const faces = evidence.flatMap(({ continuity }) => continuity ?? [])
  const attacks = [
    ...(sequence.verdict === 'spoof' ? sequence.reasons : []),
    continuityReason(faces),
    options.injectionBound !== undefined && injection.suspicion >= options.injectionBound
      ? reason('attack-suspected')
      : undefined,
  ].filter((found) => found !== undefined)
  if (attacks.length > 0) return { ...common, verdict: 'spoof', reasons: attacks }

  const fault = challengeFault({
    kind: record.challenge,
    frames: evidence.map(({ face }, i) => ({ face, timeMs: meta.frames[i]!.timeMs })),
    holdFrames: record.holdFrames,
    mirrored: meta.mirrored,
  })
  const faults = [
    fastTurnReason(faces),
    frozenReason(evidence),
    seen?.seen === true ? reason('frames-seen-before', { value: seen.matches, bound: seen.bound }) : undefined,
    ...evidence.flatMap(({ decodeReasons }) => decodeReasons).slice(0, 1),
    ...(sequence.verdict === 'live' ? [] : sequence.reasons),
    fault === undefined ? undefined : reason('challenge-failed'),
  ].filter((found) => found !== undefined)
  if (faults.length > 0) return { ...common, verdict: 'retry', reasons: faults }

  const live = liveOf(sequence, record)
  return live === undefined
    ? { ...common, verdict: 'retry', reasons: [reason('undecided')] }
    : { ...common, verdict: live, reasons: [] }
}

/** Feeds the pictures one by one, so that at most one frame's pixels are alive. */
function sequenceOf(
  options: ResolvedSessionsOptions,
  { record, images, signal }: JudgeInput,
  evidence: Evidence[],
): Parameters<ResolvedSessionsOptions['liveness']['checkSequence']> {
  let current: Frame
  async function* frames(): AsyncGenerator<Frame> {
    for (const image of images) {
      signal.throwIfAborted()
      const { frame, reasons } = await options.decode(image)
      // The camera of a browser makes no such pictures: animations, transparent ones, tiny ones.
      if (frame === undefined) throw new LivenessError('FRAMES_INVALID', 'Expected plain pictures of a camera.')
      evidence.push(await evidenceOf(image, frame, reasons ?? [], evidence[0]))
      current = frame
      yield frame
    }
  }
  const onFrame = (result: LivenessResult, index: number): void => {
    const seen = evidence[index]!
    seen.face = faceGeometry(result.face)
    seen.continuity = continuityFrame(current, result.face)
  }
  return [
    frames(),
    {
      operatingPoint: record.operatingPoint,
      faces: 'single',
      minFrames: minJudged(images.length),
      maxFrames: images.length,
      maxDurationMs: options.submitTimeoutMs,
      // Every frame is judged: the challenge is answered in the last ones.
      stopEarly: false,
      signal,
      onFrame,
    },
  ]
}

async function evidenceOf(
  image: Uint8Array,
  frame: Frame,
  decodeReasons: readonly Reason[],
  first: Evidence | undefined,
): Promise<Evidence> {
  const { width, height } = frame
  const side = Math.max(width, height)
  if (side > FRAME_SIDE.max)
    throw new LivenessError('IMAGE_TOO_LARGE', `Expected frames of at most ${FRAME_SIDE.max} pixels a side.`)
  if (side < FRAME_SIDE.min || Math.min(width, height) < side / MAX_ASPECT) {
    throw new LivenessError(
      'FRAMES_INVALID',
      `Expected frames of at least ${FRAME_SIDE.min} pixels on the longer side, and at most ${MAX_ASPECT} times as long as wide.`,
    )
  }
  if (first !== undefined && (first.width !== width || first.height !== height)) {
    throw new LivenessError('FRAMES_INVALID', 'Expected all frames to have one size.')
  }
  const grid = lumaGrid(frame)
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', image as Uint8Array<ArrayBuffer>)))
  return {
    width,
    height,
    grid,
    hash: perceptualHash(grid),
    sha256,
    decodeReasons,
    face: undefined,
    continuity: undefined,
  }
}

/** Asks again what the sequence claims: enough frames, at the session's own operating point, a probability that reaches it. */
function liveOf(sequence: SequenceResult, record: SessionRecord): 'live' | undefined {
  const judged = sequence.results.filter(({ liveProbability }) => liveProbability !== null)
  const points = judged.map(({ operatingPoint }) => operatingPoint)
  if (points.some(({ name }) => name !== record.operatingPoint)) {
    throw new LivenessError(
      'MODEL_OUTPUT',
      'The frames were judged at another operating point than the session asked for.',
    )
  }
  if (sequence.verdict !== 'live' || judged.length < minJudged(record.frames)) return undefined
  if (modelsOf(sequence.results).length === 0) return undefined
  const thresholds = points.map(({ threshold }) => threshold)
  if (!thresholds.every((threshold) => threshold > 0)) return undefined
  return grantLive({ probability: sequence.liveProbability, threshold: Math.max(...thresholds) })
}

function modelsOf(results: readonly LivenessResult[]): { id: string; version: string }[] {
  const models = new Map<string, { id: string; version: string }>()
  for (const { id, version } of results.flatMap(({ model }) => model)) models.set(`${id}@${version}`, { id, version })
  return [...models.values()]
}

function retry(reasons: readonly Reason[]): Judgement {
  return { verdict: 'retry', reasons, liveProbability: null, models: [], injection: null }
}
