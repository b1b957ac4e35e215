// The same as `npx unspoof copy-assets public/unspoof`.
import { fileURLToPath } from 'node:url'
import { copyAssets } from '@unspoof/web/assets'

await copyAssets(fileURLToPath(new URL('public/unspoof', import.meta.url)))
