// @ts-check
/**
 * The two runtimes of Node side by side: processor time of one run of each bundled model, of a whole check, and the largest difference
 * between their probabilities.
 *
 *     npm run build && node benchmarks/runtimes.mjs [IMAGE...]
 */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { bundledModelFolder, DEFAULT_DETECTORS, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { createLiveness, createNodeRuntime } from '@unspoof/node'

const ROUNDS = 15
const RUNS = 20
const RUNTIMES = /** @type {const} */ (['native', 'wasm'])

const given = process.argv.slice(2)
const images = given.length > 0 ? given : [fileURLToPath(new URL('../fixtures/astronaut.jpg', import.meta.url))]

console.log(
  `Node ${process.version}, ${process.platform}-${process.arch}. Processor time in ms, median of ${ROUNDS} x ${RUNS} runs.`,
)
for (const id of [DEFAULT_PAD_MODEL, ...DEFAULT_DETECTORS]) {
  const bytes = await readFile(`${bundledModelFolder(id)}/model.onnx`)
  const sessions = await Promise.all(RUNTIMES.map((runtime) => createNodeRuntime({ runtime }).load(bytes)))
  await compare(
    id,
    sessions.map((session) => {
      const feeds = Object.fromEntries(
        session.inputs.map(({ name, dims }) => {
          const shape = dims.map((size) => size ?? 1)
          const data = new Float32Array(shape.reduce((product, size) => product * size, 1)).map(() => Math.random())
          return [name, { data, dims: shape }]
        }),
      )
      return () => session.run(feeds)
    }),
  )
  for (const session of sessions) await session.close()
}

const checks = await Promise.all(RUNTIMES.map((runtime) => createLiveness({ runtime })))
await compare(
  'whole check',
  checks.map((liveness) => () => liveness.check(/** @type {string} */ (images[0]))),
)
let worst = 0
let judged = 0
for (const image of images) {
  const [native, wasm] = await Promise.all(checks.map((liveness) => liveness.check(image)))
  if (native?.liveProbability === undefined || wasm?.liveProbability === undefined) continue
  worst = Math.max(worst, Math.abs(native.liveProbability - wasm.liveProbability))
  judged++
}
console.log(`largest difference of the probabilities of ${judged} images: ${worst.toExponential(1)}`)
for (const liveness of checks) await liveness.close()

/**
 * In turns, so that both see the same machine.
 * @param {string} name
 * @param {readonly (() => Promise<unknown>)[]} runs
 */
async function compare(name, runs) {
  /** @type {number[][]} */
  const times = runs.map(() => [])
  // The first rounds are those of a compiler that is not done.
  for (let round = -5; round < ROUNDS; round++) {
    for (const [i, run] of runs.entries()) {
      const before = process.cpuUsage()
      for (let k = 0; k < RUNS; k++) await run()
      const { user, system } = process.cpuUsage(before)
      if (round >= 0) times[i]?.push((user + system) / 1000 / RUNS)
    }
  }
  const [native = 0, wasm = 0] = times.map((values) => values.sort((a, b) => a - b)[ROUNDS >> 1])
  console.log(`${name}: native ${native.toFixed(2)}, wasm ${wasm.toFixed(2)}, ${(wasm / native).toFixed(2)} times`)
}
