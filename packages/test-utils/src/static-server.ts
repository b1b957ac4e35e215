/** A static server on loopback for browser tests: folders and in-memory files, with the headers a careful site sends. */
import { createReadStream, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, normalize } from 'node:path'

export const STRICT_CSP =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; img-src 'self' data:; media-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'"

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.jpg': 'image/jpeg',
  '.png': 'image/png',
}

export interface StaticServerOptions {
  /** Path prefixes (with slashes at both ends) and the folders behind them. */
  readonly folders?: Readonly<Record<string, string>>
  /** Paths and their content. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly headers?: Readonly<Record<string, string>>
  /** Looked at first; true where it answered. */
  readonly handle?: (request: IncomingMessage, response: ServerResponse) => boolean
}

export interface StaticServer {
  /** With a slash at its end, on `localhost`, which is a secure context. */
  readonly url: string
  /** Paths that were asked for, in order. */
  readonly requests: string[]
  close(): Promise<void>
}

export async function startStaticServer(options: StaticServerOptions): Promise<StaticServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? '/').split('?')[0]!)
    requests.push(path)
    for (const [name, value] of Object.entries(options.headers ?? {})) response.setHeader(name, value)
    if (options.handle?.(request, response)) return
    // Chromium asks for it when it likes, and reports a 404 as an error of the page.
    if (path === '/favicon.ico') return void response.writeHead(204).end()
    response.setHeader(
      'content-type',
      TYPES[extname(path)] ?? (path.endsWith('/') ? TYPES['.html']! : 'application/octet-stream'),
    )
    const content = options.files?.[path]
    if (content !== undefined) return void response.end(content)
    for (const [prefix, folder] of Object.entries(options.folders ?? {})) {
      if (!path.startsWith(prefix)) continue
      const name = normalize(path.slice(prefix.length))
      const file = join(folder, name === '' || name === '.' ? 'index.html' : name)
      if (!name.startsWith('..') && statSync(file, { throwIfNoEntry: false })?.isFile()) {
        response.setHeader('cache-control', 'max-age=600')
        return void createReadStream(file).pipe(response)
      }
    }
    response.statusCode = 404
    response.end('not found')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}/`,
    requests,
    close: () => closeServer(server),
  }
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
