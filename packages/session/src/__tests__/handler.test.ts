/** The routes of PROTOCOL.md, as a web handler and through Express 4, Express 5 and node:http. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { LivenessError } from '@unspoof/core'
import express5 from 'express'
// @ts-expect-error: Express 4 under another name has no types of its own
import express4 from 'express4'
import { afterEach, describe, expect, it } from 'vitest'
import type { Sessions, SessionsOptions } from '../index.ts'
import {
  createMemoryStore,
  createSessionHandler,
  createTokenSigner,
  createTokenVerifier,
  generateTokenKeys,
  HANDLER_DEFAULTS,
  type SessionHandlerOptions,
  type StartedSession,
  toNodeHandler,
} from '../index.ts'
import { clock, createHarness, type Harness, type Shot, submissionOf } from './harness.ts'

const BASE = 'http://app.example/liveness'
const START = '{"version":2}'

function make(options: Partial<SessionsOptions> = {}, handlerOptions: Partial<SessionHandlerOptions> = {}) {
  const h = createHarness({ challenges: [], ...options })
  const handler = createSessionHandler(h.sessions, {
    basePath: '/liveness',
    subject: (request) => request.headers.get('x-user') ?? undefined,
    ...handlerOptions,
  })
  const call = (path: string, init: RequestInit = {}, user: string | null = 'ann') => {
    const headers = new Headers(init.headers)
    if (user !== null) headers.set('x-user', user)
    return handler(new Request(`${BASE}${path}`, { ...init, headers }), undefined)
  }
  return { h, handler, call }
}

async function start(call: ReturnType<typeof make>['call']): Promise<StartedSession> {
  const response = await call('/sessions', { method: 'POST', body: START })
  expect(response.status).toBe(201)
  return response.json() as Promise<StartedSession>
}

async function formOf(h: Harness, started: StartedSession, film = {}): Promise<FormData> {
  const { meta, frames } = submissionOf(started, await h.film(started, film))
  const form = new FormData()
  form.append('meta', JSON.stringify(meta))
  for (const jpeg of frames)
    form.append('frames', new Blob([jpeg as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' }), 'frame.jpg')
  return form
}

describe('the web handler', () => {
  it('starts, judges and gives a token that a verifier accepts', async () => {
    const { privateKey, publicKey } = await generateTokenKeys()
    const signer = await createTokenSigner({ key: privateKey, kid: publicKey.kid!, issuer: 'i', audience: 'a' })
    const store = createMemoryStore({ now: () => clock.ms })
    const { h, call } = make({ signer, store, now: Date.now })
    const started = await start(call)
    expect(Object.keys(started).sort()).toEqual(['capture', 'expiresAt', 'expiresInMs', 'id', 'nonce', 'version'])
    expect(started.capture).toEqual({
      holdFrames: 4,
      maxFrames: 20,
      intervalMs: 250,
      width: 320,
      height: 240,
      type: 'image/jpeg',
      quality: 0.92,
      maxFrameBytes: 524288,
      maxTotalBytes: 4194304,
    })
    const response = await call(`/sessions/${started.id}/frames`, { method: 'POST', body: await formOf(h, started) })
    expect(response.status).toBe(200)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const body = (await response.json()) as { token: string }
    expect(body).toMatchObject({ verdict: 'live', code: 'LIVE', reasons: [], hint: '' })
    const verifier = await createTokenVerifier({
      keys: [publicKey],
      issuer: 'i',
      audience: 'a',
      store,
    })
    expect(await verifier.verify(body.token, { subject: 'ann' })).toMatchObject({ sub: 'ann', sid: started.id })
  })

  it.each([
    ['spoof', 403, { margin: -4 }],
    ['retry', 422, { margin: -0.2 }],
  ])('answers %s with %i and says what to do', async (verdict, status, film) => {
    const { h, call } = make({ operatingPoint: 'strict' })
    const started = await start(call)
    const response = await call(`/sessions/${started.id}/frames`, {
      method: 'POST',
      body: await formOf(h, started, verdict === 'retry' ? { margin: 0.8 } : film),
    })
    expect(response.status).toBe(status)
    const body = await response.json()
    expect(body).toMatchObject({ verdict, code: verdict.toUpperCase() })
    expect(Object.keys(body as object).sort()).toEqual(['code', 'hint', 'reasons', 'verdict'])
  })

  it('asks the application who it is, and refuses whoever is nobody', async () => {
    const { call } = make()
    const response = await call('/sessions', { method: 'POST' }, null)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { code: 'SUBJECT_MISSING' } })
  })

  it('has no result route without a backend, and one for the backend with it', async () => {
    const without = make()
    const started = await start(without.call)
    expect((await without.call(`/sessions/${started.id}/result?subject=ann`)).status).toBe(404)
    const { h, call } = make({}, { backend: (request) => request.headers.get('authorization') === 'Bearer backend' })
    const own = await start(call)
    const backend = { headers: { authorization: 'Bearer backend' } }
    expect((await call(`/sessions/${own.id}/result?subject=ann`)).status).toBe(404)
    const pending = await call(`/sessions/${own.id}/result?subject=ann`, backend)
    expect([pending.status, await pending.json()]).toMatchObject([409, { error: { code: 'SESSION_PENDING' } }])
    await call(`/sessions/${own.id}/frames`, { method: 'POST', body: await formOf(h, own) })
    expect((await call(`/sessions/${own.id}/result`, backend)).status).toBe(400)
    expect((await call(`/sessions/${own.id}/result?subject=bob`, backend)).status).toBe(404)
    const result = await call(`/sessions/${own.id}/result?subject=ann`, backend)
    expect([result.status, await result.json()]).toMatchObject([200, { verdict: 'live', subject: 'ann', steps: [] }])
    expect((await call(`/sessions/${own.id}/result?subject=ann`, backend)).status).toBe(409)
  })

  it('answers 429 with Retry-After', async () => {
    const { call } = make({ limits: { starts: 1 } })
    await start(call)
    const response = await call('/sessions', { method: 'POST', body: START })
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  /** A body that says whether it was asked for bytes. */
  function lazyBody() {
    const seen = { read: false }
    const pull = (): void => {
      seen.read = true
    }
    const init = { method: 'POST', body: new ReadableStream({ pull }, { highWaterMark: 0 }), duplex: 'half' }
    return { seen, init: init as RequestInit }
  }

  it('refuses who has nothing to submit to before a byte of the body is read', async () => {
    const { h, call } = make({ challenges: ['turn-left'] })
    const started = await start(call)
    const uncommitted = lazyBody()
    expect((await call(`/sessions/${started.id}/frames`, uncommitted.init)).status).toBe(422)
    await h.film(started)
    const [unknown, foreign] = [lazyBody(), lazyBody()]
    expect((await call(`/sessions/${'A'.repeat(22)}/frames`, unknown.init)).status).toBe(404)
    expect((await call(`/sessions/${started.id}/frames`, foreign.init, 'bob')).status).toBe(404)
    expect([uncommitted, unknown, foreign].map(({ seen }) => seen.read)).toEqual([false, false, false])
  })

  it('reads the frames of one session once at a time, and slow ones take no place of others', async () => {
    const { h, call } = make({}, { maxInFlight: 1 })
    const [slow, honest] = [await start(call), await h.sessions.create({ subject: 'bob' })]
    await h.film(slow)
    let asked = (): void => {}
    const reading = new Promise<void>((resolve) => {
      asked = resolve
    })
    const pull = (): Promise<never> => {
      asked()
      return new Promise(() => {})
    }
    const never = new ReadableStream({ pull }, { highWaterMark: 0 })
    const headers = { 'content-type': 'multipart/form-data; boundary=bb' }
    void call(`/sessions/${slow.id}/frames`, { method: 'POST', headers, body: never, duplex: 'half' } as RequestInit)
    await reading
    const second = lazyBody()
    const refused = await call(`/sessions/${slow.id}/frames`, second.init)
    expect([refused.status, refused.headers.get('retry-after'), second.seen.read]).toEqual([503, '1', false])
    const { meta, frames } = submissionOf(honest, await h.film(honest, {}, 'bob'))
    const body = new FormData()
    body.append('meta', JSON.stringify(meta))
    for (const jpeg of frames) body.append('frames', new Blob([jpeg as Uint8Array<ArrayBuffer>]), 'frame.jpg')
    expect((await call(`/sessions/${honest.id}/frames`, { method: 'POST', body }, 'bob')).status).toBe(200)
  })

  it('answers 503 when it judges as many as it may, and the same frames may come again', async () => {
    let release = (): void => {}
    const wait = new Promise<void>((resolve) => {
      release = resolve
    })
    let enter = (): void => {}
    const entered = new Promise<void>((resolve) => {
      enter = resolve
    })
    const onReference = (): Promise<void> => {
      enter()
      return wait
    }
    const { h, call } = make({ onReference }, { maxInFlight: 1 })
    const [one, two] = [await start(call), await h.sessions.create({ subject: 'bob' })]
    const first = call(`/sessions/${one.id}/frames`, { method: 'POST', body: await formOf(h, one) })
    await entered
    const form = async () => {
      const body = new FormData()
      body.append('meta', JSON.stringify(submissionOf(two, shots).meta))
      for (const { jpeg } of shots) body.append('frames', new Blob([jpeg as Uint8Array<ArrayBuffer>]), 'frame.jpg')
      return { method: 'POST', body }
    }
    const shots: Shot[] = await h.film(two, {}, 'bob')
    const second = await call(`/sessions/${two.id}/frames`, await form(), 'bob')
    expect([second.status, second.headers.get('retry-after')]).toEqual([503, '1'])
    release()
    expect((await first).status).toBe(200)
    expect((await call(`/sessions/${two.id}/frames`, await form(), 'bob')).status).toBe(200)
  })

  it.each([
    ['a start', '/sessions', START],
    ['a commit', `/sessions/${'A'.repeat(22)}/commits`, '{"version":2}'],
    ['frames', `/sessions/${'A'.repeat(22)}/frames`, ''],
  ])('refuses %s that a page of another site sends', async (_, path, body) => {
    const init = { method: 'POST', body, headers: { 'sec-fetch-site': 'cross-site' } }
    const response = await make().call(path, init)
    expect([response.status, await response.json()]).toMatchObject([403, { error: { code: 'CROSS_SITE' } }])
    const { status } = await make({}, { crossSite: true }).call('/sessions', { ...init, body: START })
    expect(status).toBe(201)
  })

  it.each([
    ['GET', '/sessions'],
    ['POST', '/other/sessions'],
    ['POST', '/sessions/x/sessions'],
    ['PUT', '/sessions'],
    ['POST', '/session'],
    ['POST', '/sessions/x/result'],
    ['GET', '/sessions/AAAAAAAAAAAAAAAAAAAAAA/frames'],
    ['POST', '/sessions/AAAAAAAAAAAAAAAAAAAAAA'],
    ['POST', '/sessions/..%2f..%2fx/frames'],
  ])('%s %s is 404', async (method, path) => {
    expect((await make().call(path, { method })).status).toBe(404)
  })

  it.each([
    ['an operating point', '{"version":2,"operatingPoint":"lenient"}', 'INPUT_INVALID'],
    ['a subject', '{"version":2,"subject":"bob"}', 'INPUT_INVALID'],
    ['no body, as version 1 did', '', 'PROTOCOL_VERSION'],
    ['an empty object, as version 1 did', '{}', 'PROTOCOL_VERSION'],
    ['version 3', '{"version":3}', 'PROTOCOL_VERSION'],
    ['a form', 'operatingPoint=lenient', 'BODY_MALFORMED'],
    ['an array', '[]', 'BODY_MALFORMED'],
    ['two kilobytes', `{"version":2}${' '.repeat(2048)}`, 'BODY_TOO_LARGE'],
  ])('refuses a start with %s', async (_, body, code) => {
    const response = await make().call('/sessions', { method: 'POST', body })
    expect(await response.json()).toMatchObject({ error: { code } })
  })

  describe('hostile submissions leave the session unused', () => {
    const boundary = 'xBOUNDARYx'
    const type = { 'content-type': `multipart/form-data; boundary=${boundary}` }
    const part = (name: string, content: string, headers = '') =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n${headers}\r\n${content}\r\n`
    const file = (content: string, headers = '', name = 'frames') =>
      `--${boundary}\r\nContent-Disposition: form-data; name="${name}"; filename="a.jpg"\r\nContent-Type: image/jpeg\r\n${headers}\r\n${content}\r\n`
    const end = `--${boundary}--\r\n`
    const cases: [string, NonNullable<RequestInit['body']>, Record<string, string>, number, string][] = [
      ['JSON', '{}', { 'content-type': 'application/json' }, 400, 'BODY_MALFORMED'],
      ['no content type', new Uint8Array(3), {}, 400, 'BODY_MALFORMED'],
      ['no boundary', part('meta', '{}') + end, { 'content-type': 'multipart/form-data' }, 400, 'BODY_MALFORMED'],
      [
        'a boundary of 71',
        part('meta', '{}') + end,
        { 'content-type': `multipart/form-data; boundary=${'x'.repeat(71)}` },
        400,
        'BODY_MALFORMED',
      ],
      [
        'a boundary of 300',
        part('meta', '{}') + end,
        { 'content-type': `multipart/form-data; boundary=${'x'.repeat(300)}` },
        400,
        'BODY_MALFORMED',
      ],
      [
        'two boundaries',
        part('meta', '{}') + end,
        { 'content-type': `multipart/form-data; boundary=a; boundary=${boundary}` },
        400,
        'BODY_MALFORMED',
      ],
      ['an empty body', '', type, 400, 'BODY_MALFORMED'],
      ['only a preamble', 'hello', type, 400, 'BODY_MALFORMED'],
      ['no closing boundary', part('meta', '{}'), type, 400, 'BODY_MALFORMED'],
      [
        'the end right after a header',
        `--${boundary}\r\nContent-Disposition: form-data; name="meta"\r\n${end}`,
        type,
        400,
        'BODY_MALFORMED',
      ],
      ['line feeds only', (part('meta', '{}') + end).replaceAll('\r\n', '\n'), type, 400, 'BODY_MALFORMED'],
      ['gzip', part('meta', '{}') + end, { ...type, 'content-encoding': 'gzip' }, 415, 'ENCODING_UNSUPPORTED'],
      [
        'base64 parts',
        part('meta', '{}', 'Content-Transfer-Encoding: base64\r\n') + end,
        type,
        415,
        'ENCODING_UNSUPPORTED',
      ],
      [
        'multipart in multipart',
        part('meta', '{}', 'Content-Type: multipart/mixed; boundary=bb\r\n') + end,
        type,
        415,
        'ENCODING_UNSUPPORTED',
      ],
      ['a part of many headers', part('meta', '{}', 'X: y\r\n'.repeat(20)) + end, type, 400, 'BODY_MALFORMED'],
      ['a name of 100 characters', part('n'.repeat(100), '{}') + end, type, 400, 'BODY_MALFORMED'],
      ['a nested name', part('a[b][c]', '{}') + end, type, 400, 'BODY_MALFORMED'],
      ['__proto__ as a name', part('__proto__', '{}') + end, type, 400, 'BODY_MALFORMED'],
      [
        'two dispositions',
        part('meta', '{}', 'Content-Disposition: form-data; name="frames"\r\n') + end,
        type,
        400,
        'BODY_MALFORMED',
      ],
      ['ten thousand parts', part('meta', '{}') + file('x').repeat(10_000) + end, type, 413, 'TOO_MANY_PARTS'],
      ['five megabytes', part('meta', 'x'.repeat(5 * 1024 * 1024)) + end, type, 413, 'BODY_TOO_LARGE'],
      ['meta as a file', file('{}', '', 'meta') + end, type, 400, 'BODY_MALFORMED'],
      ['meta twice', part('meta', '{}') + part('meta', '{}') + end, type, 400, 'BODY_MALFORMED'],
      ['frames as text', part('meta', '{}') + part('frames', 'x') + end, type, 400, 'BODY_MALFORMED'],
      ['meta of 17 KiB', part('meta', ' '.repeat(17 * 1024)) + end, type, 413, 'BODY_TOO_LARGE'],
      ['meta that is no JSON', part('meta', '{') + end, type, 400, 'BODY_MALFORMED'],
      [
        'meta that is not UTF-8',
        new Blob([part('meta', '').slice(0, -2), Uint8Array.of(0xff, 0xfe), `\r\n${end}`]),
        type,
        400,
        'BODY_MALFORMED',
      ],
      [
        'meta nested 5,000 deep',
        part('meta', `${'['.repeat(5000)}${']'.repeat(5000)}`) + end,
        type,
        400,
        'BODY_MALFORMED',
      ],
      [
        'meta with other frames',
        part('meta', '{"version":2,"nonce":"x"}') + file('x') + end,
        type,
        422,
        'FRAMES_INVALID',
      ],
      [
        'meta with a verdict',
        part('meta', '{"version":2,"nonce":"x","verdict":"live"}') + end,
        type,
        400,
        'INPUT_INVALID',
      ],
    ]
    it.each(cases)('%s', async (_, body, headers, status, code) => {
      const { h, call } = make()
      const started = await start(call)
      const good = await formOf(h, started)
      const response = await call(`/sessions/${started.id}/frames`, { method: 'POST', body, headers })
      const text = await response.text()
      expect([response.status, JSON.parse(text).error?.code]).toEqual([status, code])
      expect(text).not.toContain('n'.repeat(50))
      expect((await call(`/sessions/${started.id}/frames`, { method: 'POST', body: good })).status).toBe(200)
    })
  })

  it('a form that another site makes a browser post starts nothing and uses nothing up', async () => {
    const { h, call } = make()
    const started = await start(call)
    const shots = await h.film(started)
    const { meta, frames } = submissionOf({ nonce: 'guessed-guessed-guesse' }, shots)
    const form = new FormData()
    form.append('meta', JSON.stringify(meta))
    for (const jpeg of frames) form.append('frames', new Blob([jpeg as Uint8Array<ArrayBuffer>]), 'x')
    const response = await call(`/sessions/${started.id}/frames`, {
      method: 'POST',
      body: form,
      headers: { origin: 'https://evil.example', cookie: 'sid=1' },
    })
    expect(response.status).toBe(403)
    expect(response.headers.get('access-control-allow-origin')).toBeNull()
    expect((await h.sessions.submit(started.id, submissionOf(started, shots), { subject: 'ann' })).verdict).toBe('live')
  })

  it('cuts a body that comes too slowly, and one that never ends', async () => {
    const { h, call } = make({}, { bodyTimeoutMs: 150 })
    const started = await start(call)
    await h.film(started)
    const path = `/sessions/${started.id}/frames`
    const headers = { 'content-type': 'multipart/form-data; boundary=bb' }
    const slow = await call(path, {
      method: 'POST',
      headers,
      body: new ReadableStream({ pull: () => new Promise(() => {}) }),
      duplex: 'half',
    } as RequestInit)
    expect(slow.status).toBe(408)
    // Here the size must be what ends it, however slow the machine is.
    const patient = make()
    const other = await start(patient.call)
    await patient.h.film(other)
    let sent = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65536
        controller.enqueue(new Uint8Array(65536))
      },
    })
    const large = await patient.call(`/sessions/${other.id}/frames`, {
      method: 'POST',
      headers,
      body: endless,
      duplex: 'half',
    } as RequestInit)
    expect(large.status).toBe(413)
    expect(sent).toBeLessThan(5 * 1024 * 1024)
  })

  it.each([
    ['whatever is thrown', () => new Error('secret path /srv/models'), 'MODEL_UNAVAILABLE'],
    ["the server's own affairs", () => new LivenessError('MODEL_HASH', '/srv/secret has another hash.'), 'MODEL_HASH'],
  ])('tells the log of failures, and the client nothing of their cause: %s', async (_, failure, logged) => {
    const seen: LivenessError[] = []
    const { h, call } = make({ decode: async () => Promise.reject(failure()) }, { onError: (e) => void seen.push(e) })
    const started = await start(call)
    const response = await call(`/sessions/${started.id}/frames`, { method: 'POST', body: await formOf(h, started) })
    expect(response.status).toBe(503)
    const text = await response.text()
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'MODEL_UNAVAILABLE', requestId: expect.any(String) } })
    expect(text).not.toMatch(/secret|srv/)
    expect(seen.map(({ code }) => code)).toEqual([logged])
  })
})

describe('the web handler, at its bounds', () => {
  const BOUNDARY = 'xBOUNDARYx'
  const TYPE = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` }
  const ID = 'A'.repeat(22)
  const part = (name: string, content: string) =>
    `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${name === 'frames' ? '; filename="a"' : ''}\r\n\r\n${content}\r\n`
  const END = `--${BOUNDARY}--\r\n`
  type Call = ReturnType<typeof make>['call']
  const codeFor = async (call: Call, path: string, init: RequestInit = {}): Promise<string> => {
    const response = await call(path, init)
    const { error } = (await response.json()) as { error?: { code: string } }
    return error?.code ?? String(response.status)
  }
  const submit = async (
    { h, call }: Pick<ReturnType<typeof make>, 'h' | 'call'>,
    body: NonNullable<RequestInit['body']>,
  ) => {
    const started = await start(call)
    await h.film(started)
    return codeFor(call, `/sessions/${started.id}/frames`, { method: 'POST', body, headers: TYPE })
  }

  it('has these defaults and ranges', () => {
    expect(HANDLER_DEFAULTS).toEqual({ basePath: '', bodyTimeoutMs: 10_000, maxInFlight: 16, maxReading: 256 })
    for (const good of [
      { bodyTimeoutMs: 100 },
      { bodyTimeoutMs: 120_000 },
      { maxInFlight: 1 },
      { maxInFlight: 10_000 },
      { maxReading: 1 },
      { basePath: '' },
      { basePath: '/v1/liveness' },
    ]) {
      expect(() => make({}, good)).not.toThrow()
    }
    for (const bad of [
      { bodyTimeoutMs: 99 },
      { bodyTimeoutMs: 120_001 },
      { maxInFlight: 0 },
      { maxInFlight: 10_001 },
      { maxReading: 0 },
      { basePath: 'liveness' },
      { basePath: '/liveness/' },
      { basePath: 7 },
      { subject: 'ann' },
      { subject: undefined },
      { more: 1 },
    ]) {
      expect(() => make({}, bad as never)).toThrowError(expect.objectContaining({ code: 'OPTION_INVALID' }))
    }
  })

  it.each([[undefined], [null], [''], [42], [['ann']]])('%j is nobody', async (subject) => {
    const { call } = make({}, { subject: () => subject as never })
    expect(await codeFor(call, '/sessions', { method: 'POST' })).toBe('SUBJECT_MISSING')
    for (const action of ['commits', 'frames'])
      expect(await codeFor(call, `/sessions/${ID}/${action}`, { method: 'POST' })).toBe('SUBJECT_MISSING')
  })

  it.each([
    ['white space', ' \n', 'BODY_MALFORMED'],
    ['a kilobyte', START.padEnd(1024), '201'],
    ['one byte more', START.padEnd(1025), 'BODY_TOO_LARGE'],
    ['null', 'null', 'BODY_MALFORMED'],
    ['a number', '1', 'BODY_MALFORMED'],
    ['text', '"a"', 'BODY_MALFORMED'],
    ['one name more', '{"version":2,"a":1}', 'INPUT_INVALID'],
  ])('starts with %s', async (_, body, code) => {
    expect(await codeFor(make().call, '/sessions', { method: 'POST', body })).toBe(code)
  })

  it('takes commits of 16 KiB, and not one byte more', async () => {
    const { call } = make()
    const { id, nonce } = await start(call)
    const body = JSON.stringify({ version: 2, nonce, step: 0, frames: [] })
    const commit = (bytes: number) =>
      codeFor(call, `/sessions/${id}/commits`, { method: 'POST', body: body.padEnd(bytes) })
    expect(await commit(16_384)).toBe('FRAMES_INVALID')
    expect(await commit(16_385)).toBe('BODY_TOO_LARGE')
  })

  it('takes meta of 16 KiB, and not one byte more', async () => {
    // Whatever gets through is no submission.
    expect(await submit(make(), part('meta', '{}'.padEnd(16_384)) + END)).toBe('PROTOCOL_VERSION')
    expect(await submit(make(), part('meta', '{}'.padEnd(16_385)) + END)).toBe('BODY_TOO_LARGE')
  })

  it.each([
    ['no parts', END],
    ['null as meta', part('meta', 'null') + END],
    ['a number as meta', part('meta', '7') + END],
    ['other files than frames', part('meta', '{}') + part('frames', 'x').replace('"frames"', '"others"') + END],
  ])('takes no submission of %s', async (_, body) => {
    expect(await submit(make(), body)).toBe('BODY_MALFORMED')
  })

  it('takes only UTF-8 in the body of a start', async () => {
    const body = Uint8Array.from('{"\xff":1}', (char) => char.charCodeAt(0))
    expect(await codeFor(make().call, '/sessions', { method: 'POST', body })).toBe('BODY_MALFORMED')
  })

  it('takes as many parts as a submission can have, and not one more', async () => {
    // As many frames as any session may come to, and meta.
    const session = make({ capture: { holdFrames: 4 }, limits: { failures: 9 } })
    const parts = (frames: number) => part('meta', '{}') + part('frames', 'x').repeat(frames) + END
    expect(await submit(session, parts(20))).toBe('PROTOCOL_VERSION')
    expect(await submit(session, parts(21))).toBe('TOO_MANY_PARTS')
  })

  it('takes 64 KiB more than the frames may weigh, and not one byte more', async () => {
    const session = make({ capture: { maxFrameBytes: 10_000, maxTotalBytes: 100_000 } })
    expect(await submit(session, new Uint8Array(165_536))).toBe('BODY_MALFORMED')
    expect(await submit(session, new Uint8Array(165_537))).toBe('BODY_TOO_LARGE')
  })

  it.each([[false], [undefined], [null], ['yes'], [1]])('the backend is not who is answered %j', async (answer) => {
    const { call } = make({}, { backend: () => answer as never })
    const { id } = await start(call)
    expect(await codeFor(call, `/sessions/${id}/result?subject=ann`)).toBe('SESSION_UNKNOWN')
  })

  it('the backend names an account', async () => {
    const { call } = make({}, { backend: () => true })
    const { id } = await start(call)
    for (const query of ['', '?subject', '?subject=', '?user=ann']) {
      expect(await codeFor(call, `/sessions/${id}/result${query}`)).toBe('INPUT_INVALID')
    }
    expect(await codeFor(call, `/sessions/${id}/result?subject=ann`)).toBe('SESSION_PENDING')
  })

  it.each([
    ['DELETE', '/sessions'],
    ['GET', `/sessions/${ID}/frames`],
    ['PUT', `/sessions/${ID}/frames`],
    ['POST', `/sessions/${ID}/result`],
    ['HEAD', `/sessions/${ID}/result`],
    ['GET', '/sessions/result'],
    ['POST', '/sessions/frames'],
  ])('%s %s is no route, for the backend either', async (method, path) => {
    const { h, handler } = make({}, { subject: () => 'ann', backend: () => true })
    // A session of that name would be found.
    const { id } = await h.sessions.create({ subject: 'ann' })
    const url = `${BASE}${path.replace(ID, id)}?subject=ann`
    expect((await handler(new Request(url, { method }), undefined)).status).toBe(404)
  })

  it.each([
    ['a server set up wrongly', new LivenessError('OPTION_INVALID', 'No.'), 500, null, true],
    ['a server without a model', new LivenessError('MODEL_UNAVAILABLE', 'No.'), 503, '1', true],
    ['a server with too much to do', new LivenessError('OVERLOADED', 'No.', { retryAfter: 7 }), 503, '7', true],
    ['a picture that is none', new LivenessError('IMAGE_CORRUPT', 'No.'), 422, null, false],
    ['a client who left', new LivenessError('ABORTED', 'No.'), 499, null, false],
  ] as const)('%s: logged from 500 on, and asked to come again at 503', async (_, failure, status, after, logged) => {
    const seen: LivenessError[] = []
    const { h, call } = make({ decode: () => Promise.reject(failure) }, { onError: (error) => void seen.push(error) })
    const started = await start(call)
    const response = await call(`/sessions/${started.id}/frames`, { method: 'POST', body: await formOf(h, started) })
    expect([response.status, response.headers.get('retry-after')]).toEqual([status, after])
    expect(seen.length).toBe(logged ? 1 : 0)
  })

  it('answers though the log fails', async () => {
    const onError = (): never => {
      throw new Error('The disk is full.')
    }
    const { h, call } = make({ decode: () => Promise.reject(new Error('boom')) }, { onError })
    const started = await start(call)
    const response = await call(`/sessions/${started.id}/frames`, { method: 'POST', body: await formOf(h, started) })
    expect(response.status).toBe(503)
  })

  it('lets nobody through for sessions that answer not-checked', async () => {
    const h = createHarness()
    const answer = { verdict: 'not-checked', code: 'NOT_CHECKED', reasons: ['unavailable'], hint: '' } as const
    const sessions: Sessions = {
      limits: h.sessions.limits,
      create: (options) => h.sessions.create(options),
      commit: (id, body, who) => h.sessions.commit(id, body, who),
      ready: async () => {},
      submit: async () => answer,
      result: (id, options) => h.sessions.result(id, options),
    }
    const handler = createSessionHandler(sessions, { basePath: '/liveness', subject: () => 'ann' })
    const body = part('meta', '{}') + END
    const request = new Request(`${BASE}/sessions/${ID}/frames`, { method: 'POST', headers: TYPE, body })
    const response = await handler(request, undefined)
    expect([response.status, await response.json()]).toEqual([403, answer])
  })
})

