/** Loads what a check needs: face detectors and PAD models. */
import {
  box,
  createFaceDetector,
  createFrame,
  type FaceDetector,
  type Frame,
  loadModel,
  loadPadModel,
  parseDetectorCard,
  type WeightedModel,
} from '@unspoof/core'
import type { Diagnostics } from '../diagnostics.ts'
import { isDetector, type ResolvedNodeOptions } from '../options.ts'
import { createNodeRuntime } from '../runtime/runtime.ts'
import { sourceOf } from './source.ts'

export interface LoadedModels {
  readonly detector: FaceDetector
  readonly models: readonly WeightedModel[]
  readonly diagnostics: Diagnostics
}

/**
 * All or nothing: where one fails, the others are closed again.
 * @throws LivenessError CARD_INVALID, MODEL_MISSING, MODEL_HASH, MODEL_LOAD, MODEL_OUTPUT, OPTION_INVALID, RUNTIME_MISSING, RUNTIME_TELEMETRY
 */
export async function loadModels(
  options: Pick<ResolvedNodeOptions, 'models' | 'detectors' | 'runtime' | 'threads'>,
): Promise<LoadedModels> {
  const runtime = createNodeRuntime({ runtime: options.runtime, threads: options.threads })
  const opened: { close(): Promise<void> }[] = []
  try {
    const models: WeightedModel[] = []
    for (const { model: choice, weight, variant } of options.models) {
      const model = await loadPadModel({
        source: sourceOf(choice),
        runtime,
        ...(variant === undefined ? {} : { variant }),
      })
      opened.push(model)
      models.push(weight === undefined ? { model } : { model, weight })
    }
    await tryModels(models)
    const diagnostics = { ...(await runtime.describe()), threads: options.threads }
    if (isDetector(options.detectors)) return { detector: options.detectors, models, diagnostics }
    const detectors = []
    for (const choice of options.detectors) {
      const loaded = await loadModel({ source: sourceOf(choice), runtime, parse: parseDetectorCard })
      opened.push(loaded.session)
      detectors.push(loaded)
    }
    const detector = createFaceDetector({ models: detectors })
    await detector.detect(greyFrame())
    return { detector, models, diagnostics }
  } catch (error) {
    await Promise.allSettled(opened.map((model) => model.close()))
    throw error
  }
}

/**
 * Runs each model once on grey: weights that answer nonsense fail when the application starts and not with the first
 * person, and that person does not wait for cold code.
 */
async function tryModels(models: readonly WeightedModel[]): Promise<void> {
  for (const { model } of models) await model.score(greyFrame(), [box(16, 16, 96, 96)])
}

function greyFrame(): Frame {
  return createFrame({ data: new Uint8Array(128 * 128 * 3).fill(128), width: 128, height: 128 })
}
