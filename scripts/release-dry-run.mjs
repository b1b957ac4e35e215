// @ts-check
/** Everything a release does short of publishing: what would be bumped, and what each package would send. */
import { spawnSync } from 'node:child_process'
import { publishedPackages, ROOT } from './packages.mjs'

// Changesets compares with main, which a checkout of one commit may not have.
if (spawnSync('git', ['rev-parse', '--verify', '--quiet', 'main'], { cwd: ROOT }).status === 0) {
  run('npx', ['changeset', 'status'])
} else {
  console.warn('skipped: changeset status (this checkout has no branch main)')
}
const packages = await publishedPackages()
const workspaces = packages.flatMap(({ manifest }) => ['--workspace', manifest.name])
run('npm', ['publish', '--dry-run', '--ignore-scripts', '--loglevel', 'error', ...workspaces])
console.log(`release: ${packages.length} packages could be published.`)

/**
 * @param {string} command
 * @param {readonly string[]} args
 */
function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) process.exit(status ?? 1)
}
