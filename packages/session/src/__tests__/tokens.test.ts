/** Tokens that must not pass, and the one that does. */
import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import { isLivenessError } from '@unspoof/core'
import {
  base64url,
  type CryptoKey,
  exportJWK,
  exportSPKI,
  generateKeyPair,
  importJWK,
  type JWK,
  SignJWT,
  UnsecuredJWT,
} from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import {
  createMemoryStore,
  createTokenSigner,
  createTokenVerifier,
  generateTokenKeys,
  type TokenSigner,
  type TokenVerifier,
  type TokenVerifierOptions,
} from '../index.ts'
import { issueToken } from '../testing.ts'
import { clock, codeOf, createHarness, submissionOf } from './harness.ts'

const ANN = { subject: 'ann' }
const NOW = 1_800_000_000
let privateKey: JWK
let publicKey: JWK
let signer: TokenSigner
/** Where the tokens of these tests are issued. */
const STORE = createMemoryStore()
beforeAll(async () => {
  const keys = await generateTokenKeys()
  privateKey = keys.privateKey
  publicKey = keys.publicKey
  signer = await createTokenSigner({
    key: privateKey,
    kid: publicKey.kid!,
    issuer: 'https://id.example',
    audience: 'login',
  })
})

async function verifier(options: Partial<TokenVerifierOptions> = {}): Promise<TokenVerifier> {
  return createTokenVerifier({
    keys: [publicKey],
    issuer: 'https://id.example',
    audience: 'login',
    store: STORE,
    now: () => NOW * 1000,
    ...options,
  })
}

const CLAIMS = {
  sub: 'ann',
  sid: 's'.repeat(22),
  nonce: 'n'.repeat(22),
  operatingPoint: 'balanced',
  steps: ['turn-left'],
  models: [{ id: 'pad', version: '1.0.0' }],
  image: '0'.repeat(64),
} as const
let count = 0
const jti = () => `jti-${++count}-00000000000000`
const issued = (id = jti(), by = signer) => issueToken({ signer: by, store: STORE }, { ...CLAIMS, jti: id }, NOW)

/** A token that differs from a good one in what is given. */
async function token(
  change: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key?: CryptoKey | Uint8Array,
): Promise<string> {
  const payload = {
    iss: 'https://id.example',
    aud: 'login',
    iat: NOW,
    exp: NOW + 120,
    verdict: 'live',
    jti: jti(),
    ...CLAIMS,
    ...change,
  }
  if (typeof payload.jti === 'string') await STORE.add(`grant:${payload.jti}`, '1', 600_000)
  const signing = key ?? ((await importJWK(privateKey, 'EdDSA')) as CryptoKey)
  return new SignJWT(payload as never)
    .setProtectedHeader({ alg: 'EdDSA', kid: publicKey.kid!, typ: 'liveness+jwt', ...header })
    .sign(signing as never)
}

