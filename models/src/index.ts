/** Weights, model cards and the registry of models of others. */
export {
  type BundledModelId,
  bundledModel,
  bundledModelFolder,
  DEFAULT_DETECTORS,
  DEFAULT_LANDMARKS,
  DEFAULT_PAD_MODEL,
  MODELS,
} from './bundled.ts'
export { folderSource } from './folder.ts'
export { type RegistryEntry, registry } from './registry.ts'
