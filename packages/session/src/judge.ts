/** Judges the frames of one submission. Read it from top to bottom: first what costs nothing, then attacks, then faults, then `live`. */
import {
  grantLive,
  LivenessError,
  type LivenessResult,
  type Reason,
  reason,
  type SequenceResult,
  type Verdict,
} from '@unspoof/core'
import type { TrackInfo } from '@unspoof/core/protocol'
import { type Answer, type AnswerFrame, judgeAnswer } from './challenge/answer.ts'
import { type DepthVerdict, measureSessionDepth } from './depth/measure-depth.ts'
import { type Evidence, gatherEvidence } from './evidence.ts'
import { continuityReason, fastTurnReason, strangerReason } from './frames/continuity.ts'
import { frozenReason } from './frames/frozen.ts'
import type { SeenFrames } from './frames/seen-frames.ts'
import { timingReason } from './frames/timing.ts'
import { type InjectionReport, injectionReport } from './injection/signals.ts'
import type { ResolvedSessionsOptions } from './options.ts'
import type { ReferenceFrame } from './records.ts'
import type { ReadySession } from './submit.ts'

export interface JudgeInput {
  readonly session: ReadySession
  readonly images: readonly Uint8Array[]
  readonly track: TrackInfo | undefined
  readonly signal: AbortSignal
}

export interface Judgement {
  readonly verdict: Exclude<Verdict, 'not-checked'>
  /** The verdict is `live`. */
  readonly granted: boolean
  readonly reasons: readonly Reason[]
  readonly liveProbability: number | null
  readonly models: readonly { readonly id: string; readonly version: string }[]
  readonly injection: InjectionReport | null
  /** Only where granted. */
  readonly reference: ReferenceFrame | null
}

/** @throws what decoding and judging throw; FRAMES_INVALID, IMAGE_TOO_LARGE, MODEL_OUTPUT */
export async function judgeSubmission(
  options: ResolvedSessionsOptions,
  seenFrames: SeenFrames | undefined,
  { session, images, track, signal }: JudgeInput,
): Promise<Judgement> {
  const { record, commits, id } = session
  const untimely = timingReason(commits, record.intervalMs)
  if (untimely !== undefined) return refuse('retry', [untimely], NOTHING)

  const { operatingPoint } = record
  const moves = commits[0].plan.length > 0
  const minJudged = Math.max(3, Math.ceil(images.length / 2))
  const { evidence, sequence } = await gatherEvidence(options, { images, operatingPoint, minJudged, moves, signal })
  if (evidence.length < images.length) return refuse('retry', [...sequence.reasons, reason('timed-out')], NOTHING)
  const threshold = thresholdOf(sequence, operatingPoint)

  const injection = injectionOf(options, evidence, images, session, track)
  const measured = { liveProbability: sequence.liveProbability, models: modelsOf(sequence.results), injection }

  // Remembered whatever the verdict, so that a refused recording is known, too.
  const hashes = evidence.map(({ hash }) => hash)
  const seen = await seenFrames?.check(id, hashes)

  const faces = evidence.flatMap(({ judged }) => judged?.continuity ?? [])
  const heldCount = evidence.slice(0, record.holdFrames).filter(({ judged }) => judged?.continuity !== undefined).length
  const suspected = options.injectionBound !== undefined && injection.suspicion >= options.injectionBound
  const attacks = present([
    ...(sequence.verdict === 'spoof' ? sequence.reasons : []),
    continuityReason(faces),
    suspected ? reason('attack-suspected') : undefined,
  ])
  if (attacks.length > 0) return refuse('spoof', attacks, measured)

  const answer = answerOf(session, evidence, threshold)
  const faults = present([
    fastTurnReason(faces),
    strangerReason(faces.slice(0, heldCount), faces.slice(heldCount)),
    frozenReason(evidence),
    seen?.seen === true ? reason('frames-seen-before', { value: seen.matches, bound: seen.bound }) : undefined,
    evidence.flatMap(({ decodeReasons }) => decodeReasons)[0],
    ...(sequence.verdict === 'retry' ? sequence.reasons : []),
    answerReason(answer, session, evidence),
    depthReason(options, session, evidence, answer),
  ])
  if (faults.length > 0) return refuse('retry', faults, measured)

  const judged = sequence.results.filter(({ liveProbability }) => liveProbability !== null).length
  const claimed = sequence.verdict === 'live' && judged >= minJudged && measured.models.length > 0
  if (!claimed) return refuse('retry', [reason('undecided')], measured)
  const reference = referenceOf(evidence.slice(0, record.holdFrames), threshold)
  const live = grantLive({ probability: sequence.liveProbability, threshold })
  if (live === undefined || reference === undefined) return refuse('retry', [reason('undecided')], measured)
  return { ...measured, verdict: live, granted: true, reasons: [], reference }
}

const NOTHING = { liveProbability: null, models: [], injection: null } as const

