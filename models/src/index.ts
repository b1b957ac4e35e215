/** Weights, model cards and the registry of models of others. */
export {
  type BundledModelId,
  bundledModel,
  bundledModelFolder,
  DEFAULT_DETECTORS,
  DEFAULT_PAD_MODEL,
  folderModel,
  MODELS,
} from './bundled.ts'
export { type RegistryEntry, registry } from './registry.ts'
