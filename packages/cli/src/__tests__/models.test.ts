import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cacheFolder } from '../models/cache.ts'
import { pull } from '../models/pull.ts'
import { resolveModel } from '../models/resolve.ts'
import { DEFAULT_ID, FACE, SHARED, temporaryFolder, unspoof } from './run.ts'

const CONTENT = Buffer.from(Array.from({ length: 50_000 }, (_, i) => (i * 31) % 251))
const SHA256 = createHash('sha256').update(CONTENT).digest('hex')

let folder: string
let server: Server
let base: string
/** What each request asked for. */
let asked: { url: string; range: string | undefined }[] = []

/** `/whole` sends it; `/cut` breaks off half-way unless asked for a range; `/plain` ignores ranges; `/wrong` sends other bytes. */
function answer(req: IncomingMessage, res: ServerResponse): void {
  const { range } = req.headers
  asked.push({ url: req.url!, range })
  const start = Number(/^bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
  switch (req.url) {
    case '/cut':
    case '/whole':
      if (range !== undefined) {
        res.writeHead(206, { 'content-range': `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}` })
        res.end(CONTENT.subarray(start))
      } else if (req.url === '/cut') {
        res.writeHead(200, { 'content-length': CONTENT.length })
        res.write(CONTENT.subarray(0, 20_000), () => setTimeout(() => res.destroy(), 50))
      } else {
        res.writeHead(200, { 'content-length': CONTENT.length })
        res.end(CONTENT)
      }
      return
    case '/plain':
      res.end(CONTENT)
      return
    case '/wrong':
      res.end(Buffer.alloc(CONTENT.length))
      return
    case '/long':
      res.end(Buffer.concat([CONTENT, CONTENT]))
      return
    case '/broken':
      res.writeHead(500).end()
      return
    default:
      res.writeHead(404).end()
  }
}

beforeAll(async () => {
  folder = await temporaryFolder()
  server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const target = (name: string) => path.join(folder, name, 'model.onnx')
const leftovers = async (name: string) =>
  existsSync(path.dirname(target(name))) ? readdir(path.dirname(target(name))) : []

describe('pull', () => {
  it('keeps a file with the pinned hash, and does not fetch it again', async () => {
    expect(await pull({ url: `${base}/whole`, target: target('whole'), sha256: SHA256, bytes: CONTENT.length })).toBe(
      'pulled',
    )
    expect(await readFile(target('whole'))).toEqual(CONTENT)
    expect(await leftovers('whole')).toEqual(['model.onnx'])
    asked = []
    expect(await pull({ url: `${base}/whole`, target: target('whole'), sha256: SHA256 })).toBe('present')
    expect(asked).toEqual([])
  })

  it('goes on where it broke off', async () => {
    const download = { url: `${base}/cut`, target: target('cut'), sha256: SHA256, bytes: CONTENT.length }
    await expect(pull(download)).rejects.toThrow(expect.objectContaining({ code: 'NETWORK', retryable: true }))
    // The half is kept, under a name nobody takes for the model.
    expect(await leftovers('cut')).toEqual([`model.onnx.${SHA256.slice(0, 12)}.part`])
    asked = []
    expect(await pull(download)).toBe('pulled')
    expect(asked).toEqual([{ url: '/cut', range: 'bytes=20000-' }])
    expect(await readFile(target('cut'))).toEqual(CONTENT)
  })

  it('starts again where the server knows no ranges', async () => {
    await mkdir(path.dirname(target('plain')), { recursive: true })
    await writeFile(`${target('plain')}.${SHA256.slice(0, 12)}.part`, CONTENT.subarray(0, 100))
    expect(await pull({ url: `${base}/plain`, target: target('plain'), sha256: SHA256 })).toBe('pulled')
    expect(await readFile(target('plain'))).toEqual(CONTENT)
  })

  it.each([
    ['/wrong', 'MODEL_HASH', /another SHA-256/],
    ['/long', 'MODEL_HASH', /more than the 50000 bytes/],
    ['/gone', 'MODEL_MISSING', /HTTP 404/],
    ['/broken', 'NETWORK', /HTTP 500/],
  ])('keeps nothing of %s', async (url, code, message) => {
    const name = url.slice(1)
    const download = { url: `${base}${url}`, target: target(name), sha256: SHA256, bytes: CONTENT.length }
    await expect(pull(download)).rejects.toThrow(expect.objectContaining({ code }))
    await expect(pull(download)).rejects.toThrow(message)
    expect((await leftovers(name)).filter((file) => !file.endsWith('.lock'))).toEqual([])
  })

  it('never overwrites a good file with a bad one, and heals a bad one', async () => {
    await mkdir(path.dirname(target('heal')), { recursive: true })
    await writeFile(target('heal'), 'damaged')
    await expect(pull({ url: `${base}/wrong`, target: target('heal'), sha256: SHA256 })).rejects.toThrow(/SHA-256/)
    expect(await readFile(target('heal'), 'utf8')).toBe('damaged')
    expect(await pull({ url: `${base}/whole`, target: target('heal'), sha256: SHA256 })).toBe('pulled')
    expect(await readFile(target('heal'))).toEqual(CONTENT)
  })

  it('lets one of two at once in, and takes over the lock of a dead process', async () => {
    const download = { url: `${base}/whole`, target: target('two'), sha256: SHA256, bytes: CONTENT.length }
    const results = await Promise.allSettled([pull(download), pull(download)])
    expect(results.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThanOrEqual(1)
    expect(await readFile(target('two'))).toEqual(CONTENT)
    await mkdir(path.dirname(target('dead')), { recursive: true })
    // No process has this number: Linux allows at most 2^22.
    await writeFile(`${target('dead')}.${SHA256.slice(0, 12)}.part.lock`, '99999999')
    expect(await pull({ ...download, target: target('dead') })).toBe('pulled')
  })

  it.skipIf(!existsSync('/dev/full'))('a full disk is said, leaves nothing that could be used, and heals', async () => {
    const target = path.join(folder, 'full.bin')
    // What is written there fails as on a full disk, with ENOSPC from the system.
    const part = `${target}.${SHA256.slice(0, 12)}.part`
    await symlink('/dev/full', part)
    const download = { url: `${base}/whole`, target, sha256: SHA256, bytes: CONTENT.length }
    await expect(pull(download)).rejects.toMatchObject({
      code: 'INPUT_UNREADABLE',
      message: expect.stringContaining('the disk is full'),
    })
    expect(existsSync(target)).toBe(false)
    await rm(part)
    expect(await pull(download)).toBe('pulled')
    expect(await readFile(target)).toEqual(CONTENT)
  })

  it.each(['file:///etc/passwd', 'ftp://host/x', 'nonsense'])('refuses %s', async (url) => {
    await expect(pull({ url, target: target('no'), sha256: SHA256 })).rejects.toThrow(
      expect.objectContaining({ code: 'OPTION_INVALID' }),
    )
  })

  it('goes through a proxy that the environment names', async () => {
    const tunnels: string[] = []
    const proxy = createServer((_, res) => res.writeHead(500).end())
    proxy.on('connect', (req, socket) => {
      tunnels.push(req.url!)
      const [host, port] = req.url!.split(':')
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        upstream.pipe(socket).pipe(upstream)
      })
      upstream.on('error', () => socket.destroy())
      socket.on('error', () => upstream.destroy())
    })
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
    const ran = await unspoof(['models', 'pull', `${base}/whole`, '--sha256', SHA256, '--output', target('proxy')], {
      env: { HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` },
    })
    proxy.closeAllConnections()
    proxy.close()
    expect(ran).toMatchObject({ code: 0, stderr: '' })
    expect(tunnels).toEqual([base.replace('http://', '')])
    expect(await readFile(target('proxy'))).toEqual(CONTENT)
  })
})

describe('unspoof models', () => {
  it('lists bundled models and those of the registry', async () => {
    const env = { UNSPOOF_CACHE_DIR: path.join(folder, 'empty-cache') }
    const { stdout, code } = await unspoof(['models', 'list'], { env })
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`${DEFAULT_ID} +liveness .* bundled`))
    expect(stdout).toMatch(/facenox-minifasnet-v2-se-128 +liveness +int8, fp32 .* not pulled/)
    expect(stdout).toMatch(/yunet-2023mar-640 +face detection .* MIT/)
    const json = await unspoof(['models', 'list', '--json'], { env })
    expect(
      json.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line).card.id),
    ).toContain('silent-face-v2-80')
  })

  it('verifies what is on this machine', async () => {
    const { stdout, code } = await unspoof(['models', 'verify'], {
      env: { UNSPOOF_CACHE_DIR: path.join(folder, 'empty-cache') },
    })
    expect(code).toBe(0)
    expect(stdout.match(/^ok {5}/gm)!.length).toBeGreaterThanOrEqual(3)
  })

  it('says which of several is wrong', async () => {
    const { stdout, code } = await unspoof(['models', 'verify', DEFAULT_ID, 'yunet-2023mar-640'], {
      env: { UNSPOOF_CACHE_DIR: path.join(folder, 'empty-cache') },
    })
    expect(code).toBe(2)
    expect(stdout).toMatch(new RegExp(`^ok {5}${DEFAULT_ID}`, 'm'))
    expect(stdout).toMatch(/^wrong {2}yunet-2023mar-640: .*\(MODEL_MISSING\)/m)
  })

  it.each([
    [['pull'], /Expected the id of a model/],
    [['pull', 'yunet'], /Unknown model "yunet"/],
    [['pull', 'facenox-minifasnet-v2-se-128:int4'], /no variant "int4"; it has int8, fp32/],
    [['pull', 'silent-face-v2-80-opset11'], /No public address/],
    [['pull', 'http://127.0.0.1/x.onnx', '--output', 'x'], /--sha256 \(64 hex digits\)/],
    [['doctor', 'x.onnx'], /Expected a model and pictures/],
  ])('%j is refused', async (args, message) => {
    const ran = await unspoof(['models', ...args], { env: { UNSPOOF_CACHE_DIR: path.join(folder, 'empty-cache') } })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toMatch(message)
  })
})

describe('the cache', () => {
  it('is where the platform wants it', () => {
    expect(cacheFolder({ UNSPOOF_CACHE_DIR: '/x/y' }, 'linux')).toBe('/x/y')
    expect(cacheFolder({ XDG_CACHE_HOME: '/cache' }, 'linux')).toBe('/cache/unspoof')
    expect(cacheFolder({ XDG_CACHE_HOME: 'relative' }, 'linux')).toMatch(/\.cache\/unspoof$/)
    expect(cacheFolder({}, 'darwin')).toMatch(/Library\/Caches\/unspoof$/)
    expect(cacheFolder({ LOCALAPPDATA: 'C:' }, 'win32')).toMatch(/unspoof/)
  })
})

const models = path.join(SHARED, 'models')

describe.skipIf(!existsSync(models))("other people's weights", () => {
  it('are pulled from a mirror, verified, and then used by their id', async () => {
    const cache = path.join(folder, 'pulled')
    const mirror = createServer(async (req, res) => {
      const known: Record<string, string> = {
        '/best_model_quantized.onnx': 'minifasnet-v2-se-128-int8.onnx',
        // Another file under the right name.
        '/MiniFASNetV2.onnx': 'minifasnet-v2-se-128-int8.onnx',
      }
      const name = known[req.url!]
      if (name === undefined) res.writeHead(404).end()
      else res.end(await readFile(path.join(models, name)))
    })
    await new Promise<void>((resolve) => mirror.listen(0, '127.0.0.1', resolve))
    const from = `http://127.0.0.1:${(mirror.address() as AddressInfo).port}/`
    const env = { UNSPOOF_CACHE_DIR: cache }
    try {
      const good = await unspoof(['models', 'pull', 'facenox-minifasnet-v2-se-128:int8', '--from', from], { env })
      expect(good).toMatchObject({ code: 0, stderr: '' })
      expect(good.stdout).toContain('Licence of the weights: Apache-2.0')
      expect((await unspoof(['models', 'list'], { env })).stdout).toMatch(/facenox-minifasnet-v2-se-128 .*pulled: int8/)
      expect((await unspoof(['models', 'verify'], { env })).stdout).toContain('facenox-minifasnet-v2-se-128:int8')
      expect((await unspoof(['check', FACE, '-m', 'facenox-minifasnet-v2-se-128:int8'], { env })).code).not.toBe(2)
      const wrong = await unspoof(['models', 'pull', 'silent-face-v2-80', '--from', from], { env })
      expect(wrong.code).toBe(2)
      expect(wrong.stderr).toContain('(MODEL_HASH)')
      expect((await unspoof(['models', 'list'], { env })).stdout).toMatch(/silent-face-v2-80 .*not pulled/)
    } finally {
      mirror.closeAllConnections()
      mirror.close()
    }
  })

  it('are found by their hash, whatever they are called', async () => {
    const { stdout, code } = await unspoof([
      ...['models', 'verify', 'facenox-minifasnet-v2-se-128:int8', 'silent-face-v2-80-opset11', 'yunet-2023mar-640'],
      ...['--models-dir', models],
    ])
    expect(stdout.match(/^ok/gm)).toHaveLength(3)
    expect(code).toBe(0)
    const { source } = await resolveModel('facenox-minifasnet-v2-se-128', [folder])
    await expect(source.read({ name: 'x', variant: 'int8', bytes: 1, sha256: SHA256 })).rejects.toThrow(
      expect.objectContaining({ code: 'MODEL_MISSING' }),
    )
  })
})
