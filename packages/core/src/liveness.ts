/** createLiveness(): the pipeline, read top to bottom. */
import { calibratedLogit } from './decide/calibration.ts'
import { decide, worstVerdict } from './decide/decide.ts'
import { type Reason, reason } from './decide/reasons.ts'
import {
  type FaceResult,
  type LivenessResult,
  type OperatingPoint,
  type Timings,
  VERDICT_CODES,
  type Verdict,
} from './decide/result.ts'
import { decideSequence, type SequenceOptions, type SequenceResult } from './decide/sequence.ts'
import { LivenessError, toLivenessError } from './errors.ts'
import type { Face, FaceDetector } from './face/face.ts'
import type { Frame } from './image/frame.ts'
import { jitterBoxes } from './image/jitter.ts'
import type { PadModel } from './model/pad-model.ts'
import { type CheckOptions, operatingPointOf, type ResolvedCheckOptions, resolveCheckOptions } from './options.ts'
import { qualityReasons } from './quality/gates.ts'
import { measureQuality } from './quality/measure.ts'

/** Pixels with what is known of the picture they come from. */
export interface DecodedImage {
  /** Undefined where `reasons` say why the picture is answered `retry` without being decoded. */
  readonly frame: Frame | undefined
  /** Lower-case hex SHA-256 of the bytes; undefined for raw frames. */
  readonly sha256?: string
  /** Reasons the decoder already found to answer `retry` (such as `animated-image`). */
  readonly reasons?: readonly Reason[]
  /** What is worth telling but decides nothing (such as `trailing-data`): added to the reasons of the result. */
  readonly notes?: readonly Reason[]
}

/** A model of an ensemble: the calibrated log-odds of its members are averaged with these weights. */
export interface WeightedModel {
  readonly model: PadModel
  /** Above 0. @default 1 */
  readonly weight?: number
}

export interface LivenessOptions<Input> extends Omit<CheckOptions, 'signal'> {
  readonly detector: FaceDetector
  /** One model, or several that form an ensemble. The first one's operating points and smallest face are used. */
  readonly models: readonly WeightedModel[]
  /** Turns what the caller has into pixels. */
  readonly decode: (input: Input, signal: AbortSignal | undefined) => Promise<DecodedImage>
}

/**
 * Judges pictures. Create it once, share it, call it concurrently, close it.
 * `Input` is what the runtime package's decoder accepts.
 */
export interface Liveness<Input> extends AsyncDisposable {
  readonly models: LivenessResult['model']
  /**
   * Finds the face and judges it. Bad pictures are errors or `retry`, never `live`.
   * @throws LivenessError IMAGE_TYPE, IMAGE_CORRUPT, IMAGE_TOO_LARGE, INPUT_INVALID, CHECK_TIMEOUT, ABORTED, MODEL_OUTPUT, CLOSED
   */
  check(input: Input, options?: CheckOptions): Promise<LivenessResult>
  /** Judges faces that were found elsewhere, one result a face, in order. The same errors as {@link check}. */
  checkFaces(input: Input, faces: readonly Face[], options?: CheckOptions): Promise<LivenessResult[]>
  /** Judges a video: stops as early as it is sure. The same errors as {@link check}. */
  checkSequence(frames: AsyncIterable<Input>, options?: SequenceOptions): Promise<SequenceResult>
  /** Waits for checks in flight, then frees everything. Later calls reject with CLOSED. */
  close(): Promise<void>
}

/** Faces at least this large beside the largest one, by longer side, are people of their own and not background. */
const COMPARABLE_FACE = 0.5

