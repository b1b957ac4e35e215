// @ts-check
/** Asks "are the types wrong?" of the tarball of each published package, or of the folders given. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pack, publishedPackages } from './packages.mjs'

const require = createRequire(import.meta.url)
const cli = require.resolve('@arethetypeswrong/cli/package.json').replace(/package\.json$/, 'dist/index.js')

const packages = await publishedPackages(process.argv.slice(2))
const temporary = await mkdtemp(join(tmpdir(), 'attw-'))
try {
  for (const { folder, manifest } of packages) {
    const tarball = await pack(folder, temporary)
    // Node's resolution before `exports` (node10) is older than every Node we support.
    const profile = JSON.stringify(manifest.exports).includes('"require"') ? 'node16' : 'esm-only'
    // Style sheets and WebAssembly have no types.
    const untyped = Object.keys(manifest.exports).filter((path) => /\.(css|wasm)$/.test(path))
    const args = [cli, tarball, '--profile', profile, '--format', 'ascii', '--no-color']
    if (untyped.length > 0) args.push('--exclude-entrypoints', ...untyped)
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    // No types at all is not wrong for attw; for a package of ours it is.
    if (status !== 0 || /does not contain types/.test(stdout)) {
      console.error(stdout + stderr)
      process.exitCode = 1
    }
  }
} finally {
  await rm(temporary, { recursive: true })
}
console.log(`attw: looked at ${packages.length} packages.`)
