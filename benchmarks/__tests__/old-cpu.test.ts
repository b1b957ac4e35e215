/** The promise is a laptop of 2011: the whole check on an emulated processor without AVX2 gives the same answer. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isBuilt = existsSync(`${root}/packages/node/dist/index.js`)
const hasQemu = process.arch === 'x64' && spawnSync('qemu-x86_64', ['--version']).status === 0
if (!isBuilt) console.warn('The packages are not built: the check without AVX2 is not tested.')
else if (!hasQemu) console.warn('There is no qemu-x86_64 (package qemu-user): the check without AVX2 is not tested.')

it.skipIf(!isBuilt || !hasQemu)('gives the same live probability without AVX2', { timeout: 300_000 }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['benchmarks/old-cpu.mjs'], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
    encoding: 'utf8',
  })
  expect(stdout, stderr).toMatch(/^ok {5}int8: 0\.\d+ here/m)
  expect(stdout).not.toContain('WRONG')
  expect(status).toBe(0)
})
