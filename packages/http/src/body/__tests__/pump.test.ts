/** Reading by progress: what stands still is given up, what is slow but steady is not, and a look at the first bytes loses none. */
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { resolveLimits } from '../limits.ts'
import { peek, pump } from '../pump.ts'

const limits = resolveLimits({ idleTimeoutMs: 300, graceMs: 60_000 })
const code = (error: { code?: string }) => error.code

describe('pump', () => {
  test('gives up a body that stands still, and waits for one that is slow', async () => {
    const still = new PassThrough()
    still.write('a')
    expect(await pump(still, () => {}, { maxBytes: 100, limits }).catch(code)).toBe('UPLOAD_TIMEOUT')
    const slow = new PassThrough()
    const sent = setInterval(() => slow.write('a'), 50)
    setTimeout(() => {
      clearInterval(sent)
      slow.end()
    }, 900)
    expect(await pump(slow, () => {}, { maxBytes: 100, limits })).toBeUndefined()
  })

  test('waits for its sink, and does not blame the body for it', async () => {
    const body = Readable.from([Buffer.from('a'), Buffer.from('b'), Buffer.from('c')])
    const taken: string[] = []
    let busy = 0
    const sink = async (chunk: Buffer): Promise<void> => {
      expect(++busy).toBe(1)
      await new Promise((resolve) => setTimeout(resolve, 450))
      taken.push(String(chunk))
      busy--
    }
    await pump(body, sink, { maxBytes: 100, limits: { ...limits, minBytesPerSecond: 100, graceMs: 100 } })
    expect(taken).toEqual(['a', 'b', 'c'])
  })

  test('ends with what its sink rejects with', async () => {
    const sink = () => Promise.reject(new Error('full'))
    await expect(pump(Readable.from([Buffer.from('a')]), sink, { maxBytes: 100, limits })).rejects.toThrow('full')
  })
})

describe('peek', () => {
  test.each([
    ['nothing', []],
    ['less than it looks at', ['ab']],
    ['bytes one by one', [...'abcdefghijklmnopqrstuvwxyz']],
    ['one large piece', ['x'.repeat(100_000)]],
  ])('leaves the body whole: %s', async (_, pieces) => {
    const stream = new PassThrough()
    for (const [i, piece] of pieces.entries()) setTimeout(() => stream.write(piece), i)
    setTimeout(() => stream.end(), pieces.length + 5)
    const whole = pieces.join('')
    expect(String(await peek(stream, 16, {}, limits))).toBe(whole.slice(0, 16))
    let read = ''
    const take = (chunk: Buffer): void => {
      read += chunk
    }
    await pump(stream, take, { maxBytes: 1e6, limits })
    expect(read).toBe(whole)
  })

  test('of a real request, whose first byte comes alone', async () => {
    const server = createServer(async (req, res) => {
      const first = await peek(req, 16, {}, limits)
      let rest = ''
      for await (const chunk of req) rest += chunk
      res.end(`${first}|${rest}`)
    }).listen(0, '127.0.0.1')
    try {
      await new Promise((resolve) => server.once('listening', resolve))
      const answer = await new Promise<string>((resolve, reject) => {
        const req = request({ port: (server.address() as AddressInfo).port, method: 'POST' }, async (res) =>
          resolve(String(Buffer.concat(await Readable.from(res).toArray()))),
        )
        req.on('error', reject)
        req.write('a')
        setTimeout(() => req.end('bcdefghijklmnopqrs'), 30)
      })
      expect(answer).toBe('abcdefghijklmnop|abcdefghijklmnopqrs')
    } finally {
      server.close()
    }
  })

  test('is given up where nothing comes', async () => {
    expect(await peek(new PassThrough(), 16, {}, limits).catch(code)).toBe('UPLOAD_TIMEOUT')
    expect(await peek(new PassThrough(), 16, { signal: AbortSignal.abort() }, limits).catch(code)).toBe('ABORTED')
  })
})