describe('a good token', () => {
  it('passes once and tells what it is about', async () => {
    const v = await verifier()
    const good = await issued('one-and-only-00000000')
    const claims = await v.verify(good, ANN)
    expect(claims).toEqual({
      ...CLAIMS,
      jti: 'one-and-only-00000000',
      iss: 'https://id.example',
      aud: 'login',
      iat: NOW,
      exp: NOW + 120,
      verdict: 'live',
    })
    expect(await codeOf(v.verify(good, ANN))).toBe('TOKEN_INVALID')
  })

  it('has no score in it', async () => {
    const good = await issued()
    const text = good
      .split('.')
      .slice(0, 2)
      .map((part) => new TextDecoder().decode(base64url.decode(part)))
      .join()
    expect(text).not.toMatch(/prob|score|logit|threshold|stability/i)
  })

  it.each(['EdDSA', 'ES256'] as const)('comes from a session and is verified, %s', async (algorithm) => {
    const keys = await generateTokenKeys(algorithm)
    const own = await createTokenSigner({
      key: keys.privateKey,
      kid: keys.publicKey.kid!,
      algorithm,
      issuer: 'i',
      audience: 'a',
    })
    const store = createMemoryStore({ now: () => clock.ms })
    const h = createHarness({ signer: own, store, challenges: [], operatingPoint: 'strict' })
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    const answer = await h.sessions.submit(started.id, submissionOf(started, shots), ANN)
    const v = await verifier({
      keys: [keys.publicKey],
      issuer: 'i',
      audience: 'a',
      store,
      now: () => clock.ms,
      operatingPoint: 'strict',
      models: ['example-pad@1.0.0'],
    })
    const claims = await v.verify(answer.token!, ANN)
    expect(claims).toMatchObject({
      sub: 'ann',
      sid: started.id,
      nonce: started.nonce,
      operatingPoint: 'strict',
      steps: [],
      image: expect.stringMatching(/^[0-9a-f]{64}$/),
    })
    // Using the token used the result up as well.
    expect(await codeOf(h.sessions.result(started.id, ANN))).toBe('SESSION_USED')
  })

  it('is dated by whole seconds of the wall clock, rounded down', async () => {
    const store = createMemoryStore({ now: () => clock.ms })
    const h = createHarness({ signer, store, challenges: [], now: () => NOW * 1000 + 999 })
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    const { token: good } = await h.sessions.submit(started.id, submissionOf(started, shots), ANN)
    expect(await (await verifier({ store })).verify(good!, ANN)).toMatchObject({ iat: NOW, exp: NOW + 120 })
  })

  it('is burned by reading the result', async () => {
    const store = createMemoryStore({ now: () => clock.ms })
    const h = createHarness({ signer, store, challenges: [] })
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    const { token: good } = await h.sessions.submit(started.id, submissionOf(started, shots), ANN)
    expect((await h.sessions.result(started.id, ANN)).verdict).toBe('live')
    expect(await codeOf((await verifier({ store, now: () => clock.ms })).verify(good!, ANN))).toBe('TOKEN_INVALID')
  })

  it('is not given for spoof and retry', async () => {
    const h = createHarness({ signer, challenges: [] })
    for (const margin of [-4, -0.5]) {
      const started = await h.sessions.create(ANN)
      const shots = await h.film(started, { margin })
      const answer = await h.sessions.submit(started.id, submissionOf(started, shots), ANN)
      expect(answer.verdict).not.toBe('live')
      expect(answer).not.toHaveProperty('token')
    }
  })

  it('keys rotate by kid', async () => {
    const next = await generateTokenKeys('ES256')
    const both = await verifier({ keys: [publicKey, next.publicKey] })
    const after = await createTokenSigner({
      key: next.privateKey,
      kid: next.publicKey.kid!,
      algorithm: 'ES256',
      issuer: 'https://id.example',
      audience: 'login',
    })
    await both.verify(await issued(), ANN)
    await both.verify(await issued(jti(), after), ANN)
    const old = await issued()
    expect(await codeOf((await verifier({ keys: [next.publicKey] })).verify(old, ANN))).toBe('TOKEN_INVALID')
  })

  it('is signed with a PEM or a KeyObject as well', async () => {
    const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const jwk = {
      ...createPublicKey(pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()).export({ format: 'jwk' }),
      kid: 'k',
      alg: 'ES256',
    }
    for (const key of [pem, pair.privateKey]) {
      const own = await createTokenSigner({
        key,
        kid: 'k',
        algorithm: 'ES256',
        issuer: 'https://id.example',
        audience: 'login',
      })
      await (await verifier({ keys: [jwk as JWK] })).verify(await issued(jti(), own), ANN)
    }
  })

  it('passes through forRequests, for the middleware', async () => {
    const requests = (await verifier()).forRequests((request: { user?: string }) => request.user)
    expect(await codeOf(requests.verify(await token(), {}))).toBe('TOKEN_SUBJECT')
    expect(await codeOf(requests.verify(await token(), { user: 'bob' }))).toBe('TOKEN_SUBJECT')
    expect(await requests.verify(await token(), { user: 'ann' })).toEqual({
      subject: 'ann',
      operatingPoint: { name: 'balanced', threshold: 0 },
      model: [{ id: 'pad', version: '1.0.0', variant: '' }],
    })
  })

  it('is not used up by a request it does not open', async () => {
    const requests = (await verifier()).forRequests((request: { user?: string }) => request.user)
    const good = await token()
    const ann = { user: 'ann' }
    expect(await codeOf(requests.verify(good, {}))).toBe('TOKEN_SUBJECT')
    expect(await codeOf(requests.verify(good, { user: 'bob' }))).toBe('TOKEN_SUBJECT')
    for (const operatingPoint of ['strict', 0.5] as const) {
      expect(await codeOf(requests.verify(good, ann, { operatingPoint }))).toBe('OPERATING_POINT_TOO_WEAK')
    }
    expect(await requests.verify(good, ann, { operatingPoint: 'balanced' })).toMatchObject({ subject: 'ann' })
    expect(await codeOf(requests.verify(good, ann))).toBe('TOKEN_INVALID')
  })
})

