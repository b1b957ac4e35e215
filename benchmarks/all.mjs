// @ts-check
/**
 * All tables of speed in one run: `unspoof bench`, the check in Chromium, and a server under load (R1).
 *
 *     npm run build && npm run bench -- [PICTURE] [--models-dir FOLDER]
 *
 * `--models-dir` is a folder with weights of others, measured beside ours: the article's (`minifasnet-v2-se-128-int8.onnx`,
 * `yunet-2023mar-640.onnx`) and Silent-Face's. CHROMIUM_PATH names the browser. Exit code 1 where a part failed (the server's where it
 * missed a goal) or could not run: the rest runs all the same, and the last lines say which it was.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism, cpus, release, type } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { optionsFrom, partsOf, runParts } from './all/parts.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { picture, modelsDir } = optionsFrom(process.argv.slice(2))
for (const built of ['packages/cli/dist', 'packages/web/dist', 'packages/express/dist']) {
  if (!existsSync(join(root, built))) throw new Error(`There is no ${built}: run "npm run build" first.`)
}
const parts = partsOf({
  picture,
  modelsDir,
  more: modelsDir === undefined ? [] : await silentFaceIn(modelsDir),
  browser: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
})
const machine = `${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, ${type()} ${release()}, Node ${process.versions.node}`
const failures = await runParts(parts, { root, machine, print: (line) => console.log(line) })
console.log(['', ...(failures.length === 0 ? ['All ran.'] : failures)].join('\n'))
process.exitCode = failures.length === 0 ? 0 : 1

/** The registry's Silent-Face models whose weights are in the folder, which are told by their hash. @param {string} folder */
async function silentFaceIn(folder) {
  const { registry } = await import('@unspoof/models')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.onnx'))
  const hashes = await Promise.all(
    names.map(async (name) =>
      createHash('sha256')
        .update(await readFile(join(folder, name)))
        .digest('hex'),
    ),
  )
  return Object.entries(registry)
    .filter(
      ([id, { card }]) => id.startsWith('silent-face-') && card.files.some(({ sha256 }) => hashes.includes(sha256)),
    )
    .map(([id]) => id)
}
