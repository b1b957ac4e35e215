import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, createServer } from 'vite'
import { describe, expect, it } from 'vitest'
import { parseManifest } from '../src/assets/manifest.ts'
import { copyAssets } from '../src/node/copy-assets.ts'
import { unspoof } from '../src/node/vite.ts'
import { VERSION } from '../src/version.ts'

const folder = (): Promise<string> => mkdtemp(join(tmpdir(), 'unspoof-assets-'))
const sha256 = (content: Uint8Array | string): string => createHash('sha256').update(content).digest('hex')

describe('copyAssets', { timeout: 60_000 }, () => {
  it('copies what its manifest lists, byte for byte', async () => {
    const to = await folder()
    const { files, integrity } = await copyAssets(to)
    const text = await readFile(join(to, 'unspoof.json'), 'utf8')
    expect(sha256(text)).toBe(integrity)
    const manifest = parseManifest(text, VERSION, to)
    expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining([manifest.worker.path, manifest.wasm.path]))
    for (const { path, bytes, sha256: hash } of files) {
      const content = await readFile(join(to, path))
      expect([content.byteLength, sha256(content)]).toEqual([bytes, hash])
    }
  })

  it('removes what an earlier copy left, and nothing of the application', async () => {
    const to = await folder()
    await copyAssets(to, { detectors: ['blazeface-short', 'blazeface-full'] })
    await writeFile(join(to, 'mine.txt'), 'mine')
    await copyAssets(to, { detectors: ['blazeface-short'] })
    expect(await readdir(join(to, 'models'))).not.toContain('blazeface-full')
    expect(await readdir(join(to, 'models'))).toContain('blazeface-short')
    expect(await readFile(join(to, 'mine.txt'), 'utf8')).toBe('mine')
  })

  it('refuses unknown options, unknown models and changed weights', async () => {
    const to = await folder()
    await expect(copyAssets(to, { model: 'x' } as never)).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(copyAssets(to, { models: ['nobody'] as never })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
    await expect(copyAssets(to, { modelFolders: [to] })).rejects.toMatchObject({ code: 'MODEL_MISSING' })
    const { files } = await copyAssets(to)
    const weights = files.find(({ path }) => path.endsWith('.onnx'))!.path
    const changed = await readFile(join(to, weights))
    changed[1000]! ^= 1
    await writeFile(join(to, weights), changed)
    await expect(copyAssets(await folder(), { modelFolders: [join(to, weights, '..')] })).rejects.toMatchObject({
      code: 'MODEL_HASH',
    })
  })
})

describe('parseManifest', () => {
  it.each([
    '',
    'null',
    '[]',
    '{"schema":2}',
    `{"schema":1,"version":"${VERSION}"}`,
    '{"schema":1,"version":"0.0.1-other"}',
  ])('refuses %s', (text) => {
    expect(() => parseManifest(text, VERSION, '/unspoof.json')).toThrow(
      expect.objectContaining({ code: 'MODEL_MISSING' }),
    )
  })
})

describe('the Vite plugin', { timeout: 120_000 }, () => {
  it('serves the assets while developing', async () => {
    const root = await folder()
    const server = await createServer({
      root,
      base: '/app/',
      configFile: false,
      logLevel: 'silent',
      server: { port: 0, host: '127.0.0.1' },
      plugins: [unspoof()],
    })
    await server.listen()
    try {
      const address = server.httpServer!.address() as { port: number }
      const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${address.port}/app/unspoof/${path}`)
      const manifest = parseManifest(await (await get('unspoof.json')).text(), VERSION, 'unspoof.json')
      const worker = await get(`${manifest.worker.path}?v=1`)
      expect(worker.headers.get('content-type')).toBe('text/javascript')
      expect(sha256(new Uint8Array(await worker.arrayBuffer()))).toBe(manifest.worker.sha256)
      expect((await get(manifest.wasm.path)).headers.get('content-type')).toBe('application/wasm')
    } finally {
      await server.close()
    }
  })

  it('puts them into the build', async () => {
    const root = await folder()
    await writeFile(join(root, 'index.html'), '<!doctype html><title>x</title>')
    await build({ root, configFile: false, logLevel: 'silent', plugins: [unspoof({ folder: 'static/face' })] })
    const manifest = parseManifest(await readFile(join(root, 'dist/static/face/unspoof.json'), 'utf8'), VERSION, 'x')
    expect(sha256(await readFile(join(root, 'dist/static/face', manifest.wasm.path)))).toBe(manifest.wasm.sha256)
  })
})
