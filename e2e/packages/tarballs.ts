/** The tarballs that would be published, and empty projects they are installed into. */
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ROOT, run } from '@unspoof/test-utils/run'
import { type Package, publishedPackages } from '../../scripts/packages.mjs'

const PROJECTS = fileURLToPath(new URL('projects', import.meta.url))

export interface Tarball extends Package {
  readonly name: string
  /** Of the tarball. */
  readonly path: string
  /** Paths inside, sorted. */
  readonly files: readonly string[]
}

/** A folder outside the repository, so that nothing is found by walking up. */
export function temporaryFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'unspoof-packages-'))
}

export function remove(folder: string | undefined): Promise<void> {
  return folder === undefined ? Promise.resolve() : rm(folder, { recursive: true, force: true, maxRetries: 3 })
}

/** Packs every published package into a folder. They must have been built. */
export async function packAll(folder: string): Promise<Tarball[]> {
  const packages = await publishedPackages()
  const workspaces = packages.flatMap(({ manifest }) => ['--workspace', manifest.name as string])
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder, ...workspaces]
  const { status, stdout, stderr } = await run('npm', args, ROOT)
  if (status !== 0) throw new Error(`npm pack: ${stderr}`)
  const packed = JSON.parse(stdout) as { name: string; filename: string; files: { path: string }[] }[]
  return packages.map(({ folder: source, manifest }) => {
    const { filename, files } = packed.find(({ name }) => name === manifest.name)!
    const name = manifest.name as string
    return { name, manifest, folder: source, path: join(folder, filename), files: files.map(({ path }) => path).sort() }
  })
}

/**
 * Installs packages and a copy of the folders of projects/ that are named. Install scripts do not run: all of ours must
 * work without. What the npm cache has is not fetched again.
 */
export async function createProject(
  parent: string,
  name: string,
  dependencies: Readonly<Record<string, string>>,
  sources: readonly string[],
  overrides: Readonly<Record<string, string>> = {},
): Promise<string> {
  const folder = join(parent, name)
  await mkdir(folder)
  const manifest = { name, private: true, type: 'module', dependencies, overrides }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  for (const source of sources) await cp(join(PROJECTS, source), join(folder, source), { recursive: true })
  const args = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel', 'error']
  const { status, stderr } = await run('npm', args, folder)
  if (status !== 0) throw new Error(`npm install in the project ${name}: ${stderr}`)
  return folder
}
