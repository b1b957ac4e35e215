/** Fetches all that a worker needs, at once: nothing is compiled before everything is checked. */
import { LivenessError } from '@unspoof/core'
import { hasRelaxedSimd } from '@unspoof/kernels'
import type { WireModel } from '../protocol.ts'
import { fetchAsset } from './fetch.ts'
import type { Manifest } from './manifest.ts'

export interface WantedModels {
  /** Ids; undefined for the ones the manifest names as defaults. */
  readonly detectors: readonly string[] | undefined
  readonly models: readonly { readonly id: string; readonly weight?: number }[] | undefined
}

export interface LoadedAssets {
  readonly wasm: Uint8Array<ArrayBuffer>
  readonly wasmPath: string
  readonly detectors: readonly WireModel[]
  readonly models: readonly WireModel[]
  /** Bytes of wasm and weights. */
  readonly bytes: number
}

/** @throws LivenessError MODEL_MISSING, MODEL_HASH, NETWORK */
export async function loadAssets(
  assets: string,
  manifest: Manifest,
  wanted: WantedModels,
  onLoaded: (bytes: number, total: number) => void,
): Promise<LoadedAssets> {
  const detectors = (wanted.detectors ?? manifest.defaults.detectors).map((id) => ({ id }))
  const models: NonNullable<WantedModels['models']> = wanted.models ?? manifest.defaults.models.map((id) => ({ id }))
  const wasmFile = (hasRelaxedSimd() ? manifest.relaxedWasm : undefined) ?? manifest.wasm
  const files = [wasmFile, ...[...detectors, ...models].map(({ id }) => modelOf(manifest, id).weights)]
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  let received = 0
  const count = (more: number): void => {
    received += more
    onLoaded(Math.min(received, bytes), bytes)
  }
  const fetchModel = async ({ id, weight }: { id: string; weight?: number }): Promise<WireModel> => {
    const { card, weights } = modelOf(manifest, id)
    const [text, content] = await Promise.all([fetchAsset(assets, card), fetchAsset(assets, weights, count)])
    const model = { location: card.path, card: JSON.parse(new TextDecoder().decode(text)), weights: content }
    return weight === undefined ? model : { ...model, weight }
  }
  const [wasm, loadedDetectors, loadedModels] = await Promise.all([
    fetchAsset(assets, wasmFile, count),
    Promise.all(detectors.map(fetchModel)),
    Promise.all(models.map(fetchModel)),
  ])
  return { wasm, wasmPath: wasmFile.path, detectors: loadedDetectors, models: loadedModels, bytes }
}

function modelOf(manifest: Manifest, id: string): Manifest['models'][string] {
  const model = Object.hasOwn(manifest.models, id) ? manifest.models[id] : undefined
  if (model !== undefined) return model
  throw new LivenessError(
    'MODEL_MISSING',
    `The asset folder has no model "${id.slice(0, 40)}"; it has ${Object.keys(manifest.models).join(', ')}.`,
    { hint: 'Copy the assets again and name this model.' },
  )
}
