/** Sessions of `unspoof serve`, through the typed client and through plain HTTP, with the real models and a real Redis. */
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLivenessClient } from '@unspoof/client'
import { createMemoryStore, createTokenVerifier } from '@unspoof/session'
import { Connection } from '@unspoof/test-utils/http-client'
import { hasRedis, RedisServer } from '@unspoof/test-utils/redis-server'
import { type Committed, film, formOf, type Started } from '@unspoof/test-utils/session-frames'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readTokenKey } from '../serve/token-key.ts'
import { unspoof } from './run.ts'
import { expectDocumented, type Served, serve, stop } from './serving.ts'

const BACKEND_KEY = 'k'.repeat(32)
const SECRET = 's'.repeat(32)
const ADA = { subject: 'ada', clientKey: '192.0.2.7' }
const ed25519 = generateKeyPairSync('ed25519')
const START = '{"version":2}'
const COMMIT = JSON.stringify({ version: 2, nonce: 'n'.repeat(22), step: 0, frames: [] })
const PEM = ed25519.privateKey.export({ format: 'pem', type: 'pkcs8' }) as string

describe('depth', () => {
  it.each([
    ['is measured: one image, zoomed, is never live', [], 'live'],
    ['is not measured with --no-depth', ['--no-depth'], 'challenge-failed'],
  ])('%s', async (_, flags, never) => {
    const served = await serve(['--challenge', 'move-closer', ...flags])
    try {
      const client = createLivenessClient({ baseUrl: `${served.base}/` })
      const session = await client.startSession(ADA)
      const frames = await film(session, (commit) => client.commitStep(session.id, commit, ADA))
      const { verdict, reasons } = await client.submitFrames(session.id, frames, ADA)
      expect([verdict, ...reasons]).not.toContain(never)
    } finally {
      await stop(served)
    }
  })
})

