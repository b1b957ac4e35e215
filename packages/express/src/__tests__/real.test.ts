/** livenessMiddleware() with the bundled models, as an application without options runs it. */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import express from 'express'
import multer from 'multer'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closeDefaultLiveness, livenessMiddleware, type RequestLiveness } from '../index.ts'

const worker = new URL('../../../node/dist/pool/worker.js', import.meta.url)
const picture = readFileSync(new URL('../../../../fixtures/astronaut.jpg', import.meta.url))
const sha = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex')

// The pool's workers run from the build: npm run build -w @unspoof/node.
describe.skipIf(!existsSync(worker))('with the bundled models', () => {
  let server: Server
  let url: string
  const seen: RequestLiveness[] = []
  const middleware = livenessMiddleware()

  beforeAll(async () => {
    const app = express()
    app.post('/login', middleware, multer().single('photo'), (req, res) => {
      const digest = sha(req.file!.buffer)
      res.json({ verdict: req.liveness!.verdict, same: digest === req.liveness!.image?.sha256 })
    })
    app.post('/large', livenessMiddleware({ required: false, limits: { fileBytes: 7_000_000 } }), (req, res) => {
      res.json(req.liveness)
    })
    app.post('/note', livenessMiddleware({ required: false }), (req, res) => {
      seen.push(req.liveness!)
      res.json(req.liveness)
    })
    server = createServer(app)
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    await middleware.ready()
  })
  afterAll(async () => {
    server.closeAllConnections()
    server.close()
    await closeDefaultLiveness()
  })

  async function send(path: string, bytes: Buffer, type = 'image/jpeg') {
    const form = new FormData()
    form.append('photo', new Blob([bytes as Uint8Array<ArrayBuffer>], { type }), 'me.jpg')
    const response = await fetch(url + path, { method: 'POST', body: form })
    // biome-ignore lint/suspicious/noExplicitAny: bodies of two shapes
    return { status: response.status, json: (await response.json()) as any }
  }

  test('an image is as large as the limits of its route say', async () => {
    const large = Buffer.alloc(6 * 1024 * 1024)
    picture.copy(large)
    expect((await send('/large', large)).json.error?.code).not.toBe('BODY_TOO_LARGE')
    expect((await send('/note', large)).json.error.code).toBe('BODY_TOO_LARGE')
  })

  test('a face gets one verdict, however it is sent, bound to its bytes', async () => {
    const statuses = { live: 200, spoof: 403, retry: 422 }
    const first = await send('/login', picture)
    expect(first.status).toBe(statuses[first.json.verdict as keyof typeof statuses])
    if (first.json.verdict === 'live') expect(first.json.same).toBe(true)
    const raw = await fetch(`${url}/note`, { method: 'POST', body: picture, headers: { 'content-type': 'image/jpeg' } })
    expect(((await raw.json()) as { verdict: string }).verdict).toBe(first.json.verdict)
    const dataUrl = `data:image/jpeg;base64,${picture.toString('base64')}`
    const json = await fetch(`${url}/note`, {
      method: 'POST',
      body: JSON.stringify({ dataUrl }),
      headers: { 'content-type': 'application/json' },
    })
    expect(((await json.json()) as { verdict: string }).verdict).toBe(first.json.verdict)
    for (const result of seen) {
      expect(result.image?.sha256).toBe(sha(picture))
      expect(result.uploads[0]!.buffer.length).toBe(picture.length)
      expect(result.face).not.toBeNull()
      expect(result.liveProbability).toBeCloseTo(seen[0]!.liveProbability!, 6)
    }
  })

  test.each([
    ['text', Buffer.from('hello'), 415, 'IMAGE_TYPE'],
    ['SVG', Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), 415, 'IMAGE_TYPE'],
    ['0 bytes', Buffer.alloc(0), 422, 'IMAGE_CORRUPT'],
    ['the start of a JPEG', picture.subarray(0, 3), 422, 'IMAGE_CORRUPT'],
    ['half a JPEG', picture.subarray(0, picture.length / 2), 422, 'IMAGE_CORRUPT'],
    ['a GIF', Buffer.from('GIF89a\x01\0\x01\0\0\0\0;', 'latin1'), 415, 'IMAGE_TYPE'],
  ])('%s is refused', async (_name, bytes, status, code) => {
    expect(await send('/login', bytes)).toMatchObject({ status, json: { error: { code } } })
  })
})
