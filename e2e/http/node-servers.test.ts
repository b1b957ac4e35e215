/** What Node answers before the check runs, what many slow clients do to others, and HTTP/2. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type ClientHttp2Session, connect as connect2, constants } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { livenessMiddleware } from '@unspoof/express'
import { livenessPlugin } from '@unspoof/fastify'
import { createAdmission } from '@unspoof/http'
import { fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import { Connection, FORM_TYPE, fieldPart, filePart, form, head, post } from '@unspoof/test-utils/http-client'
import express from 'express'
import fastify from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { SERVERS, type TestServer } from './servers.ts'

const good = post('/login', FORM_TYPE, form(filePart(picture('live'))))

describe('Express 5', () => {
  let server: TestServer
  const connections: Connection[] = []
  const connect = (): Connection => {
    const connection = new Connection(server.port)
    connections.push(connection)
    return connection
  }
  afterEach(async () => {
    for (const connection of connections.splice(0)) connection.close()
    await server.close()
  })

  test.each([
    [63, 'Content-Length and chunked', head('/login', 'Content-Length: 5', 'Transfer-Encoding: chunked'), 400],
    [64, 'two different Content-Lengths', head('/login', 'Content-Length: 5', 'Content-Length: 6'), 400],
    [64, 'a negative Content-Length', head('/login', 'Content-Length: -1'), 400],
    [
      64,
      'a bad chunk size',
      `${head('/login', 'Transfer-Encoding: chunked', 'Content-Type: image/jpeg')}zz\r\nx\r\n`,
      400,
    ],
    [65, '20 kB of header', head('/login', `X-Long: ${'x'.repeat(20_000)}`), 431],
  ])('row %i: %s is answered by Node', async (_number, _name, bytes, status) => {
    const liveness = fakeLiveness()
    server = await SERVERS['Express 5']!({ liveness })
    expect((await connect().send(bytes).answer())?.status).toBe(status)
    expect((await connect().send(good).answer())?.status).toBe(200)
    expect(liveness.calls).toHaveLength(1)
  })

  test('headers that never end are answered by Node, soon where it is told to look often', async () => {
    const timeouts = { headersTimeout: 100, connectionsCheckingInterval: 20 }
    const app = express().post('/login', livenessMiddleware({ liveness: fakeLiveness() }), (_, res) => void res.end())
    const plain = createServer(timeouts, app).listen(0, '127.0.0.1')
    await once(plain, 'listening')
    const { port } = plain.address() as AddressInfo
    server = { port, url: '', close: async () => void plain.close() }
    const connection = connect().send('POST /login HTTP/1.1\r\nHost: a\r\n')
    const drip = setInterval(() => connection.send('X-More: y\r\n'), 10)
    const answer = await connection.answer().finally(() => clearInterval(drip))
    expect(answer?.status).toBe(408)
  })

  test('200 half-open bodies are each cut, and others are served meanwhile', async () => {
    const admission = createAdmission()
    const liveness = fakeLiveness()
    // Long enough that all are open at once on a slow machine.
    server = await SERVERS['Express 5']!({ liveness, admission, limits: { bodyTimeoutMs: 6000, minBytesPerSecond: 0 } })
    const half = good.subarray(0, good.length - 10)
    const slow = Array.from({ length: 200 }, () => connect().send(half))
    await expect.poll(() => admission.load.requests).toBe(200)
    expect(admission.load.bytes).toBeLessThan(200 * half.length)
    for (let i = 0; i < 10; i++) expect((await connect().send(good).answer())?.status).toBe(200)
    const answers = await Promise.all(slow.map((connection) => connection.answer()))
    expect(new Set(answers.map((answer) => answer?.status))).toEqual(new Set([408]))
    expect(admission.load).toEqual({ requests: 0, checks: 0, bytes: 0 })
    expect(liveness.calls).toHaveLength(10)
  })
})

describe('HTTP/2', () => {
  const open: { close(): unknown }[] = []
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close()
  })

  async function start(): Promise<ClientHttp2Session> {
    const app = fastify({ http2: true })
    await app.register(livenessPlugin, { liveness: fakeLiveness(), limits: { fileBytes: 1000, bodyBytes: 10_000 } })
    app.post('/login', { config: { liveness: true } }, async (request) => request.body)
    await app.listen({ port: 0, host: '127.0.0.1' })
    open.push(app)
    const session = connect2(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
    open.push(session)
    return session
  }

  async function send(session: ClientHttp2Session, body: Buffer, type = FORM_TYPE) {
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: '/login',
      'content-type': type,
    })
    stream.end(body)
    const [headers] = (await once(stream, 'response')) as [Record<string, unknown>]
    const chunks: Buffer[] = []
    for await (const chunk of stream) chunks.push(chunk)
    return { status: headers[':status'], json: JSON.parse(Buffer.concat(chunks).toString()) }
  }

  test('bodies without Content-Length are read and refused like others', async () => {
    const session = await start()
    const photo = filePart(picture('live'))
    expect(await send(session, form(photo, fieldPart('name', 'Ada')))).toMatchObject({
      status: 200,
      json: { name: 'Ada' },
    })
    expect((await send(session, form(filePart(picture('spoof'))))).status).toBe(403)
    expect((await send(session, form(filePart(picture('live', 1001))))).json.error.code).toBe('BODY_TOO_LARGE')
    expect((await send(session, Buffer.alloc(0))).json.error.code).toMatch(/BODY_MALFORMED|IMAGE_MISSING/)
    expect((await send(session, form(photo))).status).toBe(200)
  })
})
