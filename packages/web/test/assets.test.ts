import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundledModelFolder, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { build, createServer } from 'vite'
import { describe, expect, it } from 'vitest'
import { writeModel } from '../../kernels/test/onnx-writer.ts'
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

describe('the runtime that copyAssets chooses', { timeout: 60_000 }, () => {
  it('is the kernels for the bundled models, in two builds', async () => {
    const to = await folder()
    const { runtime, runtimeReason } = await copyAssets(to, { detectors: ['blazeface-short', 'blazeface-full'] })
    expect(runtime).toBe('kernels')
    expect(runtimeReason).toMatch(/all of these models/)
    const manifest = parseManifest(await readFile(join(to, 'unspoof.json'), 'utf8'), VERSION, to)
    expect([manifest.wasm.path, manifest.relaxedWasm?.path]).toEqual(['kernels.wasm', 'kernels-relaxed.wasm'])
  })

  it('is onnxruntime for a model with another operator, which is named', async () => {
    const model = await modelWithErf()
    const to = await folder()
    await copyAssets(to)
    const { runtime, runtimeReason, files } = await copyAssets(to, { modelFolders: [model] })
    expect(runtime).toBe('onnxruntime')
    expect(runtimeReason).toBe('The kernels do not run erf: Operator Erf.')
    const manifest = parseManifest(await readFile(join(to, 'unspoof.json'), 'utf8'), VERSION, to)
    expect(manifest.worker.path).toBe('worker-onnxruntime.js')
    expect(manifest.relaxedWasm).toBeUndefined()
    expect(files.map(({ path }) => path)).toContain('ort-wasm-simd-threaded.wasm')
    expect(await readdir(to)).not.toContain('kernels.wasm')
    expect(await readdir(to)).not.toContain('kernels-relaxed.wasm')

    await expect(copyAssets(to, { modelFolders: [model], runtime: 'kernels' })).rejects.toMatchObject({
      code: 'MODEL_LOAD',
      message: 'The kernels do not run erf: Operator Erf.',
    })
    await expect(copyAssets(to, { runtime: 'webgl' as never })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })
})

/** A model as an application might have: the card of ours with a network of one strange operator. */
async function modelWithErf(): Promise<string> {
  const model = await folder()
  const card = JSON.parse(await readFile(join(bundledModelFolder(DEFAULT_PAD_MODEL), 'card.json'), 'utf8'))
  const weights = writeModel({
    inputs: { face: ['n', 3, 128, 128], context: ['n', 3, 80, 80] },
    outputs: ['logits'],
    nodes: [{ op: 'Erf', inputs: ['face'], output: 'logits' }],
  })
  await writeFile(join(model, 'model.onnx'), weights)
  const file = { name: 'model.onnx', variant: 'fp32', bytes: weights.byteLength, sha256: sha256(weights) }
  await writeFile(join(model, 'card.json'), JSON.stringify({ ...card, id: 'erf', files: [file] }))
  return model
}

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
