/** The list of files that copy-assets puts beside the application, with their hashes. */
import { LivenessError } from '@unspoof/core'

export const MANIFEST_NAME = 'unspoof.json'

export interface AssetFile {
  /** Path inside the folder. */
  readonly path: string
  readonly bytes: number
  /** Lower-case hex. */
  readonly sha256: string
}

export interface Manifest {
  readonly schema: 1
  /** Version of @unspoof/web that wrote the folder: page and folder must agree. */
  readonly version: string
  readonly worker: AssetFile
  readonly wasm: AssetFile
  /** The same for browsers with relaxed SIMD, where there is such a build. */
  readonly relaxedWasm?: AssetFile
  /** Ids used where the application names none. */
  readonly defaults: { readonly detectors: readonly string[]; readonly models: readonly string[] }
  /** One entry a model: its card and the one file of weights that was copied. */
  readonly models: Readonly<Record<string, { readonly card: AssetFile; readonly weights: AssetFile }>>
}

/**
 * @param version the version the page was built with
 * @throws LivenessError MODEL_MISSING when this is not a manifest, or one of another version.
 */
export function parseManifest(text: string, version: string, location: string): Manifest {
  let manifest: Partial<Manifest>
  try {
    manifest = JSON.parse(text) as Partial<Manifest>
  } catch {
    throw missing(`${location} is not JSON.`)
  }
  if (manifest === null || typeof manifest !== 'object' || manifest.schema !== 1) {
    throw missing(`${location} is not a list of unspoof assets.`)
  }
  if (manifest.version !== version) {
    throw missing(`${location} was copied by another version of @unspoof/web than this page runs (${version}).`)
  }
  const { worker, wasm, relaxedWasm, models, defaults } = manifest
  const complete =
    isFile(worker) &&
    isFile(wasm) &&
    (relaxedWasm === undefined || isFile(relaxedWasm)) &&
    Array.isArray(defaults?.detectors) &&
    Array.isArray(defaults?.models) &&
    typeof models === 'object' &&
    models !== null &&
    Object.values(models).every((model) => isFile(model?.card) && isFile(model?.weights))
  if (!complete) throw missing(`${location} is not complete.`)
  return manifest as Manifest
}

function isFile(file: Partial<AssetFile> | undefined): boolean {
  return typeof file?.path === 'string' && Number.isInteger(file.bytes) && /^[0-9a-f]{64}$/.test(file.sha256 ?? '')
}

function missing(message: string): LivenessError {
  return new LivenessError('MODEL_MISSING', message, {
    hint: 'Run "npx unspoof copy-assets public/unspoof" (or use the Vite plugin) after each install.',
  })
}
