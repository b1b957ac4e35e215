/** copyAssets(): puts worker, wasm and models beside an application, with a list of their hashes. Runs in Node, at build time. */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { checkKeys, LivenessError, type ModelCard, parseDetectorCard, parsePadCard } from '@unspoof/core'
import { type BundledModelId, bundledModelFolder, DEFAULT_DETECTORS, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { type AssetFile, MANIFEST_NAME, type Manifest } from '../assets/manifest.ts'
import { VERSION } from '../version.ts'

export interface CopyAssetsOptions {
  /**
   * Ids of detectors, tried in order.
   * @default the first of @unspoof/models: it finds faces within 2 m of the camera; the second one is for photos and costs a page 1 MB
   */
  readonly detectors?: readonly BundledModelId[]
  /** Ids of PAD models; the first is the page's default. @default the one of @unspoof/models */
  readonly models?: readonly BundledModelId[]
  /** Folders with a card and weights each, of the application's own models; their cards say what they are. */
  readonly modelFolders?: readonly string[]
}

export interface AssetSource extends AssetFile {
  /** Absolute path of the file to copy. */
  readonly from: string
}

export interface Assets {
  readonly manifest: Manifest
  readonly files: readonly AssetSource[]
}

export interface CopyAssetsResult {
  readonly folder: string
  readonly files: readonly AssetFile[]
  /** Lower-case hex SHA-256 of the manifest: the `integrity` option of `createLiveness`. */
  readonly integrity: string
}

const require = createRequire(import.meta.url)

/**
 * Copies what a page needs into `folder`, for example `public/unspoof`. Files of an earlier copy that are no longer needed
 * are removed; other files stay.
 * @throws LivenessError MODEL_MISSING, CARD_INVALID, MODEL_HASH
 */
export async function copyAssets(folder: string, options: CopyAssetsOptions = {}): Promise<CopyAssetsResult> {
  const { manifest, files } = await collectAssets(options)
  await removeOld(folder, files)
  for (const { from, path } of files) {
    const to = join(folder, path)
    await mkdir(dirname(to), { recursive: true })
    await copyFile(from, to)
  }
  const text = serialiseManifest(manifest)
  await writeFile(join(folder, MANIFEST_NAME), text)
  return {
    folder,
    files: files.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 })),
    integrity: createHash('sha256').update(text).digest('hex'),
  }
}

export function serialiseManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/** Finds and hashes every file a page needs, without copying. */
export async function collectAssets(options: CopyAssetsOptions = {}): Promise<Assets> {
  checkKeys('copy-assets', options, ['detectors', 'models', 'modelFolders'])
  const { detectors = DEFAULT_DETECTORS.slice(0, 1), modelFolders = [] } = options
  const own = await Promise.all(modelFolders.map(readModel))
  const pads = options.models ?? (own.some(({ card }) => card.task === 'pad') ? [] : [DEFAULT_PAD_MODEL])
  const bundled = await Promise.all([...detectors, ...pads].map((id) => readModel(bundledModelFolder(id))))
  const models = [...own, ...bundled]

  const dist = join(dirname(require.resolve('@unspoof/web/package.json')), 'dist')
  const worker = await describe(join(dist, 'worker.js'), 'worker.js')
  const browser = await describe(join(dist, 'unspoof.js'), 'unspoof.js')
  const wasm = await describe(require.resolve(`onnxruntime-web/${WASM}`), WASM)
  const idsOf = (task: ModelCard['task']): string[] =>
    models.filter(({ card }) => card.task === task).map(({ card }) => card.id)
  const strip = ({ path, bytes, sha256 }: AssetSource): AssetFile => ({ path, bytes, sha256 })
  return {
    manifest: {
      schema: 1,
      version: VERSION,
      worker: strip(worker),
      wasm: strip(wasm),
      defaults: { detectors: idsOf('face-detection'), models: idsOf('pad').slice(0, 1) },
      models: Object.fromEntries(
        models.map((model) => [model.card.id, { card: strip(model.cardFile), weights: strip(model.weights) }]),
      ),
    },
    files: [worker, browser, wasm, ...models.flatMap((model) => [model.cardFile, model.weights])],
  }
}

const WASM = 'ort-wasm-simd-threaded.wasm'

interface ReadModel {
  readonly card: ModelCard
  readonly cardFile: AssetSource
  readonly weights: AssetSource
}

async function readModel(folder: string): Promise<ReadModel> {
  const cardPath = join(folder, 'card.json')
  let json: { readonly task?: unknown }
  try {
    json = JSON.parse(await readFile(cardPath, 'utf8'))
  } catch (cause) {
    throw new LivenessError('MODEL_MISSING', `There is no readable model card at ${cardPath}.`, { cause })
  }
  const card = json.task === 'pad' ? parsePadCard(json, cardPath) : parseDetectorCard(json, cardPath)
  const file = card.files[0]!
  const weights = await describe(join(folder, file.name), `models/${card.id}/${file.name}`)
  if (weights.sha256 !== file.sha256) {
    throw new LivenessError('MODEL_HASH', `${weights.from} has another SHA-256 than its card says.`)
  }
  return { card, cardFile: await describe(cardPath, `models/${card.id}/card.json`), weights }
}

async function describe(from: string, path: string): Promise<AssetSource> {
  let content: Buffer
  try {
    content = await readFile(from)
  } catch (cause) {
    throw new LivenessError('MODEL_MISSING', `${from} cannot be read.`, { cause, hint: 'Install @unspoof/web again.' })
  }
  return { from, path, bytes: content.byteLength, sha256: createHash('sha256').update(content).digest('hex') }
}

/** Only what an earlier manifest lists is removed: the folder may hold files of the application. */
async function removeOld(folder: string, files: readonly AssetFile[]): Promise<void> {
  const kept = new Set(files.map(({ path }) => path))
  const old = await readFile(join(folder, MANIFEST_NAME), 'utf8').then(
    (text) => JSON.parse(text) as Partial<Manifest>,
    () => undefined,
  )
  const listed = [
    old?.worker,
    old?.wasm,
    ...Object.values(old?.models ?? {}).flatMap(({ card, weights }) => [card, weights]),
  ]
  for (const file of listed) {
    if (file === undefined || kept.has(file.path) || file.path.includes('..')) continue
    await rm(join(folder, file.path), { force: true })
    // The folder of a model goes with its last file.
    const parent = dirname(join(folder, file.path))
    if (parent !== folder && (await readdir(parent).catch(() => ['?'])).length === 0)
      await rm(parent, { recursive: true, force: true })
  }
}
