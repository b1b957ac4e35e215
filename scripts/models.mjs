// @ts-check
/** The models that @unspoof/models ships. */
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ROOT } from './packages.mjs'

/**
 * @returns {Promise<{ id: string, folder: string, card: any }[]>} every model that is in the repository with its card
 */
export async function bundledModels() {
  const models = []
  for (const id of await readdir(join(ROOT, 'models'))) {
    const folder = join(ROOT, 'models', id)
    const path = join(folder, 'card.json')
    if (existsSync(path)) models.push({ id, folder, card: JSON.parse(await readFile(path, 'utf8')) })
  }
  return models
}
