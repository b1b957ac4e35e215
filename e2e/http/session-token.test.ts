/** A token of @unspoof/session in place of a picture, on every kind of server: the signer, the verifier and the adapter together. */
import { createHmac, createPrivateKey, createPublicKey, generateKeyPairSync, type JsonWebKey, sign } from 'node:crypto'
import type { SessionOptions } from '@unspoof/http'
import { createMemoryStore, createTokenSigner, createTokenVerifier, generateTokenKeys } from '@unspoof/session'
import { issueToken } from '@unspoof/session/testing'
import { fakeLiveness } from '@unspoof/test-utils/fake-liveness'
import { Connection, head } from '@unspoof/test-utils/http-client'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { SERVERS, type ServerOptions, type TestServer } from './servers.ts'

const NAMES = { issuer: 'https://login.example', audience: 'shop' }
const { privateKey, publicKey } = await generateTokenKeys()
const key = createPrivateKey({ key: privateKey as JsonWebKey, format: 'jwk' })
const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' })
const seconds = () => Math.floor(Date.now() / 1000)
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')

let serial = 0
const CLAIMS = {
  sub: 'ada',
  sid: 'session-1',
  nonce: 'nonce-1',
  operatingPoint: 'balanced',
  steps: [],
  models: [{ id: 'some-model', version: '1.0.0' }],
  image: '0'.repeat(64),
} as const
/** Where the verifier finds the marks of tokens. */
const store = createMemoryStore()

/** A token of our own signer. */
async function issued(overrides: { readonly operatingPoint?: 'strict' | 'lenient' } = {}): Promise<string> {
  const signer = await createTokenSigner({ key: privateKey, kid: publicKey.kid!, ...NAMES })
  return issueToken({ signer, store }, { ...CLAIMS, jti: `token-${++serial}`, ...overrides }, seconds())
}

/** The same written by hand, so that anything in it may be wrong. */
async function forged(
  header: object,
  claims: object = {},
  signature = (text: Buffer) => sign(null, text, key),
): Promise<string> {
  await store.add(`grant:token-${serial + 1}`, '1', 60_000)
  const now = seconds()
  const { issuer: iss, audience: aud } = NAMES
  const payload = { iss, aud, iat: now, exp: now + 60, jti: `token-${++serial}`, verdict: 'live', ...CLAIMS, ...claims }
  const text = `${base64url({ alg: 'EdDSA', typ: 'liveness+jwt', kid: publicKey.kid, ...header })}.${base64url(payload)}`
  return `${text}.${signature(Buffer.from(text)).toString('base64url')}`
}

const other = generateKeyPairSync('ed25519')
const refused = '401 TOKEN_INVALID'
/** Tokens that @unspoof/session did not give. */
const ROWS: readonly (readonly [string, () => string | Promise<string>, string])[] = [
  ['alg none', () => forged({ alg: 'none' }, {}, () => Buffer.alloc(0)), refused],
  [
    'HS256 with the public key for its secret',
    () => forged({ alg: 'HS256' }, {}, (text) => createHmac('sha256', pem).update(text).digest()),
    refused,
  ],
  [
    'a key in the header',
    () => forged({ jwk: other.publicKey.export({ format: 'jwk' }) }, {}, (text) => sign(null, text, other.privateKey)),
    refused,
  ],
  ['the address of a key in the header', () => forged({ jku: 'http://127.0.0.1:1/keys' }), refused],
  ['the address of a certificate in the header', () => forged({ x5u: 'http://127.0.0.1:1/cert' }), refused],
  ['an unknown kid', () => forged({ kid: 'key-2' }), refused],
  ['another audience', () => forged({}, { aud: 'bank' }), refused],
  ['typ JWT', () => forged({ typ: 'JWT' }), refused],
  ['expired', () => forged({}, { iat: seconds() - 200, exp: seconds() - 100 }), refused],
  ['not valid for an hour', () => forged({}, { iat: seconds() + 3600, exp: seconds() + 3660 }), refused],
  ['another subject', () => forged({}, { sub: 'bob' }), '401 TOKEN_SUBJECT'],
  ['a weaker operating point', () => issued({ operatingPoint: 'lenient' }), '403 OPERATING_POINT_TOO_WEAK'],
  ['a model that is not allowed', () => forged({}, { models: [{ id: 'evil', version: '1.0.0' }] }), refused],
  ['10 kB', () => forged({}, { padding: 'x'.repeat(10_000) }), refused],
  ['two parts', async () => (await issued()).split('.').slice(0, 2).join('.'), refused],
  ['no base64url', async () => `${(await issued()).slice(0, -2)}!!`, refused],
  ['another signature', () => forged({}, {}, (text) => sign(null, text, other.privateKey)), refused],
]

/** The account that the application's own login found: here what a header says. */
function userOf(request: { readonly headers: Headers | Readonly<Record<string, string>> }): string | undefined {
  const { headers } = request
  return headers instanceof Headers ? (headers.get('x-user') ?? undefined) : headers['x-user']
}

describe.each(Object.keys(SERVERS))('%s', (name) => {
  const servers: TestServer[] = []
  const ok = name.startsWith('Nest') ? 201 : 200
  const liveness = fakeLiveness()
  beforeAll(async () => {
    const verifier = await createTokenVerifier({
      keys: [publicKey],
      store,
      models: ['some-model'],
      ...NAMES,
    })
    const session = verifier.forRequests(userOf) as SessionOptions<never>
    for (const operatingPoint of ['balanced', 'strict'] as const) {
      servers.push(await SERVERS[name]!({ liveness, session, operatingPoint } as ServerOptions))
    }
  })
  afterAll(async () => {
    expect(liveness.calls).toEqual([])
    for (const server of servers) await server.close()
  })

  async function pay(token: string, { user = 'ada', strict = false } = {}) {
    const connection = new Connection(servers[strict ? 1 : 0]!.port)
    const lines = [`Authorization: Liveness ${token}`, 'Content-Length: 0', ...(user === '' ? [] : [`X-User: ${user}`])]
    const { status, json } = (await connection.send(head('/login', ...lines)).answer())!
    connection.close()
    if (json.error !== undefined) return `${status} ${json.error.code}`
    expect(json).toMatchObject({ judged: [], subject: user, model: 'some-model' })
    return `${status} ${json.verdict}`
  }

  test('a token passes once, for its own user', async () => {
    const token = await issued()
    expect(await pay(token, { user: 'bob' })).toBe('401 TOKEN_SUBJECT')
    expect(await pay(token, { user: '' })).toBe('401 TOKEN_SUBJECT')
    expect(await pay(token)).toBe(`${ok} live`)
    // Row 127.
    expect(await pay(token)).toBe(refused)
  })

  test('a weaker session does not open a stricter route, and is not used up by the attempt', async () => {
    const token = await issued()
    expect(await pay(token, { strict: true })).toBe('403 OPERATING_POINT_TOO_WEAK')
    expect(await pay(token)).toBe(`${ok} live`)
    expect(await pay(await issued({ operatingPoint: 'strict' }), { strict: true })).toBe(`${ok} live`)
  })

  test('what is written by hand and right in everything is accepted', async () => {
    expect(await pay(await forged({}))).toBe(`${ok} live`)
  })

  test.each(ROWS)('%s', async (_name, token, answer) => {
    expect(await pay(await token())).toBe(answer)
  })
})
