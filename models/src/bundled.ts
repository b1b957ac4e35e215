/** The models inside this package: which there are, which are the defaults, and how to read them. */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LivenessError, type ModelSource } from '@unspoof/core'
import { folderSourceWith } from './folder.ts'

/** The models this package carries; each is a folder with `card.json`, `model.onnx` and `README.md`. */
export const MODELS = ['blazeface-short', 'blazeface-full', 'unspoof-pad-1', 'face-mesh'] as const

export type BundledModelId = (typeof MODELS)[number]

/** The PAD model that is used where none is chosen. */
export const DEFAULT_PAD_MODEL: BundledModelId = 'unspoof-pad-1'

/** The face detectors that are used where none is chosen: tried in order, the first that finds a face answers. */
export const DEFAULT_DETECTORS: readonly BundledModelId[] = ['blazeface-short', 'blazeface-full']

/** The landmarks that tell a head from a flat image of one. Only servers need them. */
export const DEFAULT_LANDMARKS: BundledModelId = 'face-mesh'

/** Where this package's models lie: beside `src` and `dist`, so one step up from this file in both. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

const MISSING_HINT =
  'Install @unspoof/models again. A bundler must leave @unspoof/node and @unspoof/models external; a traced build must copy the models (docs/guides/bundlers.md).'

/**
 * A model of this package.
 * @throws LivenessError OPTION_INVALID for an id that is not bundled.
 */
export function bundledModel(id: BundledModelId): ModelSource {
  return folderSourceWith(bundledModelFolder(id), MISSING_HINT)
}

/**
 * The folder of a bundled model, to copy it to where a browser can fetch it.
 * @throws LivenessError OPTION_INVALID for an id that is not bundled.
 */
export function bundledModelFolder(id: BundledModelId): string {
  if (!MODELS.includes(id)) {
    throw new LivenessError('OPTION_INVALID', `Expected one of ${MODELS.join(', ')} for a bundled model.`)
  }
  return join(ROOT, id)
}
