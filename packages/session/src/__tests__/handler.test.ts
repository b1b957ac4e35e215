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
  createSessionHandler,
  createTokenSigner,
  createTokenVerifier,
  generateTokenKeys,
  HANDLER_DEFAULTS,
  type SessionHandlerOptions,
  type StartedSession,
  toNodeHandler,
} from '../index.ts'
import { createHarness, type Harness, submissionOf } from './harness.ts'

const BASE = 'http://app.example/liveness'

function make(options: Partial<SessionsOptions> = {}, handlerOptions: Partial<SessionHandlerOptions> = {}) {
  const h = createHarness({ challenges: ['none'], ...options })
  const handler = createSessionHandler(h.sessions, {
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
  const response = await call('/sessions', { method: 'POST' })
  expect(response.status).toBe(201)
  return response.json() as Promise<StartedSession>
}

async function formOf(h: Harness, started: StartedSession, film = {}): Promise<FormData> {
  const { meta, frames } = submissionOf(started, await h.film(started, film))
  h.advance(6000)
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
    const { h, call } = make({ signer, now: Date.now })
    const started = await start(call)
    expect(Object.keys(started).sort()).toEqual([
      'capture',
      'challenge',
      'expiresAt',
      'expiresInMs',
      'id',
      'nonce',
      'version',
    ])
    expect(started.capture).toEqual({
      frames: 4,
      holdFrames: 4,
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
    const { createMemoryStore } = await import('../index.ts')
    const verifier = await createTokenVerifier({
      keys: [publicKey],
      issuer: 'i',
      audience: 'a',
      store: createMemoryStore(),
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
    expect([result.status, await result.json()]).toMatchObject([
      200,
      { verdict: 'live', subject: 'ann', challenge: 'none' },
    ])
    expect((await call(`/sessions/${own.id}/result?subject=ann`, backend)).status).toBe(409)
  })

  it('answers 429 with Retry-After', async () => {
    const { call } = make({ limits: { starts: 1 } })
    await start(call)
    const response = await call('/sessions', { method: 'POST' })
    expect(response.status).toBe(429)
    expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('answers 503 when it has too much to do, before the body is read, and recovers', async () => {
    let release = (): void => {}
    const wait = new Promise<void>((resolve) => {
      release = resolve
    })
    let enter = (): void => {}
    const entered = new Promise<void>((resolve) => {
      enter = resolve
    })
    const clientKey = (): Promise<string> => {
      enter()
      return wait.then(() => 'x')
    }
    const { h, call } = make({}, { maxInFlight: 1, clientKey })
    const { id, ...rest } = await h.sessions.create({ subject: 'ann' })
    const started = { id, ...rest }
    const first = formOf(h, started).then((body) => call(`/sessions/${id}/frames`, { method: 'POST', body }))
    await entered
    let read = false
    const pull = (): void => {
      read = true
    }
    const body = new ReadableStream({ pull }, { highWaterMark: 0 })
    const second = await call(`/sessions/${id}/frames`, { method: 'POST', body, duplex: 'half' } as RequestInit)
    expect([second.status, second.headers.get('retry-after'), read]).toEqual([503, '1', false])
    release()
    expect((await first).status).toBe(200)
  })

  it.each([
    ['GET', '/sessions'],
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
    ['an operating point', '{"operatingPoint":"lenient"}', 400],
    ['a subject', '{"subject":"bob"}', 400],
    ['a form', 'operatingPoint=lenient', 400],
    ['an array', '[]', 400],
    ['two kilobytes', `{}${' '.repeat(2048)}`, 413],
    ['an empty object', '{}', 201],
  ])('start with %s', async (_, body, status) => {
    expect((await make().call('/sessions', { method: 'POST', body })).status).toBe(status)
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
        'meta without frames',
        part('meta', '{"version":1,"nonce":"x","frames":[]}') + file('x') + end,
        type,
        400,
        'INPUT_INVALID',
      ],
      [
        'meta with a verdict',
        part('meta', '{"version":1,"nonce":"x","frames":[],"verdict":"live"}') + end,
        type,
        400,
        'INPUT_INVALID',
      ],
    ]
    it.each(cases)('%s', async (_, body, headers, status, code) => {
      const { h, call } = make()
      const started = await start(call)
      const response = await call(`/sessions/${started.id}/frames`, { method: 'POST', body, headers })
      const text = await response.text()
      expect([response.status, JSON.parse(text).error?.code]).toEqual([status, code])
      expect(text).not.toContain('n'.repeat(50))
      expect(
        (await call(`/sessions/${started.id}/frames`, { method: 'POST', body: await formOf(h, started) })).status,
      ).toBe(200)
    })
  })

  it('a form that another site makes a browser post starts nothing and uses nothing up', async () => {
    const { h, call } = make()
    const started = await start(call)
    const shots = await h.film(started)
    h.advance(6000)
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
    const { call } = make({}, { bodyTimeoutMs: 150 })
    const started = await start(call)
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
  const submit = (call: Call, body: NonNullable<RequestInit['body']>) =>
    codeFor(call, `/sessions/${ID}/frames`, { method: 'POST', body, headers: TYPE })

  it('has these defaults and ranges', () => {
    expect(HANDLER_DEFAULTS).toEqual({ bodyTimeoutMs: 10_000, maxInFlight: 16 })
    for (const good of [
      { bodyTimeoutMs: 100 },
      { bodyTimeoutMs: 120_000 },
      { maxInFlight: 1 },
      { maxInFlight: 10_000 },
    ]) {
      expect(() => make({}, good)).not.toThrow()
    }
    for (const bad of [
      { bodyTimeoutMs: 99 },
      { bodyTimeoutMs: 120_001 },
      { maxInFlight: 0 },
      { maxInFlight: 10_001 },
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
    expect(await submit(call, part('meta', '{}') + END)).toBe('SUBJECT_MISSING')
  })

  it.each([
    ['nothing', '', '201'],
    ['white space', ' \n', '201'],
    ['a kilobyte', '{}'.padEnd(1024), '201'],
    ['one byte more', '{}'.padEnd(1025), 'BODY_TOO_LARGE'],
    ['null', 'null', 'BODY_MALFORMED'],
    ['a number', '1', 'BODY_MALFORMED'],
    ['text', '"a"', 'BODY_MALFORMED'],
    ['one name', '{"a":1}', 'INPUT_INVALID'],
  ])('starts with %s', async (_, body, code) => {
    expect(await codeFor(make().call, '/sessions', { method: 'POST', body })).toBe(code)
  })

  it('takes meta of 16 KiB, and not one byte more', async () => {
    // Whatever gets through is no submission.
    expect(await submit(make().call, part('meta', '{}'.padEnd(16_384)) + END)).toBe('INPUT_INVALID')
    expect(await submit(make().call, part('meta', '{}'.padEnd(16_385)) + END)).toBe('BODY_TOO_LARGE')
  })

  it.each([
    ['no parts', END],
    ['null as meta', part('meta', 'null') + END],
    ['a number as meta', part('meta', '7') + END],
    ['other files than frames', part('meta', '{}') + part('frames', 'x').replace('"frames"', '"others"') + END],
  ])('takes no submission of %s', async (_, body) => {
    expect(await submit(make().call, body)).toBe('BODY_MALFORMED')
  })

  it('takes only UTF-8 in the body of a start', async () => {
    const body = Uint8Array.from('{"\xff":1}', (char) => char.charCodeAt(0))
    expect(await codeFor(make().call, '/sessions', { method: 'POST', body })).toBe('BODY_MALFORMED')
  })

  it('takes as many parts as a submission can have, and not one more', async () => {
    // Twelve frames and meta, whatever the session is.
    const { call } = make({ capture: { holdFrames: 4, moveFrames: 8 } })
    const parts = (frames: number) => part('meta', '{}') + part('frames', 'x').repeat(frames) + END
    expect(await submit(call, parts(12))).toBe('INPUT_INVALID')
    expect(await submit(call, parts(13))).toBe('TOO_MANY_PARTS')
  })

  it('takes 64 KiB more than the frames may weigh, and not one byte more', async () => {
    const { call } = make({ capture: { maxFrameBytes: 10_000, maxTotalBytes: 100_000 } })
    expect(await submit(call, new Uint8Array(165_536))).toBe('BODY_MALFORMED')
    expect(await submit(call, new Uint8Array(165_537))).toBe('BODY_TOO_LARGE')
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
      submit: async () => answer,
      result: (id, options) => h.sessions.result(id, options),
    }
    const handler = createSessionHandler(sessions, { subject: () => 'ann' })
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
    server = mounts[kind](nodeHandler(h, options)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}/liveness`
  }

  describe.each(Object.keys(mounts) as (keyof typeof mounts)[])('%s', (kind) => {
    it('serves a whole session, and errors on the same connection', async () => {
      const h = createHarness({ challenges: ['none'] })
      const base = await listen(kind, h)
      const headers = { 'x-user': 'ann' }
      const begun = await fetch(`${base}/sessions`, { method: 'POST', headers, body: '{}' })
      expect(begun.status).toBe(201)
      const started = (await begun.json()) as StartedSession
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
        body: await formOf(h, started),
      })
      expect([response.status, await response.json()]).toMatchObject([200, { verdict: 'live' }])
    })

    it('refuses what is announced too large without reading it', async () => {
      const base = new URL(await listen(kind, createHarness()))
      const socket = connect(Number(base.port), '127.0.0.1')
      socket.write(
        'POST /liveness/sessions/AAAAAAAAAAAAAAAAAAAAAA/frames HTTP/1.1\r\nHost: x\r\nX-User: ann\r\nContent-Type: multipart/form-data; boundary=bb\r\nContent-Length: 4000000000\r\n\r\n',
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
        expect((await fetch(`${base}/sessions`, { method: 'POST', headers: { 'x-user': 'ann' } })).status).toBe(201)
      },
    )

    it('answers an upload that is too large while it is still sent, and one that never ends', async () => {
      const base = await listen(kind, createHarness())
      let chunks = 0
      const body = new ReadableStream<Uint8Array>({
        async pull(controller) {
          if (++chunks > 120) return controller.close()
          controller.enqueue(new Uint8Array(65_536))
        },
      })
      const headers = { 'x-user': 'ann', 'content-type': 'multipart/form-data; boundary=bb' }
      const init = { method: 'POST', headers, body, duplex: 'half' } as RequestInit
      const response = await fetch(`${base}/sessions/AAAAAAAAAAAAAAAAAAAAAA/frames`, init)
      expect([response.status, await response.json()]).toMatchObject([413, { error: { code: 'BODY_TOO_LARGE' } }])
    })

    it('survives a client that leaves in the middle', async () => {
      const h = createHarness({ challenges: ['none'] })
      const base = await listen(kind, h)
      const started = await h.sessions.create({ subject: 'ann' })
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
        body: await formOf(h, started),
      })
      expect(response.status).toBe(200)
    })
  })

  it('says so where a body parser took the body away', async () => {
    const h = createHarness()
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
