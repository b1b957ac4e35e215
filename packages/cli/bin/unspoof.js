#!/usr/bin/env node
// The executable. Kept apart from the build, so that npm can link it before there is a build.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const built = new URL('../dist/bin.js', import.meta.url)
const repository = fileURLToPath(new URL('../../..', import.meta.url))

// In a fresh clone of the repository nothing is built yet; the published package always is.
if (!existsSync(built) && existsSync(new URL('../../../turbo.json', import.meta.url))) {
  process.stderr.write('Building unspoof once, this takes some seconds ...\n')
  const { status } = spawnSync('npx', ['turbo', 'run', 'build', '--filter=unspoof', '--output-logs=errors-only'], {
    cwd: repository,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
  })
  if (status !== 0) {
    process.stderr.write('unspoof: the build failed; run "npm run build" to see why.\n')
    process.exit(2)
  }
}

await import(built.href)