describe('with a backend key', () => {
  let served: Served
  beforeAll(async () => {
    served = await serve(['--host', '0.0.0.0', '--audience', 'https://app.example', '--challenge', 'move-closer'], {
      UNSPOOF_BACKEND_KEY: BACKEND_KEY,
      UNSPOOF_TOKEN_KEY: PEM,
    })
    served = { ...served, base: served.base.replace('0.0.0.0', '127.0.0.1') }
  })
  afterAll(() => stop(served))

  const send = (method: string, path: string, headers: Record<string, string> = {}, body?: FormData | string) =>
    fetch(`${served.base}${path}`, { method, headers, ...(body === undefined ? {} : { body }) })
  const key = { authorization: `Bearer ${BACKEND_KEY}` }
  const ada = { ...key, 'liveness-subject': 'ada' }

  it('starts a session, judges it once, and gives its result once', async () => {
    const client = createLivenessClient({ baseUrl: `${served.base}/`, backendKey: BACKEND_KEY })
    expect(await client.isReady()).toBe(true)
    const session = await client.startSession(ADA)
    expect(session).toMatchObject({ version: 2, capture: { holdFrames: 4 } })
    await expect(client.readResult(session.id, ADA)).rejects.toMatchObject({ code: 'SESSION_PENDING' })

    const frames = await film(session, (commit) => client.commitStep(session.id, commit, ADA))
    const verdict = await client.submitFrames(session.id, frames, ADA)
    // A photo that is zoomed into is what it is; what counts here is that every frame was found, followed and judged.
    expect(['live', 'spoof', 'retry']).toContain(verdict.verdict)
    for (const reason of ['no-face', 'too-few-frames', 'frame-order', 'frame-timing']) {
      expect(verdict.reasons).not.toContain(reason)
    }
    expect(verdict.token !== undefined).toBe(verdict.verdict === 'live')
    await expect(client.submitFrames(session.id, frames, ADA)).rejects.toMatchObject({ code: 'SESSION_USED' })

    const path = `/v1/sessions/${session.id}/result?subject=ada`
    const result = await expectDocumented(served.base, 'GET /v1/sessions/{id}/result', await send('GET', path, key))
    expect(result).toMatchObject({ id: session.id, subject: 'ada', verdict: verdict.verdict, reasons: verdict.reasons })
    await expect(client.readResult(session.id, ADA)).rejects.toMatchObject({ code: 'SESSION_USED' })
  })

  it('answers as its document says, whatever is wrong', async () => {
    const response = await send('POST', '/v1/sessions', ada, START)
    const started = (await expectDocumented(served.base, 'POST /v1/sessions', response)) as Started
    const { id } = started
    const [SESSIONS, FRAMES, RESULT] = ['/v1/sessions', '/v1/sessions/{id}/frames', '/v1/sessions/{id}/result']
    const COMMITS = '/v1/sessions/{id}/commits'
    const commits = `/v1/sessions/${id}/commits`
    const early = new FormData()
    early.append('meta', '{}')
    const uncommitted = await send('POST', `/v1/sessions/${id}/frames`, ada, early)
    expect(await expectDocumented(served.base, `POST ${FRAMES}`, uncommitted)).toMatchObject({
      error: { code: 'FRAMES_INVALID' },
    })
    const filmed = await film(started, async (commit) => {
      const answer = await send('POST', commits, ada, JSON.stringify(commit))
      return (await expectDocumented(served.base, `POST ${COMMITS}`, answer)) as Committed
    })
    const form = formOf({ ...filmed, meta: { ...filmed.meta, nonce: 'n'.repeat(22) } })
    const frames = `/v1/sessions/${id}/frames`
    const rows: [string, string, string, Record<string, string>, (FormData | string)?][] = [
      ['UNAUTHORIZED', `POST ${SESSIONS}`, SESSIONS!, { 'liveness-subject': 'ada' }],
      ['UNAUTHORIZED', `POST ${SESSIONS}`, SESSIONS!, { ...ada, authorization: `Bearer ${BACKEND_KEY}x` }],
      ['UNAUTHORIZED', `POST ${FRAMES}`, frames, { 'liveness-subject': 'ada' }, form],
      ['UNAUTHORIZED', `GET ${RESULT}`, `/v1/sessions/${id}/result?subject=ada`, {}],
      ['SUBJECT_MISSING', `POST ${SESSIONS}`, SESSIONS!, key],
      ['SUBJECT_MISSING', `POST ${SESSIONS}`, SESSIONS!, { ...key, 'liveness-subject': 'x'.repeat(201) }],
      ['INPUT_INVALID', `POST ${SESSIONS}`, SESSIONS!, ada, '{"version":2,"verdict":"live"}'],
      ['PROTOCOL_VERSION', `POST ${SESSIONS}`, SESSIONS!, ada, '{}'],
      ['PROTOCOL_VERSION', `POST ${COMMITS}`, commits, ada, '{"version":1}'],
      ['SESSION_UNKNOWN', `POST ${COMMITS}`, commits, { ...key, 'liveness-subject': 'eve' }, COMMIT],
      ['NONCE_MISMATCH', `POST ${COMMITS}`, commits, ada, COMMIT],
      ['BODY_MALFORMED', `POST ${SESSIONS}`, SESSIONS!, ada, 'no JSON'],
      ['BODY_MALFORMED', `POST ${FRAMES}`, frames, ada, 'no form'],
      ['SESSION_UNKNOWN', `POST ${FRAMES}`, `/v1/sessions/${'A'.repeat(22)}/frames`, ada, form],
      ['SESSION_UNKNOWN', `POST ${FRAMES}`, frames, { ...key, 'liveness-subject': 'eve' }, form],
      ['NONCE_MISMATCH', `POST ${FRAMES}`, frames, ada, form],
      ['SESSION_PENDING', `GET ${RESULT}`, `/v1/sessions/${id}/result?subject=ada`, key],
      ['SESSION_UNKNOWN', `GET ${RESULT}`, `/v1/sessions/${id}/result?subject=eve`, key],
      ['INPUT_INVALID', `GET ${RESULT}`, `/v1/sessions/${id}/result`, key],
    ]
    for (const [code, route, path, headers, body] of rows) {
      const answer = await expectDocumented(served.base, route, await send(route.split(' ')[0]!, path, headers, body))
      expect(answer, `${code}: ${route}`).toMatchObject({ error: { code } })
    }
    expect((await send('DELETE', frames, ada)).status).toBe(405)
  })

  it('takes a subject that stands there twice for none', async () => {
    const { hostname, port } = new URL(served.base)
    // fetch joins headers of one name; a proxy that adds its own line does not.
    const lines = `Host: ${hostname}\r\nAuthorization: Bearer ${BACKEND_KEY}\r\nliveness-subject: eve\r\nliveness-subject: ada\r\nContent-Length: 0`
    const connection = new Connection(Number(port)).send(`POST /v1/sessions HTTP/1.1\r\n${lines}\r\n\r\n`)
    expect(await connection.answer()).toMatchObject({ status: 401, json: { error: { code: 'SUBJECT_MISSING' } } })
    connection.close()
  })

  it('publishes the public key and nothing of the private one', async () => {
    const response = await send('GET', '/.well-known/jwks.json')
    const published = await expectDocumented(served.base, 'GET /.well-known/jwks.json', response)
    const { x } = ed25519.publicKey.export({ format: 'jwk' })
    const kid = expect.stringMatching(/^[\w-]{43}$/)
    expect(published).toEqual({ keys: [{ kty: 'OKP', crv: 'Ed25519', x, kid, alg: 'EdDSA', use: 'sig' }] })
    const client = createLivenessClient({ baseUrl: served.base })
    const { keys } = await client.publicKeys()
    const verifier = await createTokenVerifier({
      keys,
      issuer: 'unspoof',
      audience: 'https://app.example',
      store: createMemoryStore(),
    })
    await expect(verifier.verify('x.y.z', { subject: 'ada' })).rejects.toMatchObject({ code: 'TOKEN_INVALID' })
  })
})

