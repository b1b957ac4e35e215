import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { temporaryFolder, unspoof } from './run.ts'

const built = existsSync(fileURLToPath(new URL('../../../web/dist/node/index.js', import.meta.url)))

it.skipIf(!built)('copies what a page needs and prints the pin of its list', async () => {
  const folder = path.join(await temporaryFolder(), 'public', 'unspoof')
  const { code, stdout, stderr } = await unspoof(['copy-assets', folder])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect(stdout).toMatch(/integrity: '[0-9a-f]{64}'/)
  expect(stdout).toContain('runtime: kernels. The kernels run all of these models.')
  const manifest = JSON.parse(await readFile(path.join(folder, 'unspoof.json'), 'utf8'))
  expect(existsSync(path.join(folder, manifest.worker.path))).toBe(true)
})

it.skipIf(!built)('copies onnxruntime-web where it is asked to, and names the runtimes there are', async () => {
  const folder = path.join(await temporaryFolder(), 'unspoof')
  const { code } = await unspoof(['copy-assets', folder, '--runtime', 'onnxruntime'])
  expect(code).toBe(0)
  const manifest = JSON.parse(await readFile(path.join(folder, 'unspoof.json'), 'utf8'))
  expect(manifest.wasm.path).toBe('ort-wasm-simd-threaded.wasm')
  const wrong = await unspoof(['copy-assets', folder, '--runtime', 'tflite'])
  expect(wrong.code).not.toBe(0)
  expect(wrong.stderr).toMatch(/kernels.*onnxruntime.*runtime/)
})

it('wants a folder', async () => {
  expect((await unspoof(['copy-assets'])).stderr).toMatch(/Expected a folder/)
})
