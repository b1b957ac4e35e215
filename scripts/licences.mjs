// @ts-check
/** Fails where weights that we ship, or a package that is installed with ours, have a licence that is not on this list. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { installedWith } from './dependencies.mjs'
import { bundledModels } from './models.mjs'
import { publishedPackages, ROOT } from './packages.mjs'

/** Licences that ask an application for no more than to keep a notice. */
const ALLOWED = ['0BSD', 'Apache-2.0', 'BlueOak-1.0.0', 'BSD-2-Clause', 'BSD-3-Clause', 'CC0-1.0', 'ISC', 'MIT']

/** Others, and why they may be there. */
const EXCEPTIONS = [
  {
    // libvips as a shared library of its own, which an application may replace.
    name: /^@img\/sharp-/,
    licence: 'LGPL-3.0-or-later',
  },
]

const lock = JSON.parse(await readFile(process.argv[2] ?? join(ROOT, 'package-lock.json'), 'utf8'))
/** @type {Map<string, string>} */
const refused = new Map()
let looked = 0
for (const { folder } of await publishedPackages()) {
  const { root, all } = installedWith(lock, folder)
  for (const { name, version, license } of [root, ...all]) {
    looked++
    if (!isAllowed(name, license)) refused.set(`${name}@${version}`, `${license ?? 'no licence'} (with ${root.name})`)
  }
}
for (const { id, card } of await bundledModels()) {
  looked++
  if (!isAllowed(id, card.licence)) refused.set(`models/${id}`, card.licence)
}
for (const [name, why] of refused) console.error(`${name}: ${why} is not on the list in scripts/licences.mjs.`)
if (refused.size > 0) process.exitCode = 1
console.log(`licences: looked at ${looked} packages and models.`)

/**
 * @param {string} name
 * @param {string | undefined} expression SPDX, of one level
 */
function isAllowed(name, expression) {
  if (expression === undefined) return false
  /** @param {string} licence */
  const one = (licence) =>
    ALLOWED.includes(licence) || EXCEPTIONS.some((other) => other.licence === licence && other.name.test(name))
  return expression
    .replace(/^\((.*)\)$/, '$1')
    .split(' OR ')
    .some((all) => all.split(' AND ').every(one))
}
