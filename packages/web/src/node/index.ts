/** What builds need: `@unspoof/web/assets`. */
export { type AssetFile, MANIFEST_NAME, type Manifest } from '../assets/manifest.ts'
export * from './copy-assets.ts'