describe('where they are served', () => {
  it('not at a public address without a key, and not with a threshold that has no name', async () => {
    for (const args of [
      ['--host', '0.0.0.0'],
      ['--operating-point', '0.7'],
    ]) {
      const served = await serve(args)
      const base = served.base.replace('0.0.0.0', '127.0.0.1')
      expect(
        (await fetch(`${base}/v1/sessions`, { method: 'POST', headers: { 'liveness-subject': 'a' } })).status,
      ).toBe(404)
      expect(await (await fetch(`${base}/openapi.json`)).text()).not.toContain('/v1/sessions')
      expect(served.stderr()).toContain('No sessions')
      expect(await stop(served)).toBe(0)
    }
  })

  it.skipIf(!hasRedis)('on every server over one Redis, and 503 while it is gone', async () => {
    const redis = await RedisServer.start()
    const env = { UNSPOOF_SESSION_SECRET: SECRET, UNSPOOF_REDIS_URL: `redis://127.0.0.1:${redis.port}` }
    const [one, two] = await Promise.all([serve([], env), serve([], env)])
    const here = createLivenessClient({ baseUrl: one.base })
    const there = createLivenessClient({ baseUrl: two.base })
    const { id } = await here.startSession(ADA)
    await expect(there.readResult(id, ADA)).rejects.toMatchObject({ code: 'SESSION_PENDING' })
    await redis.stop()
    const gone = await fetch(`${one.base}/v1/sessions`, {
      method: 'POST',
      headers: { 'liveness-subject': 'ada' },
      body: START,
    })
    expect(await expectDocumented(one.base, 'POST /v1/sessions', gone)).toMatchObject({
      error: { code: 'STORE_UNAVAILABLE' },
    })
    const probe = await fetch(`${one.base}/readyz`)
    expect(probe.status).toBe(503)
    expect(await expectDocumented(one.base, 'GET /readyz', probe)).toEqual({ status: 'unavailable', reason: 'redis' })
    expect(await Promise.all([stop(one), stop(two)])).toEqual([0, 0])
  })
})

