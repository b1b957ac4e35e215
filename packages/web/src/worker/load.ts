/** Loads wasm, detector and PAD models from the asset folder and makes the liveness of this worker. */
import {
  box,
  createFaceDetector,
  createFrame,
  createLiveness,
  type FaceDetector,
  type Liveness,
  LivenessError,
  loadModel,
  loadPadModel,
  type ModelCard,
  type ModelSource,
  parseDetectorCard,
  type WeightedModel,
} from '@unspoof/core'
import { fetchAsset } from '../assets/fetch.ts'
import type { Manifest } from '../assets/manifest.ts'
import type { Diagnostics } from '../diagnostics.ts'
import type { WireImage, WorkerInit } from '../protocol.ts'
import { VERSION } from '../version.ts'
import { decode } from './decode.ts'
import { createWebRuntime } from './runtime.ts'
import { chooseThreads } from './threads.ts'

export interface Loaded {
  readonly liveness: Liveness<WireImage>
  readonly diagnostics: Diagnostics
}

/** @throws LivenessError as createLiveness of the page does */
export async function load(
  init: WorkerInit,
  signal: AbortSignal,
  onLoaded: (bytes: number, total: number) => void,
): Promise<Loaded> {
  const started = performance.now()
  const { manifest } = init
  const detectorIds = init.detectors ?? manifest.defaults.detectors
  const wanted: NonNullable<WorkerInit['models']> = init.models ?? manifest.defaults.models.map((id) => ({ id }))
  const ids = [...detectorIds, ...wanted.map((model) => model.id)]

  const files = [manifest.wasm, ...ids.map((id) => modelOf(manifest, id).weights)]
  const total = files.reduce((sum, file) => sum + file.bytes, 0)
  let received = 0
  const count = (bytes: number): void => {
    received += bytes
    onLoaded(Math.min(received, total), total)
  }
  // All at once: the browser fetches in parallel, and nothing is compiled before everything is checked.
  const [wasm, ...weights] = await Promise.all(files.map((file) => fetchAsset(init.assets, file, signal, count)))
  const fetched = performance.now()

  const threads = chooseThreads(init.threads)
  const runtime = createWebRuntime({ wasm: wasm!, threads: threads.count })
  const source = (id: string): ModelSource => assetSource(init.assets, manifest, id, weights[ids.indexOf(id)]!, signal)
  const detectors = []
  for (const id of detectorIds) {
    detectors.push(await loadModel({ source: source(id), runtime, parse: parseDetectorCard }))
  }
  const models: WeightedModel[] = []
  for (const { id, weight } of wanted) {
    const model = await loadPadModel({ source: source(id), runtime })
    models.push(weight === undefined ? { model } : { model, weight })
  }
  const detector = createFaceDetector({ models: detectors })
  await warmUp(detector, models)
  const compiled = performance.now()
  const liveness = createLiveness<WireImage>({
    detector,
    models,
    decode: (image) => decode(image),
  })
  return {
    liveness,
    diagnostics: {
      version: VERSION,
      backend: 'wasm',
      backendReason: 'WebAssembly gives every device the same numbers and needs no eval.',
      threads: threads.count,
      threadsReason: threads.reason,
      crossOriginIsolated: self.crossOriginIsolated,
      models: [
        ...detectors.map(({ card, file }) => describeModel(card, file.variant)),
        ...models.map(({ model }) => describeModel(model.card, model.variant)),
      ],
      loading: { fetch: fetched - started, compile: compiled - fetched, total: compiled - started },
      bytes: total,
    },
  }
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

function modelOf(manifest: Manifest, id: string): Manifest['models'][string] {
  const model = Object.hasOwn(manifest.models, id) ? manifest.models[id] : undefined
  if (model === undefined) {
    throw new LivenessError(
      'MODEL_MISSING',
      `The asset folder has no model "${id.slice(0, 40)}"; it has ${Object.keys(manifest.models).join(', ')}.`,
      {
        hint: 'Copy the assets again and name this model with --models.',
      },
    )
  }
  return model
}

function assetSource(
  assets: string,
  manifest: Manifest,
  id: string,
  weights: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): ModelSource {
  const { card } = modelOf(manifest, id)
  return {
    location: new URL(card.path, assets).href,
    async card() {
      return JSON.parse(new TextDecoder().decode(await fetchAsset(assets, card, signal)))
    },
    // Read above, beside the others; the core checks length and hash against the card once more.
    read: async () => weights,
  }
}
