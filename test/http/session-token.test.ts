/** A token of @unspoof/session in place of a picture: the signer, the verifier and the middleware together. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { livenessMiddleware } from '@unspoof/express'
import { createMemoryStore, createTokenSigner, createTokenVerifier, generateTokenKeys } from '@unspoof/session'
import express, { type Request } from 'express'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakeLiveness } from './fake-liveness.ts'

let server: Server | undefined
let url: string
let sign: (overrides?: object) => Promise<string>

beforeAll(async () => {
  const { privateKey, publicKey } = await generateTokenKeys()
  const names = { issuer: 'https://login.example', audience: 'shop' }
  const signer = await createTokenSigner({ key: privateKey, kid: publicKey.kid!, ...names })
  const verifier = await createTokenVerifier({ keys: [publicKey], store: createMemoryStore(), ...names })
  let serial = 0
  sign = (overrides = {}) =>
    signer.sign(
      {
        sub: 'ada',
        jti: `token-${++serial}`,
        sid: 'session-1',
        nonce: 'nonce-1',
        operatingPoint: 'balanced',
        challenge: 'none',
        models: [{ id: 'some-model', version: '1.0.0' }],
        ...overrides,
      },
      Math.floor(Date.now() / 1000),
    )
  const app = express()
  const session = verifier.forRequests((req: Request) => req.get('x-user'))
  app.post('/pay', livenessMiddleware({ liveness: fakeLiveness(), session }), (req, res) =>
    res.json({
      verdict: req.liveness!.verdict,
      subject: req.liveness!.token?.subject,
      model: req.liveness!.model[0]?.id,
    }),
  )
  app.post('/vault', livenessMiddleware({ liveness: fakeLiveness(), session, operatingPoint: 'strict' }), (_req, res) =>
    res.json({}),
  )
  server = createServer(app)
  const listening = server
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(listening.address() as AddressInfo).port}`
})
afterAll(() => {
  server?.closeAllConnections()
  server?.close()
})

async function pay(token: string, user = 'ada', path = '/pay') {
  const headers = { authorization: `Liveness ${token}`, 'x-user': user }
  const response = await fetch(url + path, { method: 'POST', headers })
  // biome-ignore lint/suspicious/noExplicitAny: bodies of two shapes
  const json = (await response.json()) as any
  return response.ok ? json : `${response.status} ${json.error.code}`
}

test('a token passes once, for its own user', async () => {
  const token = await sign()
  expect(await pay(token, 'bob')).toBe('401 TOKEN_SUBJECT')
  expect(await pay(token, '')).toBe('401 TOKEN_SUBJECT')
  expect(await pay(token)).toEqual({ verdict: 'live', subject: 'ada', model: 'some-model' })
  expect(await pay(token)).toBe('401 TOKEN_INVALID')
})

test('a weaker session does not open a stricter route, and is not used up by the attempt', async () => {
  const token = await sign()
  expect(await pay(token, 'ada', '/vault')).toBe('403 OPERATING_POINT_TOO_WEAK')
  expect(await pay(token)).toMatchObject({ verdict: 'live' })
  expect(await pay(await sign({ operatingPoint: 'strict' }), 'ada', '/vault')).toEqual({})
})

test('forged tokens are refused', async () => {
  const [head, body, signature] = (await sign()).split('.')
  const other = Buffer.from(JSON.stringify({ alg: 'none', typ: 'liveness+jwt', kid: 'key-1' })).toString('base64url')
  const last = signature!.endsWith('A') ? 'B' : 'A'
  for (const token of [
    `${other}.${body}.`,
    `${head}.${body}.${signature!.slice(0, -1)}${last}x`,
    `${head}.${body}`,
    'x.y.z',
    'no token',
  ]) {
    expect(await pay(token)).toMatch(/^(401 TOKEN_INVALID|400 IMAGE_MISSING)$/)
  }
})