describe('over a real server', () => {
  let server: Server | undefined
  afterEach(async () => {
    server?.closeAllConnections()
    server?.close()
    server = undefined
  })

  const mounts = {
    'node:http': (node: ReturnType<typeof nodeHandler>) => createServer(node as never),
    'Express 4': (node: ReturnType<typeof nodeHandler>) =>
      createServer(
        express4()
          .use(express4.json())
          .use('/liveness', node as never),
      ),
    'Express 5': (node: ReturnType<typeof nodeHandler>) =>
      createServer(
        express5()
          .use(express5.json())
          .use('/liveness', node as never),
      ),
  }

  function nodeHandler(h: Harness, options: Partial<SessionHandlerOptions<never>> = {}) {
    return toNodeHandler(
      createSessionHandler<
        { headers: Record<string, string | string[] | undefined> } & Parameters<ReturnType<typeof toNodeHandler>>[0]
      >(h.sessions, {
        subject: (_, req) => req.headers['x-user'] as string | undefined,
        ...(options as object),
      }),
    )
  }

  async function listen(kind: keyof typeof mounts, h: Harness, options = {}): Promise<string> {
    // Express takes the path of the mount away.
    const basePath = kind === 'node:http' ? '/liveness' : ''
    server = mounts[kind](nodeHandler(h, { basePath, ...options })).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/liveness`
  }

  describe.each(Object.keys(mounts) as (keyof typeof mounts)[])('%s', (kind) => {
    it('serves a whole session, and errors on the same connection', async () => {
      const h = createHarness({ challenges: [] })
      const base = await listen(kind, h)
      const headers = { 'x-user': 'ann' }
      const begun = await fetch(`${base}/sessions`, { method: 'POST', headers, body: START })
      expect(begun.status).toBe(201)
      const started = (await begun.json()) as StartedSession
      const body = await formOf(h, started)
      const bad = await fetch(`${base}/sessions/${started.id}/frames`, {
        method: 'POST',
        headers,
        body: new FormData(),
      })
      expect(bad.status).toBe(400)
      expect((await fetch(`${base}/sessions`, { method: 'POST' })).status).toBe(401)
      const response = await fetch(`${base}/sessions/${started.id}/frames`, {
        method: 'POST',
        headers,
        body,
      })
      expect([response.status, await response.json()]).toMatchObject([200, { verdict: 'live' }])
    })

    it('refuses what is announced too large without reading it', async () => {
      const h = createHarness({ challenges: [] })
      const base = new URL(await listen(kind, h))
      const started = await h.sessions.create({ subject: 'ann' })
      await h.film(started)
      const socket = connect(Number(base.port), '127.0.0.1')
      socket.write(
        `POST /liveness/sessions/${started.id}/frames HTTP/1.1\r\nHost: x\r\nX-User: ann\r\nContent-Type: multipart/form-data; boundary=bb\r\nContent-Length: 4000000000\r\n\r\n`,
      )
      let answer = ''
      for await (const chunk of socket) answer += chunk
      expect(answer).toMatch(/^HTTP\/1\.1 413 /)
    })

    it.each(['GET // HTTP/1.1', 'TRACE /liveness/sessions HTTP/1.1', 'POST http://[/sessions HTTP/1.1'])(
      'survives %s',
      async (line) => {
        const base = new URL(await listen(kind, createHarness()))
        const socket = connect(Number(base.port), '127.0.0.1')
        socket.write(`${line}\r\nHost: x\r\nConnection: close\r\n\r\n`)
        let answer = ''
        for await (const chunk of socket) answer += chunk
        expect(answer).toMatch(/^HTTP\/1\.1 [45]\d\d /)
        expect(
          (await fetch(`${base}/sessions`, { method: 'POST', headers: { 'x-user': 'ann' }, body: START })).status,
        ).toBe(201)
      },
    )

    it('answers an upload that is too large while it is still sent, and one that never ends', async () => {
      const h = createHarness({ challenges: [] })
      const base = await listen(kind, h)
      const started = await h.sessions.create({ subject: 'ann' })
      await h.film(started)
      let chunks = 0
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (++chunks > 120) return controller.close()
          controller.enqueue(new Uint8Array(65_536))
        },
      })
      const headers = { 'x-user': 'ann', 'content-type': 'multipart/form-data; boundary=bb' }
      const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
      const response = await fetch(`${base}/sessions/${started.id}/frames`, init)
      expect([response.status, await response.json()]).toMatchObject([413, { error: { code: 'BODY_TOO_LARGE' } }])
    })

    it('survives a client that leaves in the middle', async () => {
      const h = createHarness({ challenges: [] })
      const base = await listen(kind, h)
      const started = await h.sessions.create({ subject: 'ann' })
      const body = await formOf(h, started)
      const socket = connect(Number(new URL(base).port), '127.0.0.1')
      const arrived = once(server!, 'request')
      socket.write(
        `POST /liveness/sessions/${started.id}/frames HTTP/1.1\r\nHost: x\r\nX-User: ann\r\nContent-Type: multipart/form-data; boundary=bb\r\nContent-Length: 100000\r\n\r\n--bb\r\n`,
      )
      const [request] = (await arrived) as [IncomingMessage]
      const left = new Promise((resolve) => request.once('close', resolve))
      socket.destroy()
      await left
      const response = await fetch(`${base}/sessions/${started.id}/frames`, {
        method: 'POST',
        headers: { 'x-user': 'ann' },
        body,
      })
      expect(response.status).toBe(200)
    })
  })

  it('says so where a body parser took the body away', async () => {
    const h = createHarness({ challenges: [] })
    const node = nodeHandler(h)
    const app = express5()
      .use(express5.raw({ type: () => true, limit: '10mb' }))
      .use('/liveness', node as never)
    server = createServer(app).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const started = await h.sessions.create({ subject: 'ann' })
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/liveness`
    const response = await fetch(`${base}/sessions/${started.id}/frames`, {
      method: 'POST',
      headers: { 'x-user': 'ann' },
      body: await formOf(h, started),
    })
    expect([response.status, await response.json()]).toMatchObject([500, { error: { code: 'BODY_CONSUMED' } }])
  })
})
