/** Compiles wasm, makes the sessions of detectors and PAD models, and from them the liveness of this worker. */
import {
  box,
  createFaceDetector,
  createFrame,
  createLiveness,
  type FaceDetector,
  type Liveness,
  loadModel,
  loadPadModel,
  type ModelCard,
  type ModelSource,
  parseDetectorCard,
  type Runtime,
  type WeightedModel,
} from '@unspoof/core'
import type { Diagnostics } from '../diagnostics.ts'
import type { InitResult, WireImage, WireModel, WorkerInit } from '../protocol.ts'
import { decode } from './decode.ts'

export interface Loaded {
  readonly liveness: Liveness<WireImage>
  readonly result: InitResult
}

/** What runs the networks in this worker. */
export interface Driver {
  readonly runtime: Runtime
  readonly threads: number
  /** One sentence for diagnostics. */
  readonly threadsReason: string
}

export type CreateDriver = (init: WorkerInit) => Promise<Driver>

/** @throws LivenessError RUNTIME_MISSING, CARD_INVALID, MODEL_HASH, MODEL_LOAD, MODEL_OUTPUT */
export async function load(init: WorkerInit, createDriver: CreateDriver): Promise<Loaded> {
  const started = performance.now()
  const { runtime, threads, threadsReason } = await createDriver(init)
  const detectors = []
  for (const model of init.detectors) {
    detectors.push(await loadModel({ source: sourceOf(model), runtime, parse: parseDetectorCard }))
  }
  const models: WeightedModel[] = []
  for (const wired of init.models) {
    const model = await loadPadModel({ source: sourceOf(wired), runtime })
    models.push(wired.weight === undefined ? { model } : { model, weight: wired.weight })
  }
  const detector = createFaceDetector({ models: detectors })
  await warmUp(detector, models)
  const liveness = createLiveness<WireImage>({ detector, models, decode })
  return {
    liveness,
    result: {
      models: liveness.models,
      diagnostics: {
        runtime: runtime.name,
        threads,
        threadsReason,
        crossOriginIsolated: self.crossOriginIsolated,
        models: [
          ...detectors.map(({ card, file }) => describeModel(card, file.variant)),
          ...models.map(({ model }) => describeModel(model.card, model.variant)),
        ],
      },
      compile: performance.now() - started,
    },
  }
}

/** The core checks length and hash against the card, as it does everywhere. */
function sourceOf({ location, card, weights }: WireModel): ModelSource {
  return { location, card: async () => card, read: async () => weights }
}

/** The first run of a network is many times slower than the next; it is better had while the person reads the prompt. */
async function warmUp(detector: FaceDetector, models: readonly WeightedModel[]): Promise<void> {
  const side = 256
  const grey = createFrame({ data: new Uint8Array(side * side * 4).fill(128), width: side, height: side, channels: 4 })
  await detector.detect(grey)
  for (const { model } of models) await model.score(grey, [box(side / 4, side / 4, side / 2, side / 2)])
}

function describeModel({ id, version, files }: ModelCard, variant: string): Diagnostics['models'][number] {
  const { sha256, bytes } = files.find((file) => file.variant === variant)!
  return { id, version, variant, sha256, bytes }
}
