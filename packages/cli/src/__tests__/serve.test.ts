import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { ERROR_CODES } from '@unspoof/core'
import { DEFAULT_LIMITS } from '@unspoof/http'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openApiDocument, ROUTE_ERRORS } from '../serve/openapi.ts'
import { createRestServer } from '../serve/server.ts'
import { FACE, unspoof } from './run.ts'
import { documentOf, expectDocumented, type Served, serve, stop } from './serving.ts'

let served: Served
let face: Buffer
let black: Buffer
beforeAll(async () => {
  face = await readFile(FACE)
  black = await sharp({ create: { width: 300, height: 300, channels: 3, background: '#000' } })
    .jpeg()
    .toBuffer()
  served = await serve(['--log'])
})
afterAll(() => stop(served))

function post(body: string | Uint8Array<ArrayBuffer> | FormData, type?: string): Promise<Response> {
  return fetch(`${served.base}/v1/check`, {
    method: 'POST',
    body,
    headers: type === undefined ? {} : { 'content-type': type },
  })
}

it('leaves a slow upload to the limits of the reader', async () => {
  const rest = await createRestServer({
    startPool: () => Promise.reject(new Error('not needed')),
    metricsHere: false,
    maxConnections: 1,
    drainMs: 0,
  })
  rest.ready.catch(() => {})
  expect(rest.server.requestTimeout).toBeGreaterThan(DEFAULT_LIMITS.bodyTimeoutMs)
})

describe('POST /v1/check', () => {
  it('takes a picture, a form and a data URL', async () => {
    const form = new FormData()
    form.set('image', new Blob([new Uint8Array(face)], { type: 'image/jpeg' }), 'a.jpg')
    const json = JSON.stringify({ image: `data:image/jpeg;base64,${face.toString('base64')}` })
    for (const response of [
      await post(new Uint8Array(face), 'image/jpeg'),
      await post(form),
      await post(json, 'application/json'),
    ]) {
      expect(response.status).toBe(200)
      expect(await expectDocumented(served.base, 'POST /v1/check', response)).toEqual({
        verdict: 'live',
        code: 'LIVE',
        reasons: [],
        hint: '',
      })
    }
  })

  it('answers retry with what to do', async () => {
    const response = await post(new Uint8Array(black), 'image/jpeg')
    expect(response.status).toBe(422)
    expect(await expectDocumented(served.base, 'POST /v1/check', response)).toMatchObject({
      verdict: 'retry',
      reasons: ['no-face'],
      hint: 'Bring your face into the picture.',
    })
  })

  it.each([
    ['nothing', '', 'image/jpeg', 400, 'IMAGE_MISSING'],
    ['text called JPEG', 'hello', 'image/jpeg', 415, 'IMAGE_TYPE'],
    ['a cut JPEG', 'cut', 'image/jpeg', 422, 'IMAGE_CORRUPT'],
    ['broken JSON', '{"image":', 'application/json', 400, 'BODY_MALFORMED'],
    ['JSON without a picture', '{"verdict":"live"}', 'application/json', 400, 'IMAGE_MISSING'],
  ])('refuses %s', async (_, body, type, status, code) => {
    const response = await post(body === 'cut' ? new Uint8Array(face.subarray(0, 9000)) : body, type)
    expect(response.status).toBe(status)
    expect(await expectDocumented(served.base, 'POST /v1/check', response)).toMatchObject({ error: { code } })
  })

  it('takes larger and smaller images, in every form, where its limits say so', async () => {
    const large = Buffer.alloc(6 * 1024 * 1024)
    face.copy(large)
    const form = new FormData()
    form.set('image', new Blob([large]), 'a.jpg')
    const bodies = [
      { type: 'image/jpeg', body: large },
      { type: undefined, body: form },
      {
        type: 'application/json',
        body: JSON.stringify({ image: `data:image/jpeg;base64,${large.toString('base64')}` }),
      },
    ]
    const roomy = await serve(['--max-bytes', '7000000'])
    const strict = await serve(['--max-pixels', '5000'])
    const status = async (base: string, body: (typeof bodies)[number]['body'], type?: string): Promise<number> => {
      const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
      return (await fetch(`${base}/v1/check`, { method: 'POST', body, headers })).status
    }
    try {
      for (const { type, body } of bodies) {
        expect(await status(roomy.base, body, type)).not.toBe(413)
        expect(await status(served.base, body, type)).toBe(413)
      }
      const png = await sharp(face).resize(200, 200).png().toBuffer()
      expect(await status(strict.base, png, 'image/png')).toBe(413)
      expect(await status(served.base, png, 'image/png')).not.toBe(413)
    } finally {
      await Promise.all([stop(roomy), stop(strict)])
    }
  })

  it('refuses a body that is too large before it is sent', async () => {
    const socket = connect(Number(new URL(served.base).port), '127.0.0.1')
    socket.write(
      'POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: image/jpeg\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n',
    )
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(chunk.toString()).toMatch(/^HTTP\/1\.1 413 /)
  })
})