function refuse(
  verdict: 'spoof' | 'retry',
  reasons: readonly Reason[],
  measured: Pick<Judgement, 'liveProbability' | 'models' | 'injection'>,
): Judgement {
  return { ...measured, verdict, granted: false, reasons, reference: null }
}

function present(reasons: readonly (Reason | undefined)[]): Reason[] {
  return reasons.filter((found) => found !== undefined)
}

/** The threshold of the session's operating point. It asks again what the model claims: every frame judged at that point. */
function thresholdOf({ results }: SequenceResult, operatingPoint: string): number {
  const points = results
    .filter(({ liveProbability }) => liveProbability !== null)
    .map((result) => result.operatingPoint)
  if (points.some(({ name }) => name !== operatingPoint)) {
    throw new LivenessError(
      'MODEL_OUTPUT',
      'The frames were judged at another operating point than the session asked for.',
    )
  }
  return points.length === 0 ? Number.NaN : Math.max(...points.map(({ threshold }) => threshold))
}

function injectionOf(
  { capture }: ResolvedSessionsOptions,
  evidence: readonly Evidence[],
  images: readonly Uint8Array[],
  { commits }: ReadySession,
  track: TrackInfo | undefined,
): InjectionReport {
  const { width, height } = evidence[0]!
  return injectionReport({
    track,
    steps: commits.map(({ frames }) => frames.map(({ timeMs }) => timeMs)),
    images,
    width,
    height,
    grids: evidence.map(({ grid }) => grid),
    quality: capture.quality * 100,
  })
}

/** Whether the frame proves something: the model judged it, and found it live by itself. */
function proves(result: LivenessResult | undefined, threshold: number): boolean {
  const probability = result?.verdict === 'live' ? result.liveProbability : null
  return grantLive({ probability, threshold }) !== undefined
}

function answerOf({ commits }: ReadySession, evidence: readonly Evidence[], threshold: number): Answer {
  let at = 0
  const [held, ...moved] = commits.map(({ frames }) =>
    frames.map(({ timeMs }): AnswerFrame => {
      const judged = evidence[at++]!.judged
      return { face: judged?.face, timeMs, proves: proves(judged?.result, threshold) }
    }),
  )
  const { plan, mirrored } = commits[0]
  return judgeAnswer({ held: held!, steps: plan.map(({ kind }, i) => ({ kind, frames: moved[i]! })), mirrored })
}

/** A frame that proves nothing names its gate, such as `blurred`; everything else is one reason for the person. */
function answerReason(
  { fault, step }: Answer,
  { commits }: ReadySession,
  evidence: readonly Evidence[],
): Reason | undefined {
  if (fault === undefined) return undefined
  if (fault !== 'unproven') return reason('challenge-failed')
  const first = commits.slice(0, step).reduce((sum, { frames }) => sum + frames.length, 0)
  const frames = evidence.slice(first, first + commits[step]!.frames.length)
  const gates = frames.flatMap(({ judged }) => (judged?.result.verdict === 'retry' ? judged.result.reasons : []))
  return gates[0] ?? reason('undecided')
}

/** A flat image that moved did not do what was asked for; where no movement tells, others are asked for. */
function depthReason(
  { landmarker }: ResolvedSessionsOptions,
  session: ReadySession,
  evidence: readonly Evidence[],
  answer: Answer,
): Reason | undefined {
  if (landmarker === null || answer.fault !== undefined || answer.reached.length === 0) return undefined
  const depth = depthOf(session, evidence, answer)
  if (depth === 'deep') return undefined
  return reason(depth === 'flat' ? 'challenge-failed' : 'undecided')
}

/** Whether a head or a flat image moved; `unknown` where depth is not measured. */
function depthOf({ commits }: ReadySession, evidence: readonly Evidence[], { reached }: Answer): DepthVerdict {
  const frames = evidence.map(({ judged }) => judged?.depth)
  let first = commits[0].frames.length
  const held = frames.slice(0, first).map((_, i) => i)
  const movements = reached.map((flags, i) => {
    const at = flags.flatMap((isReached, k) => (isReached ? [first + k] : []))
    first += flags.length
    return { kind: commits[0].plan[i]!.kind, frames: at }
  })
  return measureSessionDepth(frames, held, movements).verdict
}

/** Of the held frames that prove something the one that looks straightest ahead. */
function referenceOf(held: readonly Evidence[], threshold: number): ReferenceFrame | undefined {
  const good = held.flatMap(({ judged, sha256 }, index) =>
    proves(judged?.result, threshold) ? [{ index, sha256, yaw: Math.abs(judged?.face?.yaw ?? 0) }] : [],
  )
  const best = good.sort((a, b) => a.yaw - b.yaw)[0]
  return best === undefined ? undefined : { index: best.index, sha256: best.sha256 }
}

function modelsOf(results: readonly LivenessResult[]): { id: string; version: string }[] {
  const models = new Map<string, { id: string; version: string }>()
  for (const { id, version } of results.flatMap(({ model }) => model)) models.set(`${id}@${version}`, { id, version })
  return [...models.values()]
}