describe('what is wrong at the start', () => {
  it.each([
    ['a short backend key', [], { UNSPOOF_BACKEND_KEY: 'short' }, 'UNSPOOF_BACKEND_KEY'],
    ['Redis without a secret', ['--redis', 'redis://127.0.0.1:1'], {}, 'UNSPOOF_SESSION_SECRET'],
    ['an address that is none', ['--redis', 'localhost:6379'], { UNSPOOF_SESSION_SECRET: SECRET }, 'redis://'],
    [
      'a Redis that is not there',
      ['--redis', 'redis://:hidden-word@127.0.0.1:1'],
      { UNSPOOF_SESSION_SECRET: SECRET },
      'Redis cannot be reached (ECONNREFUSED)',
    ],
    ['a key without an audience', [], { UNSPOOF_TOKEN_KEY: PEM }, '--audience'],
    ['no key', ['--audience', 'a'], { UNSPOOF_TOKEN_KEY: 'no key of ours' }, 'openssl genpkey'],
    ['a file that is not there', ['--token-key', '/nowhere'], {}, '--token-key'],
    ['a challenge nobody knows', ['--challenge', 'smile'], {}, 'move-closer'],
  ] as const)('%s ends with a sentence', async (_, args, env, sentence) => {
    const ran = await unspoof(['serve', '--port', '0', ...args], { env })
    expect(ran.code).toBe(2)
    expect(ran.stderr).toContain(sentence)
    expect(ran.stderr).not.toMatch(/no key of ours|localhost:6379|hidden-word/)
  })
})

describe('readTokenKey', () => {
  const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const jwk = { ...p256.privateKey.export({ format: 'jwk' }), kid: 'mine' }

  it('takes PEM, JWK and JWK sets, and names a key that has no name by its thumbprint', () => {
    const { kid } = readTokenKey(PEM)
    expect(readTokenKey(JSON.stringify(ed25519.privateKey.export({ format: 'jwk' }))).kid).toBe(kid)
    const old = ed25519.publicKey.export({ format: 'jwk' })
    const { algorithm, published, ...own } = readTokenKey(JSON.stringify({ keys: [jwk, old] }))
    expect([own.kid, algorithm, published.map((one) => [one.kid, one.alg])]).toEqual([
      'mine',
      'ES256',
      [
        ['mine', 'ES256'],
        [kid, 'EdDSA'],
      ],
    ])
    expect(JSON.stringify(published)).not.toContain(jwk.d)
  })

  it('knows the thumbprint of RFC 8037', () => {
    const rfc = {
      kty: 'OKP',
      crv: 'Ed25519',
      d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
      x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
    }
    expect(readTokenKey(JSON.stringify(rfc)).kid).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
  })

  it.each([
    ['an RSA key', generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })],
    ['a public key', ed25519.publicKey.export({ format: 'jwk' })],
    ['an empty set', { keys: [] }],
    ['null', null],
  ])('refuses %s', (_, value) => {
    expect(() => readTokenKey(JSON.stringify(value))).toThrow(/Ed25519 or P-256/)
  })
})

it('the client tells a server that hangs from one that is not there, and a stranger from ours', async () => {
  const hanging = createServer((req, res) => {
    if (req.url === '/readyz') return
    res.writeHead(500, { 'content-type': 'application/json' }).end('{"oops":1}')
  }).listen(0, '127.0.0.1')
  await once(hanging, 'listening')
  const baseUrl = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`
  const client = createLivenessClient({ baseUrl, timeoutMs: 100 })
  await expect(client.isReady()).rejects.toMatchObject({ code: 'CHECK_TIMEOUT' })
  await expect(client.isReady({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  const patient = createLivenessClient({ baseUrl })
  await expect(patient.check(new Uint8Array(3))).rejects.toMatchObject({ code: 'NETWORK', message: /answered 500/ })
  hanging.closeAllConnections()
  hanging.close()
  await once(hanging, 'close')
  await expect(patient.publicKeys()).rejects.toMatchObject({ code: 'NETWORK' })
})
