/** Which models there are: bundled, in the registry, and pulled. */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { type ModelCard, parseCard } from '@unspoof/core'
import { bundledModel, MODELS, registry } from '@unspoof/models'
import { cachedModelFolder } from './cache.ts'

export interface KnownModel {
  readonly card: ModelCard
  readonly origin: 'bundled' | 'registry'
  /** What was checked about the address and the licence; empty for bundled models. */
  readonly note: string
  /** Variants whose file is on this machine. */
  readonly present: readonly string[]
}

export async function knownModels(): Promise<KnownModel[]> {
  const bundled = MODELS.map(async (id): Promise<KnownModel> => {
    const source = bundledModel(id)
    const card = parseCard(await source.card(), source.location)
    return { card, origin: 'bundled', note: '', present: card.files.map(({ variant }) => variant) }
  })
  const others = Object.values(registry).map(async ({ card, note }): Promise<KnownModel> => {
    const present: string[] = []
    for (const file of card.files) {
      const info = await stat(path.join(cachedModelFolder(card), file.name)).catch(() => undefined)
      if (info?.isFile() === true) present.push(file.variant)
    }
    return { card, origin: 'registry', note, present }
  })
  return Promise.all([...bundled, ...others])
}
