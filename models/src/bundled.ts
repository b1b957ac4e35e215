/** The models inside this package: which there are, which are the defaults, and how to read them. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type CardFile, LivenessError, type ModelSource } from '@unspoof/core'

/** The models this package carries; each is a folder with `card.json`, `model.onnx` and `README.md`. */
export const MODELS = ['blazeface-short', 'blazeface-full', 'unspoof-baseline'] as const

export type BundledModelId = (typeof MODELS)[number]

/** The PAD model that is used where none is chosen. */
export const DEFAULT_PAD_MODEL: BundledModelId = 'unspoof-baseline'

/** The face detectors that are used where none is chosen: tried in order, the first that finds a face answers. */
export const DEFAULT_DETECTORS: readonly BundledModelId[] = ['blazeface-short', 'blazeface-full']

/** Where this package's models lie: beside `src` and `dist`, so one step up from this file in both. */
const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

/**
 * A model of this package.
 * @throws LivenessError OPTION_INVALID for an id that is not bundled.
 */
export function bundledModel(id: BundledModelId): ModelSource {
  return folderModel(bundledModelFolder(id))
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

/** A model in a folder: `card.json` and the files it names. */
export function folderModel(folder: string): ModelSource {
  const card = join(folder, 'card.json')
  return {
    location: card,
    async card() {
      let text: string
      try {
        text = await readFile(card, 'utf8')
      } catch (cause) {
        throw new LivenessError('MODEL_MISSING', `Cannot read the model card ${card}.`, { cause })
      }
      try {
        return JSON.parse(text)
      } catch (cause) {
        throw new LivenessError('CARD_INVALID', `The model card ${card} is not JSON.`, { cause })
      }
    },
    async read(file: CardFile) {
      const path = join(folder, file.name)
      try {
        return await readFile(path)
      } catch (cause) {
        throw new LivenessError('MODEL_MISSING', `Cannot read the model file ${path}.`, { cause })
      }
    },
  }
}
