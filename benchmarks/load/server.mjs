/** The server that benchmarks/load.mjs loads: an Express route behind livenessMiddleware(), and what its process weighs. */
import { readdirSync, readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { closeDefaultLiveness, livenessMiddleware, refuseEarly } from '@unspoof/express'
import { createLivenessPool } from '@unspoof/node'
import express from 'express'

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()

const { LOAD_BODY_TIMEOUT_MS: bodyTimeout, LOAD_WORKERS: workers } = process.env
const pool = workers === undefined ? undefined : await createLivenessPool({ workers: Number(workers) })
const liveness = livenessMiddleware({
  ...(pool === undefined ? {} : { liveness: pool }),
  ...(bodyTimeout === undefined ? {} : { limits: { bodyTimeoutMs: Number(bodyTimeout) } }),
})
const app = express()
app.post('/check', liveness, (_req, res) => res.json({ verdict: 'live' }))
// For the benchmark only: a server of yours should not tell this to everybody.
app.get('/process', (_req, res) => {
  res.json({ ...weight(), delayMs: { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 } })
  delay.reset()
})

const server = app.listen(0, '127.0.0.1', async () => {
  await liveness.ready()
  console.log(server.address().port)
})
server.headersTimeout = 10_000
server.requestTimeout = 60_000
refuseEarly(server)

process.once('SIGTERM', () => {
  server.close(() => (pool === undefined ? closeDefaultLiveness() : pool.close()))
  server.closeAllConnections()
})

function weight() {
  const status = existing(() => readFileSync('/proc/self/status', 'utf8'))
  const { user, system } = process.cpuUsage()
  return {
    cpuMs: (user + system) / 1000,
    rssMb: process.memoryUsage.rss() / 2 ** 20,
    threads: Number(/^Threads:\s*(\d+)/m.exec(status ?? '')?.[1] ?? 0),
    files: existing(() => readdirSync('/proc/self/fd').length) ?? 0,
  }
}

/** /proc is there on Linux only. */
function existing(read) {
  try {
    return read()
  } catch {
    return undefined
  }
}
