// Any static server will do. This one sends the strict content security policy that the page runs under.
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const ROOT = fileURLToPath(new URL('public', import.meta.url))
const TYPES = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
}
const POLICY =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'"

export function createPageServer() {
  return createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, 'http://localhost').pathname))
    const file = join(ROOT, path.endsWith('/') ? `${path}index.html` : path)
    if (!file.startsWith(ROOT) || !statSync(file, { throwIfNoEntry: false })?.isFile()) {
      return response.writeHead(404).end('Not found')
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'content-security-policy': POLICY,
    })
    createReadStream(file).pipe(response)
  })
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const server = createPageServer()
  server.on('error', (error) => {
    console.error(error.code === 'EADDRINUSE' ? 'Port 3000 is in use. Stop the other program first.' : error.message)
    process.exitCode = 1
  })
  server.listen(3000, '127.0.0.1', () => console.log('http://localhost:3000'))
}
