// @ts-check
/** What benchmarks/all.mjs runs, and running it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/**
 * @typedef {object} Part
 * @property {string} title
 * @property {string[]} args of Node
 * @property {string} [missing] why it cannot run on this machine
 */

/**
 * @param {readonly string[]} args of the command line
 * @returns {{ picture: string, modelsDir: string | undefined }} absolute paths
 * @throws {Error} for an unknown option, a path that is not there, and more than one picture
 */
export function optionsFrom(args) {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { 'models-dir': { type: 'string' } },
  })
  const [picture = fileURLToPath(new URL('../../fixtures/astronaut.jpg', import.meta.url)), ...rest] = positionals
  if (rest.length > 0)
    throw new Error('Expected at most one picture: npm run bench -- selfie.jpg --models-dir weights/')
  const modelsDir = values['models-dir']
  for (const path of [picture, modelsDir]) {
    if (path !== undefined && !existsSync(path)) throw new Error(`There is no ${path}.`)
  }
  return { picture: resolve(picture), modelsDir: modelsDir === undefined ? undefined : resolve(modelsDir) }
}

/**
 * Each part takes the weights of others in a way of its own; the server runs ours alone.
 * @param {object} options
 * @param {string} options.picture
 * @param {string | undefined} options.modelsDir
 * @param {readonly string[]} options.more ids of the registry with weights in `modelsDir` that `unspoof bench` does not look for itself
 * @param {string} options.browser path of Chromium
 * @returns {Part[]} run in the repository
 */
export function partsOf({ picture, modelsDir, more, browser }) {
  const beside = modelsDir === undefined ? [] : ['--models-dir', modelsDir, ...more.flatMap((id) => ['--model', id])]
  const others = modelsDir === undefined ? [] : ['--others', modelsDir]
  const missing = `There is no browser at ${browser}: install Chromium, or name it with CHROMIUM_PATH.`
  return [
    // Not bin/unspoof.js, which builds what is not built.
    { title: 'Node', args: ['packages/cli/dist/bin.js', 'bench', picture, ...beside] },
    { title: 'Browser', args: ['benchmarks/web.mjs', ...others], ...(existsSync(browser) ? {} : { missing }) },
    { title: 'Server', args: ['benchmarks/load.mjs', 'R1'] },
  ]
}

/**
 * Runs them one after the other, so that none disturbs the next.
 * @param {readonly Part[]} parts
 * @param {object} options
 * @param {string} options.root folder they run in
 * @param {string} options.machine for the headings
 * @param {(line: string) => void} options.print
 * @returns {Promise<string[]>} a line for each that failed
 */
export async function runParts(parts, { root, machine, print }) {
  const failures = []
  for (const { title, args, missing } of parts) {
    print(`\n=== ${title}: ${machine}`)
    print(missing ?? `node ${args.join(' ')}\n`)
    if (missing !== undefined) {
      failures.push(`${title} did not run: ${missing}`)
      continue
    }
    const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
    const [code, signal] = await once(child, 'exit')
    if (code !== 0) failures.push(`${title} failed: node ${args[0]} ended with ${code ?? signal}, see above.`)
  }
  return failures
}
