/** The sequential decision over video frames: evidence adds up, and it stops as early as it is sure. */
import type { Face } from '../face/face.ts'
import { iou } from '../image/box.ts'
import type { Frame } from '../image/frame.ts'
import type { CheckOptions } from '../options.ts'
import { checkInteger } from '../validate.ts'
import { logit, sigmoid } from './calibration.ts'
import { grantLive } from './grant.ts'
import { type Reason, type ReasonCode, reason } from './reasons.ts'
import type { LivenessResult, OperatingPoint, Verdict } from './result.ts'

export const SEQUENCE_DEFAULTS = { maxFrames: 30, minFrames: 3, maxDurationMs: 20_000 } as const

export const SEQUENCE_RANGES = {
  maxFrames: { min: 1, max: 1000 },
  minFrames: { min: 1, max: 1000 },
  maxDurationMs: { min: 100, max: 600_000 },
} as const

/** Options of {@link Liveness.checkSequence}; `timeoutMs` and `signal` hold for each frame. */
export interface SequenceOptions extends CheckOptions {
  /** Frames read at most. @default {@link SEQUENCE_DEFAULTS.maxFrames} */
  readonly maxFrames?: number
  /** Frames that must be judged before `live` is possible. @default {@link SEQUENCE_DEFAULTS.minFrames} */
  readonly minFrames?: number
  /** Milliseconds until an undecided sequence is answered `retry` with `timed-out`. @default {@link SEQUENCE_DEFAULTS.maxDurationMs} */
  readonly maxDurationMs?: number
  /** False reads and judges every frame, for callers that need each frame's face (sessions). @default true */
  readonly stopEarly?: boolean
  /** Called after each frame, for progress. */
  readonly onFrame?: (result: LivenessResult, index: number) => void
}

export interface SequenceResult {
  readonly verdict: Verdict
  /** Calibrated P(live) given every judged frame, 0..1; `null` where none was judged. */
  readonly liveProbability: number | null
  readonly reasons: readonly Reason[]
  /** One sentence for the person; empty for `live`. */
  readonly hint: string
  /** Frames read, frames judged, and exact repeats of the frame before (which are no evidence). */
  readonly frames: { readonly read: number; readonly judged: number; readonly repeated: number }
  readonly results: readonly LivenessResult[]
}

/**
 * How much frames of one video repeat each other: the intraclass correlation of their log-odds. n frames weigh as much
 * as `n / (1 + (n - 1) * CORRELATION)` independent ones (Kish 1965, design effect).
 */
const CORRELATION = 0.6

/** Log-odds at which a sequence is sure enough to stop early (Wald 1945, SPRT): 1 % wrong `live`, 5 % wrong `spoof`. */
const SURE_LIVE = Math.log(0.99 / 0.01)
const SURE_SPOOF = Math.log(0.05 / 0.95)

/** One frame, however extreme, counts at most this many log-odds. */
const MAX_LOGIT = 6

/** Share of exact repeats above which the camera is called frozen. Videos of variable rate repeat a few frames honestly. */
const MAX_REPEATED = 0.5

export interface SequenceParts<Input> {
  readonly frames: AsyncIterable<Input>
  readonly judge: (input: Input) => Promise<{ readonly frame: Frame | undefined; readonly result: LivenessResult }>
  /** The sequence's probability is compared with its thresholds. */
  readonly point: Pick<OperatingPoint, 'threshold' | 'spoofBelow'>
  readonly options: Pick<SequenceOptions, 'maxFrames' | 'minFrames' | 'maxDurationMs' | 'stopEarly' | 'onFrame'>
}

