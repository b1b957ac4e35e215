/** copyAssets(): puts worker, wasm and models beside an application, with a list of their hashes. Runs in Node, at build time. */
import { createHash } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { checkKeys, checkOneOf, LivenessError, type ModelCard, parseDetectorCard, parsePadCard } from '@unspoof/core'
import { createKernelRuntime } from '@unspoof/kernels'
import { kernelFiles } from '@unspoof/kernels/node'
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
  /**
   * What runs the models: `kernels`, the WebAssembly of @unspoof/kernels, fast and small, for networks like the bundled ones; `onnxruntime`,
   * which runs every ONNX file and needs onnxruntime-web in the project; `auto`, the kernels where they run all of the models.
   * @default 'auto'
   */
  readonly runtime?: AssetRuntime | 'auto'
}

export type AssetRuntime = 'kernels' | 'onnxruntime'

export interface AssetSource extends AssetFile {
  /** Absolute path of the file to copy. */
  readonly from: string
}

export interface Assets {
  readonly manifest: Manifest
  readonly files: readonly AssetSource[]
  readonly runtime: AssetRuntime
  /** One sentence: why this runtime. */
  readonly runtimeReason: string
}

export interface CopyAssetsResult {
  readonly folder: string
  readonly files: readonly AssetFile[]
  readonly runtime: AssetRuntime
  /** One sentence: why this runtime. */
  readonly runtimeReason: string
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
  const { manifest, files, runtime, runtimeReason } = await collectAssets(options)
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
    runtime,
    runtimeReason,
    integrity: createHash('sha256').update(text).digest('hex'),
  }
}

export function serialiseManifest(manifest: Manifest): string {
  return `${JSON.stringify(manifest, null, 2)}\n`
}

/**
 * Finds and hashes every file a page needs, without copying.
 * @throws LivenessError OPTION_INVALID, MODEL_MISSING, CARD_INVALID, MODEL_HASH, MODEL_LOAD, RUNTIME_MISSING
 */
export async function collectAssets(options: CopyAssetsOptions = {}): Promise<Assets> {
  checkKeys('copy-assets', options, ['detectors', 'models', 'modelFolders', 'runtime'])
  const { runtime: wanted = 'auto' } = options
  checkOneOf('runtime', wanted, ['auto', 'kernels', 'onnxruntime'])
  const { detectors = DEFAULT_DETECTORS.slice(0, 1), modelFolders = [] } = options
  const own = await Promise.all(modelFolders.map(readModel))
  const pads = options.models ?? (own.some(({ card }) => card.task === 'pad') ? [] : [DEFAULT_PAD_MODEL])
  const bundled = await Promise.all([...detectors, ...pads].map((id) => readModel(bundledModelFolder(id))))
  const models = [...own, ...bundled]

  const dist = join(dirname(require.resolve('@unspoof/web/package.json')), 'dist')
  const { runtime, runtimeReason } = await chooseRuntime(wanted, models)
  const { worker, wasm, relaxedWasm } = await (runtime === 'kernels' ? kernelAssets(dist) : onnxruntimeAssets(dist))
  const browser = await Promise.all(PAGE_FILES.map((name) => describe(join(dist, name), name)))
  const idsOf = (task: ModelCard['task']): string[] =>
    models.filter(({ card }) => card.task === task).map(({ card }) => card.id)
  const strip = ({ path, bytes, sha256 }: AssetSource): AssetFile => ({ path, bytes, sha256 })
  return {
    manifest: {
      schema: 1,
      version: VERSION,
      worker: strip(worker),
      wasm: strip(wasm),
      ...(relaxedWasm !== undefined && { relaxedWasm: strip(relaxedWasm) }),
      defaults: { detectors: idsOf('face-detection'), models: idsOf('pad').slice(0, 1) },
      models: Object.fromEntries(
        models.map((model) => [model.card.id, { card: strip(model.cardFile), weights: strip(model.weights) }]),
      ),
    },
    files: [
      worker,
      ...browser,
      wasm,
      ...(relaxedWasm === undefined ? [] : [relaxedWasm]),
      ...models.flatMap((model) => [model.cardFile, model.weights]),
    ],
    runtime,
    runtimeReason,
  }
}

/** For pages without a bundler: the package, the custom element, its languages and its style sheet. */
const PAGE_FILES = [
  'unspoof.js',
  'unspoof-element.js',
  ...['ar', 'de', 'es', 'fr', 'hi', 'ja', 'pt', 'zh'].map((language) => `unspoof-${language}.js`),
  'styles.css',
]

const ONNXRUNTIME = 'ort-wasm-simd-threaded.wasm'

interface RuntimeFiles {
  readonly worker: AssetSource
  readonly wasm: AssetSource
  readonly relaxedWasm?: AssetSource
}

async function kernelAssets(dist: string): Promise<RuntimeFiles> {
  return {
    worker: await describe(join(dist, 'worker.js'), 'worker.js'),
    wasm: await describe(kernelFiles.simd, basename(kernelFiles.simd)),
    relaxedWasm: await describe(kernelFiles.relaxed, basename(kernelFiles.relaxed)),
  }
}

async function onnxruntimeAssets(dist: string): Promise<RuntimeFiles> {
  let from: string
  try {
    from = require.resolve(`onnxruntime-web/${ONNXRUNTIME}`)
  } catch (cause) {
    const version = (require('@unspoof/web/package.json') as { peerDependencies: Record<string, string> })
      .peerDependencies['onnxruntime-web']
    throw new LivenessError('RUNTIME_MISSING', 'These models need onnxruntime-web, which is not installed.', {
      cause,
      hint: `Install it: npm install onnxruntime-web@${version}`,
    })
  }
  return {
    worker: await describe(join(dist, 'worker-onnxruntime.js'), 'worker-onnxruntime.js'),
    wasm: await describe(from, ONNXRUNTIME),
  }
}

/** Loads every model with the kernels, here and now: what they refuse they refuse in every browser. */
async function chooseRuntime(
  wanted: NonNullable<CopyAssetsOptions['runtime']>,
  models: readonly ReadModel[],
): Promise<{ readonly runtime: AssetRuntime; readonly runtimeReason: string }> {
  if (wanted === 'onnxruntime') return { runtime: wanted, runtimeReason: 'As the runtime option says.' }
  const kernels = await createKernelRuntime(await read(kernelFiles.simd))
  for (const { card, weights } of models) {
    try {
      await (await kernels.load(await readFile(weights.from))).close()
    } catch (cause) {
      const runtimeReason = `The kernels do not run ${card.id}: ${(cause as Error).message}.`
      if (wanted === 'auto') return { runtime: 'onnxruntime', runtimeReason }
      throw new LivenessError('MODEL_LOAD', runtimeReason, {
        cause,
        hint: 'Use the runtime "auto" or "onnxruntime" for this model.',
      })
    }
  }
  return { runtime: 'kernels', runtimeReason: 'The kernels run all of these models.' }
}

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

async function read(from: string): Promise<Buffer<ArrayBuffer>> {
  try {
    return await readFile(from)
  } catch (cause) {
    throw new LivenessError('MODEL_MISSING', `${from} cannot be read.`, {
      cause,
      hint: 'Install @unspoof/web and @unspoof/kernels again.',
    })
  }
}

async function describe(from: string, path: string): Promise<AssetSource> {
  const content = await read(from)
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
    old?.relaxedWasm,
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
