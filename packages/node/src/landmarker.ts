/** createFaceLandmarker() for Node: the bundled face mesh in onnxruntime-node. */
import {
  createFaceLandmarker as createCoreFaceLandmarker,
  type FaceLandmarker,
  loadModel,
  parseLandmarksCard,
} from '@unspoof/core'
import { DEFAULT_LANDMARKS } from '@unspoof/models'
import { sourceOf } from './model/source.ts'
import { createNodeRuntime, type NodeRuntimeOptions } from './runtime/runtime.ts'

/**
 * Loads the bundled face mesh: 468 landmarks of a face. Sessions need it to tell a head from a flat image.
 * @throws LivenessError OPTION_INVALID, MODEL_MISSING, MODEL_HASH, MODEL_LOAD, CARD_INVALID, RUNTIME_MISSING, RUNTIME_TELEMETRY
 * @example
 * const landmarker = await createFaceLandmarker()
 * const landmarks = await landmarker.locate(frame, face)
 */
export async function createFaceLandmarker(options: NodeRuntimeOptions = {}): Promise<FaceLandmarker> {
  const model = await loadModel({
    source: sourceOf(DEFAULT_LANDMARKS),
    runtime: createNodeRuntime(options),
    parse: parseLandmarksCard,
  })
  return createCoreFaceLandmarker(model)
}
