// @ts-check
/** A server for attacks on availability: /check judges images with the real pool, behind limits that tell clients apart by a header. */
import { createServer } from 'node:http'
import { createAdmission, livenessMiddleware } from '@unspoof/express'
import { createLivenessPool } from '@unspoof/node'
import express from 'express'

export async function startServer() {
  const pool = await createLivenessPool()
  const admission = createAdmission()
  const app = express()
  app.post(
    '/check',
    livenessMiddleware({ liveness: pool, admission, clientKey: (req) => req.get('x-client') }),
    (_, res) => void res.json({ verdict: 'live' }),
  )
  const server = createServer(app)
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const address = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    port: address.port,
    admission,
    /**
     * Posts an image and tells the code of the answer, and how long it took.
     * @param {Buffer} body
     * @param {Record<string, string>} [headers]
     */
    async post(body, headers = {}) {
      const started = performance.now()
      const response = await fetch(`http://127.0.0.1:${address.port}/check`, {
        method: 'POST',
        headers: { 'content-type': 'application/octet-stream', ...headers },
        body: new Uint8Array(body),
      })
      const answer = await response.json()
      const code = answer.error?.code ?? answer.code ?? 'LIVE'
      return { code: /** @type {string} */ (code), ms: performance.now() - started }
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await pool.close()
    },
  }
}

/** @param {number} ms */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
