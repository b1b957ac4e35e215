// @ts-check
/** Bodies that come slowly, from one client: honest checks of others are all judged. */
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { sleep, startServer } from '../../support/check-server.mjs'

export const name = 'slow bodies'

/**
 * @param {{ short?: boolean }} [options]
 * @returns {Promise<{ rows: { attack: string, passed: number, n: number, limit: number }[] }>} `passed` counts honest checks that were not judged
 */
export async function run({ short = false } = {}) {
  const server = await startServer()
  const honest = readFileSync(new URL('../../../fixtures/astronaut.jpg', import.meta.url))
  const rows = []
  try {
    for (const count of short ? [16] : [16, 520]) {
      const sockets = Array.from({ length: count }, () => {
        const socket = connect(server.port, '127.0.0.1')
        socket.on('error', () => {})
        socket.write(
          'POST /check HTTP/1.1\r\nHost: a\r\nX-Client: slow\r\nContent-Type: image/jpeg\r\nContent-Length: 4000000\r\n\r\n\xff',
        )
        return socket
      })
      await sleep(500)
      let refused = 0
      const n = short ? 10 : 18
      for (let i = 0; i < n; i++) {
        const { code } = await server.post(honest, { 'x-client': 'honest' })
        if (code === 'OVERLOADED' || code === 'CHECK_TIMEOUT') refused++
        await sleep(100)
      }
      for (const socket of sockets) socket.destroy()
      rows.push({
        attack: `honest checks not judged beside ${count} slow bodies of one client`,
        passed: refused,
        n,
        limit: 0,
      })
    }
  } finally {
    await server.close()
  }
  return { rows }
}
