// @ts-check
/** The packages of this repository that are published, and their tarballs. */
import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * @typedef {object} Package
 * @property {string} folder
 * @property {Record<string, any>} manifest its package.json
 */

/**
 * Every workspace that is not private; or the packages in the given folders.
 * @param {readonly string[]} [folders]
 * @returns {Promise<Package[]>}
 */
export async function publishedPackages(folders = []) {
  if (folders.length > 0) return Promise.all(folders.map((folder) => readPackage(resolve(folder))))
  const { workspaces } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'))
  const found = []
  for (const pattern of workspaces) {
    const parent = join(ROOT, pattern.replace(/\/\*$/, ''))
    const names = pattern.endsWith('/*') ? await readdir(parent) : ['.']
    for (const name of names.sort()) found.push(await readPackage(join(parent, name)))
  }
  const published = found.filter(({ manifest }) => !manifest.private)
  // A check of nothing must not pass for a check.
  if (published.length === 0) throw new Error('Found no package that is published.')
  return published
}

/**
 * @param {string} folder
 * @returns {Promise<Package>}
 */
async function readPackage(folder) {
  return { folder, manifest: JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) }
}

/**
 * What `npm publish` would send.
 * @param {string} folder
 * @param {string} destination where the tarball is written
 * @returns {Promise<string>} the path of the tarball
 */
export async function pack(folder, destination) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', destination]
  const { stdout } = await promisify(execFile)('npm', args, { cwd: folder, shell: process.platform === 'win32' })
  const { filename } = Object.values(JSON.parse(stdout))[0]
  return join(destination, filename.replace(/^@/, '').replace('/', '-'))
}
