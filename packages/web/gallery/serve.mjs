// Serves the page of the gallery on a free port.
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const HTML = `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>gallery</title>
<style>body{margin:16px;background:#fff}html[data-theme=dark] body{background:#10161d}main{display:grid;justify-content:center;grid-template-columns:minmax(0,420px)}</style>
<main></main><script type="module" src="/page.js"></script>`

const here = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url))

/** @returns {Promise<{ url: string, close(): void }>} */
export async function serveGallery() {
  const build = await rolldown({
    input: here('page.ts'),
    platform: 'browser',
    resolve: { conditionNames: ['@unspoof/source', 'import', 'module', 'browser', 'default'] },
  })
  const { output } = await build.generate({ format: 'esm' })
  await build.close()
  /** @type {Record<string, readonly [string | Uint8Array, string]>} */
  const files = {
    '/': [HTML, 'text/html'],
    '/page.js': [output[0].code, 'text/javascript'],
    '/face.jpg': [await readFile(here('../../../fixtures/astronaut.jpg')), 'image/jpeg'],
  }
  const server = createServer((request, response) => {
    const [content, type] = files[request.url ?? '/'] ?? ['', 'text/plain']
    response.setHeader('content-type', type)
    response.end(content)
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://localhost:${port}/`,
    close() {
      server.closeAllConnections()
      server.close()
    },
  }
}
