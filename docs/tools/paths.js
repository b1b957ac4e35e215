/** Where things are. */
import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

export const docs = resolve(dirname(fileURLToPath(import.meta.url)), '..')
export const root = resolve(docs, '..')
/** The pages as TypeDoc reads them: a copy of the repository's Markdown with includes and links put in. */
export const staged = resolve(docs, '.staged')
export const site = resolve(docs, 'site')
export const repository = 'https://github.com/unspoof/unspoof'
