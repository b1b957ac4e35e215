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
  const manifest = JSON.parse(await readFile(path.join(folder, 'unspoof.json'), 'utf8'))
  expect(existsSync(path.join(folder, manifest.worker.path))).toBe(true)
})

it('wants a folder', async () => {
  expect((await unspoof(['copy-assets'])).stderr).toMatch(/Expected a folder/)
})
