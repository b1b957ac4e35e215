// @ts-check
/** Six small files a second that decode to large images (16-bit interlaced PNG, 4000 x 3990), and honest checks beside them. */
import { readFileSync } from 'node:fs'
import { crc32, deflateSync } from 'node:zlib'
import { sleep, startServer } from '../../support/check-server.mjs'

export const name = 'large images'

const WIDTH = 4000
const HEIGHT = 3990
const PER_SECOND = 6

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
  const bytes = Buffer.alloc(12 + data.length)
  bytes.writeUInt32BE(data.length, 0)
  bytes.write(type, 4, 'latin1')
  data.copy(bytes, 8)
  bytes.writeUInt32BE(crc32(bytes.subarray(4, 8 + data.length)), 8 + data.length)
  return bytes
}

function largeImage() {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(WIDTH, 0)
  header.writeUInt32BE(HEIGHT, 4)
  header.set([16, 6, 0, 0, 1], 8)
  const raster = deflateSync(Buffer.alloc(WIDTH * HEIGHT * 8 + 40_000), { level: 9 })
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', raster), chunk('IEND', Buffer.alloc(0))])
}

/**
 * @param {{ short?: boolean }} [options]
 * @returns {Promise<{ rows: { attack: string, passed: number, n: number, limit: number }[] }>} `passed` counts honest checks that were refused
 */
export async function run({ short = false } = {}) {
  const seconds = short ? 5 : 20
  const honest = readFileSync(new URL('../../../fixtures/astronaut.jpg', import.meta.url))
  const large = largeImage()
  const rows = []
  for (const [who, client] of [
    ['clients told apart', 'attacker'],
    ['clients not told apart', undefined],
  ]) {
    const server = await startServer()
    try {
      for (let i = 0; i < 5; i++) await server.post(honest)
      let refused = 0
      let n = 0
      const attack = []
      const end = performance.now() + seconds * 1000
      const sender = (async () => {
        while (performance.now() < end) {
          attack.push(server.post(large, client === undefined ? {} : { 'x-client': client }).catch(() => undefined))
          await sleep(1000 / PER_SECOND)
        }
      })()
      while (performance.now() < end) {
        const { code } = await server.post(honest, client === undefined ? {} : { 'x-client': 'honest' })
        n++
        if (code === 'OVERLOADED' || code === 'CHECK_TIMEOUT') refused++
        await sleep(100)
      }
      await sender
      await Promise.all(attack)
      rows.push({
        attack: `honest checks refused beside ${PER_SECOND} ${(large.length / 1000) | 0} kB PNGs a second, ${who}`,
        passed: refused,
        n,
        limit: Math.ceil(0.02 * n),
      })
    } finally {
      await server.close()
    }
  }
  return { rows }
}
