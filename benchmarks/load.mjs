/**
 * Loads a server over HTTP: what a second, how late, what happens with too much. R5, the event loop, is part of R1 and R3.
 *
 *     npm run build && node benchmarks/load.mjs [R1 R2 ...] [--short] [--soak 20000] [--workers 2] [--json results.json]
 *
 * The server (an Express route with livenessMiddleware, default options but for --workers) is a process of its own; this one sends, on the same
 * machine, over loopback only, at most 512 sockets and 120 s a loop. Exit code 1 where a goal was missed; with --short only the
 * goals that hold on a busy machine count. docs/benchmarks/reliability.md has results.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus, release, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { seededRandom } from '@unspoof/core'
import { createGenerator, round } from './load/generator.mjs'
import { webcamPictures } from './load/pictures.mjs'
import { LONG, RECIPES, SHORT } from './load/recipes.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    json: { type: 'string' },
    seed: { type: 'string', default: '1' },
    soak: { type: 'string' },
    workers: { type: 'string' },
  },
})
const names = positionals.length === 0 ? Object.keys(RECIPES) : positionals
const unknown = names.find((name) => !Object.hasOwn(RECIPES, name))
if (unknown !== undefined) throw new Error(`${unknown} is none of ${Object.keys(RECIPES).join(', ')}.`)
const sizes = { ...(values.short ? SHORT : LONG), ...(values.soak === undefined ? {} : { soak: Number(values.soak) }) }
const random = seededRandom(Number(values.seed))
const pictures = await webcamPictures(8, random)
const pick = (i) => pictures[i % pictures.length]

const server = spawn(process.execPath, [fileURLToPath(new URL('./load/server.mjs', import.meta.url))], {
  // The short form does not wait ten seconds for slow clients to be cut.
  env: {
    ...process.env,
    ...(values.short ? { LOAD_BODY_TIMEOUT_MS: '1500' } : {}),
    ...(values.workers === undefined ? {} : { LOAD_WORKERS: values.workers }),
  },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const exited = once(server, 'exit')
let failed = false
try {
  const port = await Promise.race([
    once(server.stdout, 'data').then(([chunk]) => Number(String(chunk))),
    exited.then(([code]) => Promise.reject(new Error(`The server ended with ${code}.`))),
  ])
  const generator = createGenerator({ port, random })
  const look = async () => (await fetch(`http://127.0.0.1:${port}/process`)).json()
  await generator.closed({ connections: 4, seconds: sizes.warm, pick })
  const base = await generator.closed({ connections: 4, seconds: sizes.capacity, pick })
  const capacity = base.judged.perSecond
  const report = {
    machine: `${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, ${type()} ${release()}, Node ${process.versions.node}`,
    date: new Date().toISOString(),
    form: values.short ? 'short' : 'long',
    seed: Number(values.seed),
    pictureBytes: pictures.map(({ body }) => body.length),
    capacity: base,
    recipes: {},
  }
  console.log(
    `${report.machine}\npictures of ${Math.round(pictures[0].body.length / 1000)} kB; ${capacity} checks/s with 4 connections`,
  )
  for (const name of names) {
    const before = await times(look)
    const outcome = await RECIPES[name]({ generator, pick, sizes, capacity, look, port })
    const after = await times(look)
    // What the figures are worth: other programs on the machine take their share.
    outcome.othersPercent = round((100 * (after.others - before.others)) / (after.all - before.all))
    report.recipes[name] = outcome
    console.log(`\n${name}  ${outcome.what}; other programs took ${outcome.othersPercent} % of the processors`)
    for (const { text, value, pass } of outcome.goals) console.log(`  ${pass ? 'ok    ' : 'MISSED'} ${text}: ${value}`)
    failed ||= outcome.goals.some(({ pass, fact }) => !pass && (fact || !values.short))
  }
  const end = await look()
  console.log(`\nthe server at the end: ${round(end.rssMb)} MB, ${end.threads} threads, ${end.files} files`)
  generator.close()
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(report, null, 2)}\n`)
} finally {
  server.kill('SIGTERM')
  const patience = setTimeout(() => server.kill('SIGKILL'), 5000)
  const [code] = await exited
  clearTimeout(patience)
  console.log(`the server ended with ${code}`)
  failed ||= code !== 0
}
process.exitCode = failed ? 1 : 0

/** Milliseconds of all processors so far, and those that neither the server nor this process used. */
async function times(look) {
  const { cpuMs } = await look()
  const { user, system } = process.cpuUsage()
  const all = cpus().flatMap(({ times }) => Object.values(times))
  const idle = cpus().map(({ times }) => times.idle)
  const sum = (list) => list.reduce((a, b) => a + b, 0)
  return { all: sum(all), others: sum(all) - sum(idle) - cpuMs - (user + system) / 1000 }
}
