/** unspoof(): a Vite plugin that serves the assets while developing and puts them into the build. */
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { MANIFEST_NAME } from '../assets/manifest.ts'
import { type Assets, type CopyAssetsOptions, collectAssets, serialiseManifest } from './copy-assets.ts'

export interface UnspoofPluginOptions extends CopyAssetsOptions {
  /** Folder under the site's base, as in the `assets` option of the page. @default 'unspoof' */
  readonly folder?: string
}

type Next = (error?: unknown) => void

/** The part of Vite's plugin type this plugin fills; written out so that Vite is not a dependency. */
export interface UnspoofPlugin {
  readonly name: string
  configResolved(config: { readonly base: string }): void
  configureServer(server: {
    readonly middlewares: {
      use(handler: (request: IncomingMessage, response: ServerResponse, next: Next) => void): void
    }
  }): void
  generateBundle(this: {
    emitFile(file: { type: 'asset'; fileName: string; source: Uint8Array | string }): void
  }): Promise<void>
}

/** Use as `plugins: [unspoof()]`; then `createLiveness()` finds its files without any option. */
export function unspoof(options: UnspoofPluginOptions = {}): UnspoofPlugin {
  const { folder = 'unspoof', ...copy } = options
  let base = '/'
  let collected: Promise<Assets> | undefined
  const assets = (): Promise<Assets> => {
    if (collected === undefined) {
      const collecting = collectAssets(copy)
      collected = collecting
      // What was not built yet may be at the next request.
      collecting.catch(() => {
        if (collected === collecting) collected = undefined
      })
    }
    return collected
  }

  return {
    name: 'unspoof',
    configResolved(config) {
      base = config.base
    },
    configureServer(server) {
      const prefix = `${base}${folder}/`
      server.middlewares.use((request, response, next) => {
        const path = (request.url ?? '').split('?')[0]!
        if (!path.startsWith(prefix)) return next()
        assets().then(({ manifest, files }) => {
          const name = path.slice(prefix.length)
          if (name === MANIFEST_NAME)
            return void response.setHeader('content-type', 'application/json').end(serialiseManifest(manifest))
          const file = files.find((candidate) => candidate.path === name)
          if (file === undefined) return next()
          response.setHeader('content-type', contentType(name))
          createReadStream(file.from).on('error', next).pipe(response)
        }, next)
      })
    },
    async generateBundle() {
      const { manifest, files } = await assets()
      this.emitFile({ type: 'asset', fileName: `${folder}/${MANIFEST_NAME}`, source: serialiseManifest(manifest) })
      for (const { from, path } of files) {
        this.emitFile({ type: 'asset', fileName: `${folder}/${path}`, source: await readFile(from) })
      }
    },
  }
}

function contentType(name: string): string {
  if (name.endsWith('.js')) return 'text/javascript'
  if (name.endsWith('.css')) return 'text/css'
  if (name.endsWith('.json')) return 'application/json'
  return name.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream'
}