describe('tokens that are refused', () => {
  const cases: Record<string, () => Promise<string>> = {
    'alg none': async () =>
      new UnsecuredJWT({ ...CLAIMS, verdict: 'live' })
        .setIssuer('https://id.example')
        .setAudience('login')
        .setExpirationTime(NOW + 60)
        .encode(),
    'alg none, signature kept': async () => {
      const [, payload, signature] = (await token()).split('.')
      return `${base64url.encode(JSON.stringify({ alg: 'none', kid: publicKey.kid, typ: 'liveness+jwt' }))}.${payload}.${signature}`
    },
    'HS256 with the public key as JWK': async () =>
      token({}, { alg: 'HS256' }, new TextEncoder().encode(JSON.stringify(publicKey))),
    'HS256 with the public key as SPKI': async () =>
      token(
        {},
        { alg: 'HS256' },
        new TextEncoder().encode(await exportSPKI((await importJWK(publicKey, 'EdDSA')) as CryptoKey)),
      ),
    'a key of its own as jwk': async () => {
      const own = await generateKeyPair('EdDSA', { extractable: true })
      return token({}, { jwk: await exportJWK(own.publicKey) }, own.privateKey)
    },
    jku: async () => token({}, { jku: 'https://evil.example/keys' }),
    x5u: async () => token({}, { x5u: 'https://evil.example/cert' }),
    'an unknown kid': async () => token({}, { kid: 'another' }),
    'no kid': async () => token({}, { kid: undefined }),
    'a kid that is a property of objects': async () => token({}, { kid: '__proto__' }),
    'another audience': async () => token({ aud: 'payments' }),
    'several audiences': async () => token({ aud: ['login', 'payments'] }),
    'no audience': async () => token({ aud: undefined }),
    'another issuer': async () => token({ iss: 'https://evil.example' }),
    'typ JWT': async () => token({}, { typ: 'JWT' }),
    'no typ': async () => token({}, { typ: undefined }),
    expired: async () => token({ iat: NOW - 200, exp: NOW - 6 }),
    'from the future': async () => token({ iat: NOW + 60, exp: NOW + 120 }),
    'not yet valid': async () => token({ nbf: NOW + 60 }),
    'valid for an hour': async () => token({ exp: NOW + 3600 }),
    'without end': async () => token({ exp: undefined }),
    'an end that is no number': async () => token({ exp: 'never' }),
    'no jti': async () => token({ jti: undefined }),
    'no nonce': async () => token({ nonce: undefined }),
    'no verdict': async () => token({ verdict: undefined }),
    'verdict spoof': async () => token({ verdict: 'spoof' }),
    'an unknown operating point': async () => token({ operatingPoint: 'custom' }),
    'no operating point': async () => token({ operatingPoint: undefined }),
    'no steps': async () => token({ steps: undefined }),
    'a step nobody knows': async () => token({ steps: ['smile'] }),
    'no image': async () => token({ image: undefined }),
    'an image that is no digest': async () => token({ image: 'x'.repeat(64) }),
    'no models': async () => token({ models: [] }),
    'a model without a version': async () => token({ models: [{ id: 'pad' }] }),
    'models that are text': async () => token({ models: ['pad', 'pad'] }),
    'a model that is null': async () => token({ models: [null] }),
    'a model whose id is a number': async () => token({ models: [{ id: 1, version: '1.0.0' }] }),
    'models that are no array': async () => token({ models: { 0: { id: 'pad', version: '1.0.0' } } }),
    'signed by another key': async () => token({}, {}, (await generateKeyPair('EdDSA')).privateKey),
    'signed with ES256 under an EdDSA kid': async () =>
      token({}, { alg: 'ES256' }, (await generateKeyPair('ES256')).privateKey),
    'a payload changed': async () => {
      const [header, , signature] = (await token()).split('.')
      const [, payload] = (await token({ sub: 'ann', operatingPoint: 'strict' })).split('.')
      return `${header}.${payload}.${signature}`
    },
    'ten kilobytes': async () => token({ padding: 'x'.repeat(10_000) }),
    empty: async () => '',
    'two parts': async () => (await token()).split('.').slice(0, 2).join('.'),
    'three empty parts': async () => '..',
    'not base64url': async () => `${await token()}!`,
    'an encrypted one': async () => 'a.b.c.d.e',
    'with a space in front': async () => ` ${await token()}`,
  }

  it.each(Object.keys(cases))('%s', async (name) => {
    const error = await (await verifier()).verify(await cases[name]!(), ANN).catch((thrown: unknown) => thrown)
    expect(
      isLivenessError(error) && { code: error.code, status: error.status, message: error.message, cause: error.cause },
    ).toEqual({
      code: 'TOKEN_INVALID',
      status: 401,
      message: 'The liveness token was not accepted.',
      cause: undefined,
    })
  })

  it.each([[undefined], [null], [42], [{}], [new Uint8Array(3)]])('%s is no token', async (value) => {
    expect(await codeOf((await verifier()).verify(value as never, ANN))).toBe('TOKEN_INVALID')
  })

  it('five seconds of difference between clocks are fine', async () => {
    const v = await verifier()
    await v.verify(await token({ iat: NOW - 124, exp: NOW - 4 }), ANN)
    await v.verify(await token({ iat: NOW + 4, exp: NOW + 124 }), ANN)
  })

  it('to the second: five of difference, and five minutes of validity', async () => {
    const v = await verifier()
    await v.verify(await token({ iat: NOW + 5, exp: NOW + 305 }), ANN)
    await v.verify(await token({ iat: NOW - 304, exp: NOW - 4 }), ANN)
    expect(await codeOf(v.verify(await token({ iat: NOW + 6, exp: NOW + 120 }), ANN))).toBe('TOKEN_INVALID')
    expect(await codeOf(v.verify(await token({ iat: NOW - 305, exp: NOW - 5 }), ANN))).toBe('TOKEN_INVALID')
    expect(await codeOf(v.verify(await token({ iat: NOW - 1, exp: NOW + 300 }), ANN))).toBe('TOKEN_INVALID')
    expect(await codeOf(v.verify(await token({ iat: NOW - 0.5 }), ANN))).toBe('TOKEN_INVALID')
    expect(await codeOf(v.verify(await token({ exp: NOW + 119.5 }), ANN))).toBe('TOKEN_INVALID')
  })

  it.each(['sub', 'jti', 'sid', 'nonce'])('%s is text of 1 to 200 characters', async (claim) => {
    const v = await verifier()
    const long = 'x'.repeat(200)
    await v.verify(await token({ [claim]: long }), claim === 'sub' ? { subject: long } : ANN)
    for (const value of ['', `${long}x`, 42, null, ['ann'], {}]) {
      const subject = claim === 'sub' && typeof value === 'string' && value !== '' ? value : 'ann'
      expect(await codeOf(v.verify(await token({ [claim]: value }), { subject })), String(value)).toBe('TOKEN_INVALID')
    }
  })

  it('4096 characters are looked at, and not one more', async () => {
    // Base64 has no text of every length: a longer kid shifts the other ones.
    const tokenOf = async (length: number): Promise<string> => {
      for (const kid of ['k', 'kk', 'kkk']) {
        const padded = (padding: number) => token({ padding: 'x'.repeat(padding), jti: `${length}` }, { kid })
        const about = Math.floor(((length - (await padded(0)).length) * 3) / 4)
        for (let padding = about - 3; padding <= about + 3; padding++) {
          const made = await padded(padding)
          if (made.length === length) return made
        }
      }
      throw new Error(`No token has ${length} characters.`)
    }
    const keys = ['k', 'kk', 'kkk'].map((kid) => ({ ...publicKey, kid }))
    const v = await verifier({ keys })
    await v.verify(await tokenOf(4096), ANN)
    expect(await codeOf(v.verify(await tokenOf(4097), ANN))).toBe('TOKEN_INVALID')
  })

  it('another subject, which does not use the token up', async () => {
    const v = await verifier()
    const good = await token()
    const error = await v.verify(good, { subject: 'bob' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'TOKEN_SUBJECT', status: 401, message: 'The liveness token was not accepted.' })
    await v.verify(good, ANN)
  })

  it.each([[''], [undefined], [42]])('whoever verifies for %j has made a mistake', async (subject) => {
    expect(await codeOf((await verifier()).verify(await token(), { subject: subject as never }))).toBe('OPTION_INVALID')
  })

  it('a token that was never marked, or whose mark was lost with the data of the store, is refused', async () => {
    const unmarked = await signer.sign({ ...CLAIMS, jti: jti() }, NOW)
    expect(await codeOf((await verifier()).verify(unmarked, ANN))).toBe('TOKEN_INVALID')
    const v = await verifier()
    const [used, unused] = [await issued(), await issued()]
    await v.verify(used, ANN)
    for (let i = 1; i <= count; i++) await STORE.delete(`grant:jti-${i}-00000000000000`)
    expect(await codeOf(v.verify(used, ANN))).toBe('TOKEN_INVALID')
    expect(await codeOf(v.verify(unused, ANN))).toBe('TOKEN_INVALID')
  })

  it('a mark is kept until no clock in tolerance accepts its token any more', async () => {
    const store = createMemoryStore({ now: () => NOW * 1000 })
    await issueToken({ signer, store }, { ...CLAIMS, jti: 'kept-0000000000' }, NOW)
    expect((await store.get('grant:kept-0000000000'))!.expiresInMs).toBe(130_000)
  })

  it('a verifier whose memory store no sessions write to says so, and refuses', async () => {
    const v = await verifier({ store: createMemoryStore() })
    await expect(v.verify(await issued(), ANN)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      hint: expect.stringContaining('createSessions()'),
    })
  })

  it('of 50 verifications at once one passes', async () => {
    const v = await verifier()
    const good = await token()
    const codes = await Promise.all(Array.from({ length: 50 }, () => codeOf(v.verify(good, ANN))))
    expect(codes.filter((code) => code.startsWith('resolved'))).toHaveLength(1)
  })

  it('a weaker operating point than asked, which does not use the token up', async () => {
    const v = await verifier()
    const good = await token()
    const error = await v.verify(good, { ...ANN, operatingPoint: 'strict' }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({
      code: 'OPERATING_POINT_TOO_WEAK',
      status: 403,
      message: 'The liveness token was not accepted.',
    })
    expect(await codeOf(v.verify(await token({ operatingPoint: 'lenient' }), ANN))).toBe('OPERATING_POINT_TOO_WEAK')
    // A route cannot ask for less than the verifier.
    expect(
      await codeOf(v.verify(await token({ operatingPoint: 'lenient' }), { ...ANN, operatingPoint: 'lenient' })),
    ).toBe('OPERATING_POINT_TOO_WEAK')
    await v.verify(await token({ operatingPoint: 'strict' }), ANN)
    await v.verify(good, ANN)
  })

  it('a model that is not allowed', async () => {
    const v = await verifier({ models: ['pad@1.0.0', 'other'] })
    await v.verify(await token(), ANN)
    await v.verify(
      await token({
        models: [
          { id: 'other', version: '9' },
          { id: 'pad', version: '1.0.0' },
        ],
      }),
      ANN,
    )
    expect(await codeOf(v.verify(await token({ models: [{ id: 'pad', version: '1.0.1' }] }), ANN))).toBe(
      'TOKEN_INVALID',
    )
    expect(
      await codeOf(
        v.verify(
          await token({
            models: [
              { id: 'pad', version: '1.0.0' },
              { id: 'third', version: '1' },
            ],
          }),
          ANN,
        ),
      ),
    ).toBe('TOKEN_INVALID')
  })

  it('fewer movements than asked for, which does not use the token up', async () => {
    const v = await verifier({ minSteps: 2 })
    const one = await token()
    expect(await codeOf(v.verify(one, ANN))).toBe('TOKEN_INVALID')
    await v.verify(await token({ steps: ['turn-left', 'move-closer'] }), ANN)
    await (await verifier({ minSteps: 1 })).verify(one, ANN)
  })

  it('does not pass while the store cannot be asked', async () => {
    const store = createMemoryStore()
    await store.close()
    expect(await codeOf((await verifier({ store })).verify(await token(), ANN))).toBe('CLOSED')
  })
})

