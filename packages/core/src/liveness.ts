/** createLiveness(): the check, its sequences, and its end. The steps of one image are in check/. */

import { Budget } from './check/budget.ts'
import type { DecodedImage } from './check/image.ts'
import { createImageCheck } from './check/image-check.ts'
import type { WeightedModel } from './check/judge-face.ts'
import type { LivenessResult } from './decide/result.ts'
import { decideSequence, type SequenceOptions, type SequenceResult } from './decide/sequence.ts'
import { LivenessError } from './errors.ts'
import type { Face, FaceDetector } from './face/face.ts'
import { trackInFlight } from './in-flight.ts'
import type { PadCard } from './model/card.ts'
import { type CheckOptions, type ResolvedCheckOptions, resolveCheckOptions } from './options.ts'

export type { DecodedImage } from './check/image.ts'
export type { WeightedModel } from './check/judge-face.ts'

export interface LivenessOptions<Input> extends Omit<CheckOptions, 'signal'> {
  readonly detector: FaceDetector
  /** One model, or several that form an ensemble. The first one's operating points and smallest face are used. */
  readonly models: readonly WeightedModel[]
  /** What the names of operating points mean, such as {@link calibratedPoints} gives. @default those of the first model's card */
  readonly operatingPoints?: PadCard['operatingPoints'] | undefined
  /** Turns what the caller has into pixels. */
  readonly decode: (input: Input, signal: AbortSignal | undefined) => Promise<DecodedImage>
}

/**
 * Judges images. Create it once, share it, call it concurrently, close it.
 * `Input` is what the runtime package's decoder accepts.
 */
export interface Liveness<Input> extends AsyncDisposable {
  readonly models: LivenessResult['model']
  /** What the names of operating points mean here, the site's calibration included. */
  readonly operatingPoints?: PadCard['operatingPoints']
  /**
   * Finds the face and judges it. Bad images are errors or `retry`, never `live`.
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

/** @throws LivenessError OPTION_INVALID */
export function createLiveness<Input>(options: LivenessOptions<Input>): Liveness<Input> {
  const { detector, models, decode, operatingPoints, ...checkOptions } = options
  if (models.length === 0) throw new LivenessError('OPTION_INVALID', 'Expected at least one model for models.')
  const defaults = resolveCheckOptions(checkOptions)
  const check = createImageCheck({ detector, models, decode, operatingPoints })
  const inFlight = trackInFlight('This liveness check was closed.')

  /** Runs work under the time limit and the caller's signal. */
  function start<T>(resolved: ResolvedCheckOptions, work: (budget: Budget) => Promise<T>): Promise<T> {
    const budget = new Budget(resolved)
    return budget.race(inFlight.run(() => work(budget)))
  }

  return {
    models: check.models,
    operatingPoints: check.operatingPoints,
    async check(input, options) {
      const resolved = resolveCheckOptions(options, defaults)
      return start(resolved, async (budget) => (await check.image(input, resolved, budget)).result)
    },
    async checkFaces(input, faces, options) {
      const resolved = resolveCheckOptions(options, defaults)
      return start(resolved, (budget) => check.faces(input, faces, resolved, budget))
    },
    async checkSequence(frames, options = {}) {
      const { maxFrames, minFrames, maxDurationMs, stopEarly, onFrame, ...rest } = options
      const resolved = resolveCheckOptions({ ...rest, faces: 'single' }, defaults)
      return decideSequence({
        frames,
        point: check.pointOf(resolved),
        judge: (input) => start(resolved, (budget) => check.image(input, resolved, budget)),
        options: { maxFrames, minFrames, maxDurationMs, stopEarly, onFrame },
      })
    },
    close: () => inFlight.close(() => Promise.all([detector.close(), ...models.map(({ model }) => model.close())])),
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}
