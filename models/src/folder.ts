/** A model in a folder of the file system: card.json and its weights beside it. */
import { constants, type FileHandle, open, realpath } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type CardFile, describe, LivenessError, type ModelSource } from '@unspoof/core'

const MAX_CARD_BYTES = 1024 * 1024
/** More than any model of a few milliseconds has; the card's own number is checked by the core. */
const MAX_WEIGHT_BYTES = 1024 * 1024 * 1024

/**
 * Reads `card.json` and the files it names from a folder. Files are named without folders and must lie in this very
 * folder: links that lead elsewhere are refused. Nothing is read until the model is loaded.
 * @throws LivenessError OPTION_INVALID; when reading: MODEL_MISSING, CARD_INVALID
 */
export function folderSource(path: string): ModelSource {
  return folderSourceWith(path, undefined)
}

/** The same, with the advice for a file that is missing. */
export function folderSourceWith(path: string, missingHint: string | undefined): ModelSource {
  if (typeof path !== 'string' || path === '') {
    throw new LivenessError(
      'OPTION_INVALID',
      `Expected the path of a folder for a model but received ${describe(path)}.`,
    )
  }
  const folder = resolve(path)
  return {
    location: folder,
    async card() {
      const text = await readInside(folder, 'card.json', MAX_CARD_BYTES, missingHint)
      try {
        return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(text)) as unknown
      } catch (cause) {
        throw new LivenessError('CARD_INVALID', `card.json in ${folder} is not JSON.`, { cause })
      }
    },
    read: (file: CardFile) => readInside(folder, file.name, MAX_WEIGHT_BYTES, missingHint),
  }
}

async function readInside(
  folder: string,
  name: string,
  maxBytes: number,
  missingHint: string | undefined,
): Promise<Uint8Array> {
  if (!/^[\w][\w.-]*$/.test(name)) {
    throw new LivenessError('CARD_INVALID', `The card in ${folder} names a file with characters that are not allowed.`)
  }
  const path = join(folder, name)
  let file: FileHandle | undefined
  try {
    if (dirname(await realpath(path)) !== (await realpath(folder))) {
      throw new LivenessError('MODEL_MISSING', `${path} is a link that leads out of its folder.`)
    }
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const stat = await file.stat()
    if (!stat.isFile()) throw new LivenessError('MODEL_MISSING', `${path} is not a file.`)
    if (stat.size > maxBytes) throw new LivenessError('MODEL_MISSING', `${path} is larger than ${maxBytes} bytes.`)
    return await file.readFile()
  } catch (cause) {
    if (cause instanceof LivenessError) throw cause
    throw new LivenessError('MODEL_MISSING', `Cannot read ${path}.`, {
      cause,
      ...(missingHint !== undefined && { hint: missingHint }),
    })
  } finally {
    await file?.close()
  }
}