describe('configuration', () => {
  it.each([
    ['no keys', { keys: [] }],
    ['a key without kid', { keys: [{ kty: 'OKP', crv: 'Ed25519', x: 'x', alg: 'EdDSA' }] }],
    ['a symmetric key', { keys: [{ kty: 'oct', k: 'c2VjcmV0', kid: 'k', alg: 'HS256' }] }],
    ['a key of RSA', { keys: [{ kty: 'RSA', n: 'x', e: 'AQAB', kid: 'k', alg: 'RS256' }] }],
    ['no store', { store: undefined }],
    ['no audience', { audience: '' }],
    ['an unknown operating point', { operatingPoint: 'best' }],
    ['a number for it', { operatingPoint: 0.5 }],
    ['no models', { models: [] }],
    ['more movements than there can be', { minSteps: 4 }],
    ['an unknown option', { jwksUri: 'https://x' }],
  ])('%s is refused', async (_, change) => {
    expect(await codeOf(verifier(change as never))).toBe('OPTION_INVALID')
  })

  it.each([undefined, '', 42])('a good key with %j for its kid is refused', async (kid) => {
    const keys = [{ ...publicKey, kid: kid as string }]
    await expect(verifier({ keys })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('keys[0].kid'),
    })
  })

  it('private and double keys are refused', async () => {
    expect(await codeOf(verifier({ keys: [privateKey] }))).toBe('OPTION_INVALID')
    expect(await codeOf(verifier({ keys: [publicKey, publicKey] }))).toBe('OPTION_INVALID')
  })

  it('a signer takes names of 1 to 200 characters, and 5 to 300 seconds', async () => {
    const good = { key: privateKey, kid: 'k', issuer: 'i', audience: 'a' }
    for (const name of ['kid', 'issuer', 'audience']) {
      const long = 'x'.repeat(200)
      await createTokenSigner({ ...good, [name]: long })
      for (const value of ['', `${long}x`, undefined, 7, ['k']]) {
        await expect(createTokenSigner({ ...good, [name]: value as string }), `${name} ${value}`).rejects.toMatchObject(
          {
            code: 'OPTION_INVALID',
            message: expect.stringContaining(name),
          },
        )
      }
    }
    for (const expiresInSeconds of [5, 300]) {
      expect((await createTokenSigner({ ...good, expiresInSeconds })).expiresInSeconds).toBe(expiresInSeconds)
    }
    for (const expiresInSeconds of [4, 301, 5.5, Number.NaN]) {
      expect(await codeOf(createTokenSigner({ ...good, expiresInSeconds }))).toBe('OPTION_INVALID')
    }
  })

  it.each([
    ['a public key', () => ({ key: publicKey })],
    ['a key of another kind', () => ({ key: privateKey, algorithm: 'ES256' as const })],
    ['text that is no PEM', () => ({ key: 'secret' })],
    ['ten minutes', () => ({ expiresInSeconds: 600 })],
    ['no kid', () => ({ kid: '' })],
  ])('a signer with %s is refused', async (_, change) => {
    expect(
      await codeOf(createTokenSigner({ key: privateKey, kid: 'k', issuer: 'i', audience: 'a', ...change() })),
    ).toBe('OPTION_INVALID')
  })
})
