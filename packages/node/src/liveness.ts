/** createLiveness() for Node: the core's pipeline with sharp, a runtime and the bundled models. */
import { availableParallelism } from 'node:os'
import { createLiveness as createCoreLiveness, type DecodedImage, isFrame, type Liveness } from '@unspoof/core'
import { loadCalibration, pointsOf } from './calibration.ts'
import type { Diagnostics } from './diagnostics.ts'
import { installAreaKernel } from './image/area-kernel.ts'
import { checkFrameSize, decodeChecked } from './image/decode.ts'
import { createLimiter } from './image/limiter.ts'
import type { ImageLimits } from './image/limits.ts'
import { loadSharp } from './image/sharp.ts'
import { wholeSize } from './image/shrink.ts'
import { readHeader } from './image/sniff.ts'
import { type NodeInput, readInput } from './input/read.ts'
import { loadModels } from './model/load.ts'
import { type NodeLivenessOptions, resolveNodeOptions } from './options.ts'

export interface NodeLiveness extends Liveness<NodeInput> {
  /** What runs the models, and why. */
  diagnostics(): Diagnostics
}

/**
 * Loads the models and gives the check. Without options: the default PAD model, BlazeFace, safe limits.
 *
 * Everything runs on the calling thread but the decoder, and a run of a model blocks it for some milliseconds. That is
 * right for scripts; for servers there is `createLivenessPool`.
 * @throws LivenessError OPTION_INVALID, MODEL_MISSING, MODEL_HASH, MODEL_LOAD, CARD_INVALID, RUNTIME_MISSING, RUNTIME_TELEMETRY
 */
export async function createLiveness(options: NodeLivenessOptions = {}): Promise<NodeLiveness> {
  const resolved = resolveNodeOptions(options)
  // Loaded now, so that what is missing is said when the application starts.
  await loadSharp()
  installAreaKernel()
  const { diagnostics, ...loaded } = await loadModels(resolved)
  const operatingPoints = pointsOf(loaded.models, await loadCalibration(resolved.calibration))
  const { signal: _, ...check } = resolved.check
  const inner = createCoreLiveness<DecoderInput>({
    ...loaded,
    ...check,
    operatingPoints,
    decode: createDecoder(resolved.limits),
  })
  const shrinkable = (image: NodeInput): DecoderInput => ({ image, exact: false })
  const close = () => inner.close()
  return {
    models: inner.models,
    operatingPoints,
    check: (image, options) => inner.check(shrinkable(image), options),
    checkFaces: (image, faces, options) => inner.checkFaces({ image, exact: true }, faces, options),
    checkSequence: (images, options) => inner.checkSequence(map(images, shrinkable), options),
    diagnostics: () => diagnostics,
    close,
    [Symbol.asyncDispose]: close,
  }
}

interface DecoderInput {
  readonly image: NodeInput
  /** True where faces are given in pixels of the whole size. */
  readonly exact: boolean
}

async function* map<T, U>(values: AsyncIterable<T>, change: (value: T) => U): AsyncGenerator<U, void, undefined> {
  for await (const value of values) yield change(value)
}

/** Reads and decodes what a caller has; no more images are decoded at once than there are processors. */
function createDecoder(limits: ImageLimits) {
  const limiter = createLimiter(availableParallelism())
  return async ({ image, exact }: DecoderInput, signal: AbortSignal | undefined): Promise<DecodedImage> => {
    const read = await readInput(image, limits, signal)
    if (isFrame(read)) return checkFrameSize(read, limits)
    const header = readHeader(read.bytes)
    return limiter(() => decodeChecked(read.bytes, exact ? wholeSize(header) : header, limits, signal))
  }
}
