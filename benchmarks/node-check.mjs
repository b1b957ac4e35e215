/**
 * Times of one check in Node: medians of decode, detect, quality, crop and model, then checks a second through the pool.
 *
 *     npm run build && node benchmarks/node-check.mjs [picture] [--checks 200] [--workers 3]
 *
 * Without a picture it takes the repository's face, enlarged to 640 x 480 as a webcam would send it.
 */
import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { createLiveness, createLivenessPool, POOL_DEFAULTS } from '@unspoof/node'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    checks: { type: 'string', default: '200' },
    workers: { type: 'string', default: String(POOL_DEFAULTS.workers) },
  },
})
const checks = Number(values.checks)
const workers = Number(values.workers)
const picture = positionals[0] === undefined ? await webcamPicture() : await readFile(positionals[0])

console.log(`${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, Node ${process.versions.node}`)
console.log(`picture of ${picture.byteLength} bytes, ${checks} checks, medians in milliseconds`)
await timeStages()
await timePool()

async function webcamPicture() {
  const { default: sharp } = await import('sharp')
  const face = await readFile(new URL('../fixtures/astronaut.jpg', import.meta.url))
  return sharp(face).resize(640, 480, { fit: 'cover' }).jpeg({ quality: 92 }).toBuffer()
}

async function timeStages() {
  const liveness = await createLiveness({ crops: 1 })
  for (let i = 0; i < 20; i++) await liveness.check(picture)
  const timings = []
  for (let i = 0; i < checks; i++) timings.push((await liveness.check(picture)).timings)
  await liveness.close()
  for (const stage of ['decode', 'detect', 'quality', 'crop', 'model', 'total']) {
    const sorted = timings.map((timing) => timing[stage]).sort((a, b) => a - b)
    const at = (share) => sorted[Math.floor(share * (sorted.length - 1))].toFixed(2).padStart(8)
    console.log(`${stage.padEnd(8)} ${at(0.5)}   (p10 ${at(0.1)}, p90 ${at(0.9)})`)
  }
}

/** A closed loop: as many checks under way as the pool takes without refusing, so it is never idle. */
async function timePool() {
  const pool = await createLivenessPool({ workers, crops: 1 })
  const loop = async (times) => {
    for (let i = 0; i < times; i++) await pool.check(picture)
  }
  const clients = 4 * workers
  await Promise.all(Array.from({ length: clients }, () => loop(5)))
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const before = process.cpuUsage()
  const began = performance.now()
  const each = Math.ceil(checks / clients)
  await Promise.all(Array.from({ length: clients }, () => loop(each)))
  const seconds = (performance.now() - began) / 1000
  const { user, system } = process.cpuUsage(before)
  delay.disable()
  await pool.close()
  const rate = ((each * clients) / seconds).toFixed(0)
  const p99 = (delay.percentile(99) / 1e6).toFixed(1)
  const busy = ((user + system) / 1e6 / seconds).toFixed(2)
  const cost = ((user + system) / 1e3 / (each * clients)).toFixed(1)
  console.log(
    `pool     ${rate} checks/s with ${workers} workers, ${cost} ms of processor time each, ${busy} processors busy; event loop delay p99 ${p99} ms`,
  )
}
