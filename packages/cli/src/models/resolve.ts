/** From what a user types after --model to a source of card and weights. */
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { type CardFile, LivenessError, type ModelSource, nearest } from '@unspoof/core'
import { bundledModel, MODELS, registry } from '@unspoof/models'
import { folderSource } from '@unspoof/node'
import { cachedModelFolder } from './cache.ts'

export interface ResolvedModel {
  readonly source: ModelSource
  /** As the user named it, without the variant. */
  readonly name: string
  /** Which file of the card; the first where undefined. */
  readonly variant: string | undefined
}

/**
 * `ID`, `ID:VARIANT`, or a folder with a card.json (or that card.json itself), also with `:VARIANT`. An id is a bundled model or
 * one of the registry, whose weights are looked for in `folders` (by hash, whatever their name) and then in the cache.
 * @throws LivenessError OPTION_INVALID naming the nearest id.
 */
export async function resolveModel(spec: string, folders: readonly string[] = []): Promise<ResolvedModel> {
  for (const [name, variant] of splits(spec)) {
    const folder = await cardFolder(name)
    if (folder !== undefined) return { source: folderSource(folder), name: path.basename(folder), variant }
  }
  const [id, variant] = splits(spec).at(-1)!
  if ((MODELS as readonly string[]).includes(id)) {
    return { source: bundledModel(id as (typeof MODELS)[number]), name: id, variant }
  }
  const entry = registry[id]
  if (entry !== undefined) return { source: registrySource(id, folders), name: id, variant }
  if (id.includes('/') || id.includes('\\') || id.startsWith('.')) {
    throw new LivenessError('OPTION_INVALID', `There is no model card in ${id}.`, {
      hint: 'Name a folder that holds a card.json, or an id that `unspoof models list` shows.',
    })
  }
  const near = nearest(id, [...MODELS, ...Object.keys(registry)])
  throw new LivenessError(
    'OPTION_INVALID',
    `Unknown model "${id.slice(0, 80)}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
    { hint: 'See "unspoof models list" for the ids, or name a folder that holds a card.json.' },
  )
}

/** The whole text as a name, then without what stands after the last colon: a path may hold colons itself. */
function splits(spec: string): [name: string, variant: string | undefined][] {
  const colon = spec.lastIndexOf(':')
  return colon <= 0
    ? [[spec, undefined]]
    : [
        [spec, undefined],
        [spec.slice(0, colon), spec.slice(colon + 1)],
      ]
}

async function cardFolder(name: string): Promise<string | undefined> {
  const info = await stat(name).catch(() => undefined)
  if (info?.isFile() === true && path.basename(name) === 'card.json') return path.dirname(path.resolve(name))
  if (info?.isDirectory() !== true) return undefined
  const card = await stat(path.join(name, 'card.json')).catch(() => undefined)
  return card?.isFile() === true ? path.resolve(name) : undefined
}

/** The registry's card with weights from a folder of the user's, or from the cache. */
function registrySource(id: string, folders: readonly string[]): ModelSource {
  const { card } = registry[id]!
  return {
    location: `the registry entry ${id}`,
    card: async () => card,
    async read(file) {
      for (const folder of folders) {
        const found = await findByHash(folder, file)
        if (found !== undefined) return found
      }
      const cached = path.join(cachedModelFolder(card), file.name)
      try {
        return await readFile(cached)
      } catch (cause) {
        throw new LivenessError('MODEL_MISSING', `The weights of ${id} (${file.variant}) are not on this machine.`, {
          cause,
          hint:
            file.url === undefined
              ? 'No public address is known: name the folder that has them with --models-dir.'
              : `Get them with "unspoof models pull ${id}:${file.variant}", or name the folder that has them with --models-dir.`,
        })
      }
    },
  }
}

/** The bytes in a folder that have the size and hash of the card, whatever the file is called. */
async function findByHash(folder: string, file: CardFile): Promise<Uint8Array | undefined> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new LivenessError('INPUT_UNREADABLE', `Cannot read the folder ${folder}.`, { cause })
  })
  for (const name of names.filter((n) => n.endsWith('.onnx'))) {
    const candidate = path.join(folder, name)
    const info = await stat(candidate).catch(() => undefined)
    if (info?.isFile() !== true || info.size !== file.bytes) continue
    const bytes = await readFile(candidate)
    if (createHash('sha256').update(bytes).digest('hex') === file.sha256) return bytes
  }
  return undefined
}
