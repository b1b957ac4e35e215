/** The version of this package, from its package.json. */
import { createRequire } from 'node:module'

const manifest = createRequire(import.meta.url)('unspoof/package.json') as { readonly version: string }

export const VERSION = manifest.version