/** @throws LivenessError OPTION_INVALID, and what `judge` throws: a frame that cannot be judged for a technical reason ends the sequence. */
export async function decideSequence<Input>({
  frames,
  judge,
  point,
  options,
}: SequenceParts<Input>): Promise<SequenceResult> {
  const maxFrames = checkInteger(
    'maxFrames',
    options.maxFrames ?? SEQUENCE_DEFAULTS.maxFrames,
    SEQUENCE_RANGES.maxFrames,
  )
  const minFrames = checkInteger(
    'minFrames',
    options.minFrames ?? SEQUENCE_DEFAULTS.minFrames,
    SEQUENCE_RANGES.minFrames,
  )
  const maxDurationMs = checkInteger(
    'maxDurationMs',
    options.maxDurationMs ?? SEQUENCE_DEFAULTS.maxDurationMs,
    SEQUENCE_RANGES.maxDurationMs,
  )
  const ends = performance.now() + maxDurationMs
  const state = new SequenceState(point, minFrames)
  const iterator = frames[Symbol.asyncIterator]()
  try {
    while (state.read < maxFrames) {
      const next = await before(ends, iterator.next())
      if (next === TOO_LATE) return state.finish('timed-out')
      if (next.done) break
      const { frame, result } = await judge(next.value)
      state.add(frame, result)
      options.onFrame?.(result, state.read - 1)
      const decided = options.stopEarly === false ? undefined : state.early()
      if (decided !== undefined) return decided
    }
    return state.finish()
  } finally {
    // Not awaited: a camera that hangs must not keep the answer from the caller.
    void iterator.return?.()?.then(undefined, () => undefined)
  }
}

function frameLogit(liveProbability: number): number {
  return Math.max(-MAX_LOGIT, Math.min(MAX_LOGIT, logit(liveProbability)))
}

/** Log-odds of live given all judged frames, at equal prior odds. */
function evidenceOf(logits: readonly number[]): number {
  const n = logits.length
  const mean = logits.reduce((sum, value) => sum + value, 0) / n
  return mean * (n / (1 + (n - 1) * CORRELATION))
}

/**
 * What {@link decideSequence} makes, by default, of frames whose probabilities are known: for measuring videos without judging them
 * again. Frozen and changing faces are not seen, since that takes the pixels.
 * @param liveProbabilities of the frames in order, 0..1; `null` where a frame gave none
 * @returns the probability at which the sequence ends, `null` where too few frames were judged. For thresholds between those
 * at which a sequence stops early (0.05 and 0.99) it is `live` if and only if this reaches the threshold.
 */
export function sequenceProbability(liveProbabilities: readonly (number | null)[]): number | null {
  const { maxFrames, minFrames } = SEQUENCE_DEFAULTS
  const logits: number[] = []
  for (const probability of liveProbabilities.slice(0, maxFrames)) {
    if (probability === null) continue
    logits.push(frameLogit(probability))
    const evidence = evidenceOf(logits)
    if (logits.length >= minFrames && (evidence >= SURE_LIVE || evidence <= SURE_SPOOF)) break
  }
  return logits.length < minFrames ? null : sigmoid(evidenceOf(logits))
}

class SequenceState {
  read = 0
  readonly #point: SequenceParts<unknown>['point']
  readonly #minFrames: number
  readonly #results: LivenessResult[] = []
  readonly #logits: number[] = []
  readonly #retries = new Map<ReasonCode, { reason: Reason; count: number }>()
  #repeated = 0
  #changed = false
  #lastFrame: Frame | undefined
  #lastFace: Face | undefined

  constructor(point: SequenceParts<unknown>['point'], minFrames: number) {
    this.#point = point
    this.#minFrames = minFrames
  }