describe('the other routes', () => {
  it('are documented, and nothing else is there', async () => {
    const document = await documentOf(served.base)
    expect(document.openapi).toBe('3.1.0')
    const simple = Object.keys(document.paths).filter((path) => !path.startsWith('/v1/'))
    expect(simple).toHaveLength(5)
    for (const path of simple) expect((await fetch(`${served.base}${path}`)).status).toBe(200)
    expect((await fetch(`${served.base}/`)).status).toBe(404)
    const wrong = await fetch(`${served.base}/v1/check`)
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST'])
    expect(await wrong.json()).toMatchObject({ error: { code: 'METHOD_NOT_ALLOWED' } })
  })

  it('count what was answered', async () => {
    await post(new Uint8Array(face), 'image/jpeg')
    const text = await (await fetch(`${served.base}/metrics`)).text()
    expect(text).toMatch(/^unspoof_verdicts_total\{verdict="live"\} [1-9]/m)
    expect(text).toMatch(/^unspoof_live_probability_bucket\{model="[^"]+",le="\+Inf"\} [1-9]/m)
    expect(text).toMatch(/^unspoof_stage_seconds_count\{stage="model"\} [1-9]/m)
    expect(text).toMatch(/^unspoof_workers 1$/m)
    expect(text).not.toContain('/made/up')
  })

  it('log no path or content of a client', async () => {
    await fetch(`${served.base}/made/up/path?token=secret`)
    await post('{"secret":"value"}', 'application/json')
    const lines = served
      .stderr()
      .split('\n')
      .filter((line) => line.startsWith('{'))
    expect(lines.length).toBeGreaterThan(2)
    for (const line of lines) expect(Object.keys(JSON.parse(line))).toEqual(['route', 'status', 'ms'])
    expect(served.stderr()).not.toMatch(/secret|made/)
  })
})

it('answers what is in flight after SIGTERM, refuses the rest, and ends with 0', async () => {
  const own = await serve()
  const checks = Array.from({ length: 8 }, () =>
    fetch(`${own.base}/v1/check`, {
      method: 'POST',
      body: new Uint8Array(face),
      headers: { 'content-type': 'image/jpeg' },
    }),
  )
  // By then all are at least on their way into the server, and most still wait for its one worker.
  await Promise.race(checks)
  own.child.kill('SIGTERM')
  const answers = await Promise.allSettled(checks)
  const statuses = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.status : 'lost'))
  // Those that were there are answered; those that came after the signal are told so. None is lost.
  expect(statuses.every((status) => status === 200 || status === 503)).toBe(true)
  expect(statuses).toContain(200)
  expect(own.child.exitCode ?? (await once(own.child, 'exit'))[0]).toBe(0)
  expect(own.stderr()).toContain('Stopped.')
})

it('keeps metrics off a public address, and puts them on a port of their own', async () => {
  const own = await serve(['--host', '0.0.0.0', '--metrics-port', '0'])
  const port = new URL(own.base).port
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(404)
  const metrics = /Metrics on (\S+)/.exec(own.stdout())![1]!
  expect(metrics).toMatch(/^http:\/\/127\.0\.0\.1:/)
  expect(await (await fetch(metrics)).text()).toContain('unspoof_live_probability')
  expect(await stop(own)).toBe(0)
})

it('ends with a sentence where the port is taken or the model is not there', async () => {
  const taken = await unspoof(['serve', '--port', new URL(served.base).port])
  expect(taken.code).toBe(2)
  expect(taken.stderr).toMatch(/Cannot listen on 127\.0\.0\.1:\d+ \(EADDRINUSE\)[\s\S]*--port/)
  const missing = await unspoof(['serve', '--port', '0', '--model', 'silent-face-v2-80'], {
    env: { UNSPOOF_CACHE_DIR: '/nowhere' },
  })
  expect(missing.code).toBe(2)
  expect(missing.stderr).toContain('(MODEL_MISSING)')
})

it('documents only codes of the one table, and every route it has', () => {
  for (const code of Object.values(ROUTE_ERRORS).flat()) expect(ERROR_CODES).toHaveProperty(code)
  const paths = (parts: { metrics: boolean; sessions: boolean }) =>
    Object.keys((openApiDocument(parts) as { paths: object }).paths)
  expect(paths({ metrics: false, sessions: false })).toEqual(['/v1/check', '/livez', '/readyz', '/openapi.json'])
  expect(paths({ metrics: true, sessions: true })).toHaveLength(10)
})
