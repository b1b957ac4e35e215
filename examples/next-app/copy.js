// The same as `npx unspoof copy-assets public/unspoof`: Next serves `public/` as it is.
import { fileURLToPath } from 'node:url'
import { copyAssets } from '@unspoof/web/assets'

await copyAssets(fileURLToPath(new URL('public/unspoof', import.meta.url)))
