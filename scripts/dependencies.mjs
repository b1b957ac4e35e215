// @ts-check
/** What an application installs with one of our packages, after package-lock.json. */
import { relative } from 'node:path'
import { ROOT } from './packages.mjs'

/**
 * @typedef {object} Installed
 * @property {string} name
 * @property {string} version
 * @property {string | undefined} license SPDX expression, as the package states it
 * @property {string | undefined} integrity
 * @property {readonly Installed[]} dependencies
 */

/**
 * Everything below a workspace: dependencies and optional ones of every platform. Not what only development needs, and
 * not peers, which are the application's own. `npm sbom --omit dev` cannot be asked: in a workspace it leaves out
 * packages that somebody else uses for development, and keeps those that only development uses.
 * @param {{ packages: Record<string, any> }} lock
 * @param {string} folder of a workspace
 * @returns {{ root: Installed, all: Installed[] }} the package and, without it, all that comes with it
 */
export function installedWith(lock, folder) {
  /** @type {Map<string, Installed>} */
  const found = new Map()
  /** @param {string} path @returns {Installed} */
  const visit = (path) => {
    const known = found.get(path)
    if (known) return known
    const entry = lock.packages[path]
    /** @type {Installed[]} */
    const dependencies = []
    const { version, license, integrity } = entry
    const name = entry.name ?? path.split('node_modules/').pop()
    const installed = { name, version, license, integrity, dependencies }
    found.set(path, installed)
    for (const needed of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) {
      dependencies.push(visit(locate(lock.packages, path, needed)))
    }
    return installed
  }
  const root = visit(relative(ROOT, folder).replaceAll('\\', '/'))
  // One and the same version may lie in several places.
  const all = new Map([...found.values()].map((one) => [`${one.name}@${one.version}`, one]))
  all.delete(`${root.name}@${root.version}`)
  return { root, all: [...all.values()] }
}

/**
 * Where Node would find a package: beside the one that asks, or in a folder above it.
 * @param {Record<string, any>} packages
 * @param {string} from
 * @param {string} name
 */
function locate(packages, from, name) {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/')))) {
    const path = `${folder === '' ? '' : `${folder}/`}node_modules/${name}`
    const entry = packages[path]
    if (entry) return entry.link ? entry.resolved : path
    if (folder === '') throw new Error(`package-lock.json has no ${name}, which ${from} needs. Run npm install.`)
  }
}
