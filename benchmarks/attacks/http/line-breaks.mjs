// @ts-check
/** Twelve multipart bodies of 4 MB that hold nothing but line breaks or pieces of the boundary: how long another request waits. */
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { sleep, startServer } from '../../support/check-server.mjs'

export const name = 'line breaks'

const BOUNDARY = '----unspoof0123456789'
const SIZE = 4_000_000
const LIMIT_MS = 50

/** @param {string} fill */
function body(fill) {
  const head = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="a"; filename="a"\r\n\r\n`
  return Buffer.concat([Buffer.from(head), Buffer.alloc(SIZE, fill, 'latin1'), Buffer.from(`\r\n--${BOUNDARY}--\r\n`)])
}

/** Sends the bodies from another thread, so that only the server's work holds the event loop. @param {string} url @param {Buffer} bytes */
function sendFromThread(url, bytes) {
  const code = `const { workerData: { url, bytes, boundary } } = require('node:worker_threads')
    const headers = { 'content-type': 'multipart/form-data; boundary=' + boundary, 'x-client': 'attacker' }
    Promise.all(Array.from({ length: 12 }, () => fetch(url, { method: 'POST', headers, body: bytes }).catch(() => undefined)))`
  const worker = new Worker(code, { eval: true, workerData: { url, bytes, boundary: BOUNDARY } })
  return new Promise((resolve, reject) => worker.once('exit', resolve).once('error', reject))
}

/**
 * @param {{ short?: boolean }} [options]
 * @returns {Promise<{ rows: { attack: string, passed: number, n: number, limit: number }[] }>} `passed` counts waits of more than 50 ms
 */
export async function run({ short = false } = {}) {
  const server = await startServer()
  const honest = readFileSync(new URL('../../../fixtures/astronaut.jpg', import.meta.url))
  const rows = []
  try {
    for (let i = 0; i < 5; i++) await server.post(honest)
    const fills = {
      'of CR': '\r',
      'of CR LF': '\r\n',
      'of boundaries without their end': `\r\n--${BOUNDARY.slice(0, -1)}`,
    }
    for (const [what, fill] of Object.entries(short ? { 'of CR': '\r' } : fills)) {
      const bytes = body(fill)
      const delay = monitorEventLoopDelay({ resolution: 1 })
      delay.enable()
      await sendFromThread(`http://127.0.0.1:${server.port}/check`, bytes)
      await sleep(50)
      delay.disable()
      const longest = delay.max / 1e6
      rows.push({
        attack: `event loop held for more than ${LIMIT_MS} ms (longest ${longest.toFixed(0)} ms) by 12 bodies ${what}`,
        passed: longest > LIMIT_MS ? 1 : 0,
        n: 1,
        limit: 0,
      })
    }
  } finally {
    await server.close()
  }
  return { rows }
}
