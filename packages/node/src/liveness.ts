/** createLiveness() for Node: the core's pipeline with sharp, a runtime and the bundled models. */
import { availableParallelism } from 'node:os'
import { createLiveness as createCoreLiveness, type DecodedImage, isFrame, type Liveness } from '@unspoof/core'
import type { Diagnostics } from './diagnostics.ts'
import { installAreaKernel } from './image/area-kernel.ts'
import { checkFrameSize, decodeImage } from './image/decode.ts'
import { createLimiter } from './image/limiter.ts'
import type { ImageLimits } from './image/limits.ts'
import { loadSharp } from './image/sharp.ts'
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
  const { signal: _, ...check } = resolved.check
  const liveness = createCoreLiveness<NodeInput>({ ...loaded, ...check, decode: createDecoder(resolved.limits) })
  return Object.assign(liveness, { diagnostics: () => diagnostics })
}

/** Reads and decodes what a caller has; no more pictures are decoded at once than there are processors. */
function createDecoder(limits: ImageLimits) {
  const limiter = createLimiter(availableParallelism())
  return async (input: NodeInput, signal: AbortSignal | undefined): Promise<DecodedImage> => {
    const read = await readInput(input, limits, signal)
    if (isFrame(read)) return checkFrameSize(read, limits)
    return limiter(() => decodeImage(read.bytes, signal === undefined ? { limits } : { limits, signal }))
  }
}