  add(frame: Frame | undefined, result: LivenessResult): void {
    this.read++
    this.#results.push(result)
    const repeated = frame !== undefined && this.#lastFrame !== undefined && samePixels(frame, this.#lastFrame)
    this.#lastFrame = frame ?? this.#lastFrame
    if (repeated) {
      this.#repeated++
      return
    }
    if (result.liveProbability === null || result.face === null) {
      for (const why of result.reasons) {
        const seen = this.#retries.get(why.code)
        this.#retries.set(why.code, { reason: why, count: (seen?.count ?? 0) + 1 })
      }
      return
    }
    if (this.#lastFace !== undefined && jumped(this.#lastFace, result.face)) this.#changed = true
    this.#lastFace = result.face
    this.#logits.push(frameLogit(result.liveProbability))
  }

  get #evidence(): number {
    return evidenceOf(this.#logits)
  }

  early(): SequenceResult | undefined {
    if (this.#changed) return this.#answer('spoof', [reason('face-changed')])
    if (this.#logits.length < this.#minFrames || this.#frozen) return undefined
    const evidence = this.#evidence
    const live = evidence >= SURE_LIVE ? this.#live() : undefined
    if (live !== undefined) return this.#answer(live, [])
    if (evidence <= SURE_SPOOF && evidence < this.#spoofBound)
      return this.#answer('spoof', [reason('attack-suspected')])
    return undefined
  }

  /** The answer when no more frames come. */
  finish(why?: 'timed-out'): SequenceResult {
    if (this.#changed) return this.#answer('spoof', [reason('face-changed')])
    if (this.#frozen)
      return this.#answer('retry', [
        reason('frozen-frames', { value: this.#repeated / this.read, bound: MAX_REPEATED }),
      ])
    if (this.#logits.length < this.#minFrames) {
      const common = [...this.#retries.values()].sort((a, b) => b.count - a.count)[0]?.reason
      const few = reason('too-few-frames', { value: this.#logits.length, bound: this.#minFrames })
      return this.#answer('retry', [
        ...(common === undefined ? [] : [common]),
        ...(why === undefined ? [few] : [reason(why)]),
      ])
    }
    const evidence = this.#evidence
    const live = this.#live()
    if (live !== undefined) return this.#answer(live, [])
    // NaN falls through to retry.
    if (evidence < Math.min(0, this.#spoofBound)) return this.#answer('spoof', [reason('attack-suspected')])
    return this.#answer('retry', [reason(why ?? (this.#point.spoofBelow === undefined ? 'undecided' : 'uncertain'))])
  }

  /** Log-odds below which the sequence may be `spoof`. */
  get #spoofBound(): number {
    return logit(this.#point.spoofBelow ?? this.#point.threshold)
  }

  #live(): 'live' | undefined {
    return grantLive({ probability: sigmoid(this.#evidence), threshold: this.#point.threshold })
  }

  get #frozen(): boolean {
    return this.#repeated / this.read > MAX_REPEATED
  }

  #answer(verdict: Verdict, reasons: readonly Reason[]): SequenceResult {
    return {
      verdict,
      liveProbability: this.#logits.length === 0 ? null : sigmoid(this.#evidence),
      reasons,
      hint: reasons[0]?.hint ?? '',
      frames: { read: this.read, judged: this.#logits.length, repeated: this.#repeated },
      results: this.#results,
    }
  }
}

/** Between two frames of a video a face neither leaves its own place altogether nor doubles its size. */
function jumped(before: Face, after: Face): boolean {
  const ratio = after.box.width / before.box.width
  return iou(before.box, after.box) === 0 || ratio > 2 || ratio < 0.5
}

/** A sensor never gives the same pixels twice; 4,096 samples tell as surely as all of them. */
function samePixels(a: Frame, b: Frame): boolean {
  if (a.width !== b.width || a.height !== b.height || a.channels !== b.channels) return false
  const step = Math.max(1, Math.floor(a.data.length / 4096))
  for (let i = 0; i < a.data.length; i += step) {
    if (a.data[i] !== b.data[i]) return false
  }
  return true
}

const TOO_LATE: unique symbol = Symbol('too late')

async function before<T>(ends: number, promise: Promise<T>): Promise<T | typeof TOO_LATE> {
  let timer: ReturnType<typeof setTimeout> | undefined
  try {
    return await Promise.race([
      promise,
      new Promise<typeof TOO_LATE>((resolve) => {
        timer = setTimeout(() => resolve(TOO_LATE), Math.max(0, ends - performance.now()))
      }),
    ])
  } finally {
    clearTimeout(timer)
  }
}
