/** From what the options name to where a model is read. */
import { LivenessError, type ModelSource } from '@unspoof/core'
import { type BundledModelId, bundledModel, folderSource, MODELS } from '@unspoof/models'
import type { ModelChoice } from '../options.ts'

/** @throws LivenessError OPTION_INVALID for a name that is neither bundled nor a path. */
export function sourceOf(choice: ModelChoice): ModelSource {
  if (typeof choice !== 'string') return choice
  if ((MODELS as readonly string[]).includes(choice)) return bundledModel(choice as BundledModelId)
  // A name without a separator is a typing error more often than a folder.
  if (/[\\/]/.test(choice)) return folderSource(choice)
  throw new LivenessError('OPTION_INVALID', `Unknown model "${choice.slice(0, 40)}".`, {
    hint: `Bundled models: ${MODELS.join(', ')}. For a folder, write its path with a slash: ./${choice.slice(0, 40)}`,
  })
}