/** @throws LivenessError OPTION_INVALID */
export function createLiveness<Input>(options: LivenessOptions<Input>): Liveness<Input> {
  const { detector, models, decode, ...checkOptions } = options
  if (models.length === 0) throw new LivenessError('OPTION_INVALID', 'Expected at least one model for models.')
  const defaults = resolveCheckOptions(checkOptions)
  const weights = normalisedWeights(models)
  const first = models[0]!.model.card
  const described = models.map(({ model }) => ({
    id: model.card.id,
    version: model.card.version,
    variant: model.variant,
  }))
  const inFlight = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  /** Lets close() wait for the work. */
  function track<T>(work: () => Promise<T>): Promise<T> {
    if (closing !== undefined) return Promise.reject(new LivenessError('CLOSED', 'This liveness check was closed.'))
    const running = work()
    const settled = running.then(
      () => undefined,
      () => undefined,
    )
    inFlight.add(settled)
    void settled.then(() => inFlight.delete(settled))
    return running
  }

  /** Runs work under the time limit and the caller's signal. */
  function start<T>(resolved: ResolvedCheckOptions, work: (deadline: Deadline) => Promise<T>): Promise<T> {
    const deadline = new Deadline(resolved)
    return deadline.race(track(() => work(deadline)))
  }

  async function decodeTimed(input: Input, deadline: Deadline, clock: Clock): Promise<DecodedImage> {
    deadline.check()
    const image = await clock.time('decode', () => decode(input, deadline.signal))
    deadline.check()
    return image
  }

  /** Gates, crops, models, verdict: the judgement of one face. */
  async function judge(
    frame: Frame,
    face: Face,
    resolved: ResolvedCheckOptions,
    point: OperatingPoint,
    clock: Clock,
  ): Promise<FaceResult> {
    const began = performance.now()
    const signals = measureQuality(frame, face)
    const reasons = qualityReasons(signals, first.validFace.minSide)
    clock.add('quality', performance.now() - began)
    let logits: number[] = []
    if (reasons.length === 0) {
      const boxes = jitterBoxes(face.box, resolved.crops)
      logits = boxes.map(() => 0)
      for (const [m, { model }] of models.entries()) {
        const { margins, timings } = await model.score(frame, boxes)
        // Models of others may break their contract: a crop without a finite margin would count as undecided, or as certain.
        if (margins.length !== boxes.length || !margins.every(Number.isFinite)) {
          throw new LivenessError(
            'MODEL_OUTPUT',
            `The model ${model.card.id} did not answer a finite margin for every crop.`,
          )
        }
        clock.add('crop', timings.crop)
        clock.add('model', timings.model)
        margins.forEach((margin, i) => {
          logits[i]! += weights[m]! * calibratedLogit(margin, model.card.calibration)
        })
      }
    }
    const decision = decide({ logits, ...point, minStability: resolved.minStability, reasons })
    return { ...decision, face, signals }
  }

  async function checkImage(
    image: DecodedImage,
    resolved: ResolvedCheckOptions,
    deadline: Deadline,
    clock: Clock,
  ): Promise<LivenessResult> {
    const point = operatingPointOf(resolved.operatingPoint, first)
    const answer = (results: readonly FaceResult[], reasons: readonly Reason[] = []): LivenessResult =>
      resultOf({ image, results, reasons, point, models: described, timings: clock.timings() })
    const { frame } = image
    const refused = image.reasons ?? []
    if (frame === undefined || refused.length > 0) {
      if (refused.length === 0) throw new LivenessError('IMAGE_CORRUPT', 'The decoder gave no pixels.')
      return answer([], refused)
    }
    const faces = await clock.time('detect', () => detector.detect(frame))
    deadline.check()
    if (faces.length === 0) return answer([], [reason('no-face')])
    const bySize = [...faces].sort((a, b) => sideOf(b) - sideOf(a))
    if (resolved.faces === 'single') {
      const rivals = bySize.filter((face) => sideOf(face) >= COMPARABLE_FACE * sideOf(bySize[0]!))
      if (rivals.length > 1) {
        const crowd = [reason('multiple-faces', { value: rivals.length, bound: 1 })]
        return answer(
          bySize.map((face) => ({
            verdict: 'retry',
            face,
            liveProbability: null,
            stability: null,
            reasons: crowd,
            signals: null,
          })),
        )
      }
      return answer([await judge(frame, bySize[0]!, resolved, point, clock)])
    }
    const results: FaceResult[] = []
    for (const face of bySize) {
      results.push(await judge(frame, face, resolved, point, clock))
      deadline.check()
    }
    return answer(results)
  }

  return {
    models: described,
    async check(input, options) {
      const resolved = resolveCheckOptions(options, defaults)
      return start(resolved, async (deadline) => {
        const clock = new Clock()
        return checkImage(await decodeTimed(input, deadline, clock), resolved, deadline, clock)
      })
    },
    async checkFaces(input, faces, options) {
      const resolved = resolveCheckOptions(options, defaults)
      return start(resolved, async (deadline) => {
        const clock = new Clock()
        const image = await decodeTimed(input, deadline, clock)
        const point = operatingPointOf(resolved.operatingPoint, first)
        const { frame } = image
        const results: LivenessResult[] = []
        for (const face of faces) {
          const judged =
            frame === undefined || (image.reasons?.length ?? 0) > 0
              ? ({
                  verdict: 'retry',
                  face,
                  liveProbability: null,
                  stability: null,
                  reasons: image.reasons ?? [],
                  signals: null,
                } as const)
              : await judge(frame, face, resolved, point, clock)
          results.push(
            resultOf({ image, results: [judged], reasons: [], point, models: described, timings: clock.timings() }),
          )
          deadline.check()
        }
        return results
      })
    },
    async checkSequence(frames, options = {}) {
      const { maxFrames, minFrames, maxDurationMs, stopEarly, onFrame, ...rest } = options
      const resolved = resolveCheckOptions({ ...rest, faces: 'single' }, defaults)
      const point = operatingPointOf(resolved.operatingPoint, first)
      const judgeFrame = (input: Input) =>
        start(resolved, async (deadline) => {
          const clock = new Clock()
          const image = await decodeTimed(input, deadline, clock)
          return { frame: image.frame, result: await checkImage(image, resolved, deadline, clock) }
        })
      return decideSequence({
        frames,
        point,
        judge: judgeFrame,
        options: { maxFrames, minFrames, maxDurationMs, stopEarly, onFrame },
      })
    },
    close() {
      closing ??= (async () => {
        await Promise.all(inFlight)
        await Promise.all([detector.close(), ...models.map(({ model }) => model.close())])
      })()
      return closing
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}

function sideOf(face: Face): number {
  return Math.max(face.box.width, face.box.height)
}

function normalisedWeights(models: readonly WeightedModel[]): number[] {
  const weights = models.map(({ weight }) => weight ?? 1)
  const sum = weights.reduce((a, b) => a + b, 0)
  if (!weights.every((weight) => Number.isFinite(weight) && weight > 0)) {
    throw new LivenessError('OPTION_INVALID', 'Expected a number above 0 for the weight of every model.')
  }
  return weights.map((weight) => weight / sum)
}

interface ResultParts {
  readonly image: DecodedImage
  readonly results: readonly FaceResult[]
  /** Reasons of the whole picture, where no face was judged. */
  readonly reasons: readonly Reason[]
  readonly point: OperatingPoint
  readonly models: LivenessResult['model']
  readonly timings: Timings
}

/** The face with the worst verdict speaks for the picture; a picture without a judged face is `retry`. */
function resultOf({ image, results, reasons, point, models, timings }: ResultParts): LivenessResult {
  const verdict: Verdict = results.length === 0 ? 'retry' : worstVerdict(results.map((result) => result.verdict))
  const judged = results.find((result) => result.verdict === verdict)
  const why = judged?.reasons ?? reasons
  return {
    verdict,
    code: VERDICT_CODES[verdict],
    liveProbability: judged?.liveProbability ?? null,
    stability: judged?.stability ?? null,
    reasons: [...why, ...(image.notes ?? [])],
    hint: verdict === 'live' ? '' : (why[0]?.hint ?? ''),
    face: judged?.face ?? null,
    faces: results,
    signals: judged?.signals ?? null,
    model: models,
    operatingPoint: point,
    timings,
    image:
      image.frame === undefined
        ? null
        : {
            width: image.frame.width,
            height: image.frame.height,
            ...(image.sha256 === undefined ? {} : { sha256: image.sha256 }),
          },
  }
}

/** The time limit and the caller's signal of one check. */
class Deadline {
  readonly signal: AbortSignal | undefined
  readonly #ends: number
  readonly #timeoutMs: number

  constructor({ signal, timeoutMs }: ResolvedCheckOptions) {
    this.signal = signal
    this.#timeoutMs = timeoutMs
    this.#ends = performance.now() + timeoutMs
  }

  /** Called between stages: a stage that blocks the thread cannot be interrupted, but the next one need not start. */
  check(): void {
    if (this.signal?.aborted)
      throw new LivenessError('ABORTED', 'The check was aborted.', { cause: this.signal.reason })
    if (performance.now() > this.#ends) throw this.#timedOut()
  }

  /** Answers as soon as the work, the time limit or the signal does. */
  async race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this
    let timer: ReturnType<typeof setTimeout> | undefined
    let onAbort: (() => void) | undefined
    const limit = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.#timedOut()), this.#timeoutMs)
      onAbort = () => reject(new LivenessError('ABORTED', 'The check was aborted.', { cause: signal?.reason }))
      signal?.addEventListener('abort', onAbort, { once: true })
    })
    try {
      return await Promise.race([work, limit])
    } catch (error) {
      throw toLivenessError(error, 'MODEL_UNAVAILABLE', 'The check failed.')
    } finally {
      clearTimeout(timer)
      if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort)
    }
  }

  #timedOut(): LivenessError {
    return new LivenessError('CHECK_TIMEOUT', `The check took longer than ${this.#timeoutMs} ms.`)
  }
}

/** Adds up the milliseconds of each stage. */
class Clock {
  readonly #began = performance.now()
  readonly #stages = { decode: 0, detect: 0, quality: 0, crop: 0, model: 0 }

  add(stage: keyof Omit<Timings, 'total'>, ms: number): void {
    this.#stages[stage] += ms
  }

  async time<T>(stage: keyof Omit<Timings, 'total'>, work: () => Promise<T>): Promise<T> {
    const began = performance.now()
    try {
      return await work()
    } finally {
      this.add(stage, performance.now() - began)
    }
  }

  timings(): Timings {
    return { ...this.#stages, total: performance.now() - this.#began }
  }
}
