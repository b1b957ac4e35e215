/** What every adapter does with ordinary requests, slow and leaving clients, load, other methods and tokens. */
import { LivenessError } from '@unspoof/core'
import { createAdmission, type SessionOptions } from '@unspoof/http'
import { type FakeLiveness, fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import { BOUNDARY, Connection, FORM_TYPE, fieldPart, filePart, form, head, post } from '@unspoof/test-utils/http-client'
import { afterEach, describe, expect, test } from 'vitest'
import { SERVERS, type ServerOptions, type TestServer } from './servers.ts'

const live = picture('live')
const dataUrl = (bytes: Buffer) => `data:image/jpeg;base64,${bytes.toString('base64')}`
const LEAK = /prob|score|logit|threshold|stability/i

/** Every key of a body, at any depth. */
function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, item]) => [key, ...keysOf(item)])
}

describe.each(Object.keys(SERVERS))('%s', (name) => {
  const ok = name.startsWith('Nest') ? 201 : 200
  const running: { server?: TestServer; connections: Connection[] } = { connections: [] }
  let liveness: FakeLiveness

  async function start(options: ServerOptions & { session?: SessionOptions<never> } = {}): Promise<TestServer> {
    liveness = fakeLiveness()
    running.server = await SERVERS[name]!({ liveness, ...options })
    return running.server
  }

  function connect(): Connection {
    const connection = new Connection(running.server!.port)
    running.connections.push(connection)
    return connection
  }

  const ask = async (bytes: Buffer | string) => (await connect().send(bytes).answer())!
  const upload = (...parts: Buffer[]) => ask(post('/login', FORM_TYPE, form(...parts)))
  const annotated = (...parts: Buffer[]) => ask(post('/upload', FORM_TYPE, form(...parts)))

  afterEach(async () => {
    for (const connection of running.connections.splice(0)) connection.close()
    await running.server?.close()
  })

  test('a live face reaches the handler with fields and files', async () => {
    await start()
    const answer = await upload(fieldPart('name', 'Ada'), fieldPart('tag', 'a'), fieldPart('tag', 'b'), filePart(live))
    expect(answer.status).toBe(ok)
    expect(answer.json).toMatchObject({ verdict: 'live', uploads: [{ fieldname: 'photo', originalname: 'me.jpg' }] })
    expect(answer.json.judged).toEqual([answer.json.uploads[0].sha256])
    if (name !== 'Request and Response') expect(answer.json.fields).toEqual({ name: 'Ada', tag: ['a', 'b'] })
  })

  test('refusals tell verdict, code, reasons and hint, and nothing else', async () => {
    await start()
    const spoof = await upload(filePart(picture('spoof')))
    expect(spoof.status).toBe(403)
    expect(spoof.json).toEqual({
      verdict: 'spoof',
      code: 'SPOOF',
      reasons: ['attack-suspected'],
      hint: 'Show your own face to the camera, not a picture or a screen.',
    })
    const retry = await upload(filePart(picture('retry')))
    expect(retry.status).toBe(422)
    expect(retry.json).toEqual({ verdict: 'retry', code: 'RETRY', reasons: ['no-face'], hint: expect.any(String) })
    expect((await upload(filePart(picture('not-checked')))).status).toBe(403)
  })

  test('no body of any answer has a key that tells a score', async () => {
    await start()
    const bodies = [
      ...(['spoof', 'retry', 'not-checked', 'broken', 'crash'] as const).map((verdict) => [filePart(picture(verdict))]),
      [fieldPart('name', 'Ada')],
    ]
    for (const parts of bodies) {
      const answer = await upload(...parts)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(keysOf(answer.json).filter((key) => LEAK.test(key))).toEqual([])
      expect(keysOf(answer.json).length).toBeGreaterThan(3)
    }
  })

  test('a crash of the check is a 503 that tells nothing', async () => {
    await start()
    const answer = await upload(filePart(picture('crash')))
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
    expect(answer.json.error).toMatchObject({ code: 'MODEL_UNAVAILABLE', requestId: expect.any(String) })
    expect(answer.text).not.toMatch(/undefined|secret|srv/)
  })

  test('a result that contradicts itself does not pass', async () => {
    for (const liveProbability of [Number.NaN, 0.1, null, Number.POSITIVE_INFINITY]) {
      liveness = fakeLiveness()
      const { check } = liveness
      const lying = { check: async (input: Uint8Array) => ({ ...(await check(input)), liveProbability }) }
      await start({ liveness: lying })
      expect((await upload(filePart(live))).status).toBe(503)
      await running.server!.close()
    }
  })

  test('a Liveness that gives no digest gets one', async () => {
    const { check } = fakeLiveness()
    const without = async (input: Uint8Array) => {
      const result = await check(input)
      return { ...result, image: { width: 64, height: 64 } }
    }
    await start({ liveness: { check: without } })
    const { json } = await upload(filePart(live))
    expect(json.judged).toEqual([json.uploads[0].sha256])
  })

  test('every picture is judged and the worst counts', async () => {
    await start()
    const answer = await upload(filePart(live, 'a'), filePart(picture('spoof'), 'b'), filePart(live, 'c'))
    expect(answer.status).toBe(403)
    expect(liveness.calls).toHaveLength(3)
  })

  test('files that are no pictures are handed on unjudged beside one that is', async () => {
    await start()
    const answer = await upload(filePart('%PDF-1.7', 'cv', 'cv.pdf', 'application/pdf'), filePart(live))
    expect(answer.status).toBe(ok)
    expect(answer.json.judged).toHaveLength(1)
    expect(answer.json.uploads).toHaveLength(2)
  })

  test('image bodies and JSON data URLs', async () => {
    await start()
    expect((await ask(post('/login', 'image/jpeg', live))).json).toMatchObject({ verdict: 'live' })
    expect((await ask(post('/login', 'image/jpeg', picture('spoof')))).status).toBe(403)
    const json = (bytes: Buffer) => post('/login', 'application/json', JSON.stringify({ photo: dataUrl(bytes) }))
    expect((await ask(json(live))).json).toMatchObject({ verdict: 'live' })
    expect((await ask(json(picture('spoof')))).status).toBe(403)
  })

  test('only pictures in the listed fields count', async () => {
    await start({ fields: ['photo'] })
    expect((await upload(filePart(live, 'other'))).json.error.code).toBe('IMAGE_MISSING')
    expect((await upload(filePart(live, 'photo'))).status).toBe(ok)
    expect((await ask(post('/login', 'image/jpeg', live))).json.error.code).toBe('IMAGE_MISSING')
    const nested = { photo: { photo: dataUrl(live) } }
    const answer = await ask(post('/login', 'application/json', JSON.stringify(nested)))
    expect(answer.json.error.code).toBe('IMAGE_MISSING')
  })

  test('options of the check arrive there', async () => {
    await start({ operatingPoint: 'strict', faces: 'all', crops: 5 })
    await upload(filePart(live))
    expect(liveness.calls[0]!.options).toMatchObject({ operatingPoint: 'strict', faces: 'all', crops: 5 })
  })

  test('without `required` the rest is annotated, and spoofs are refused', async () => {
    await start()
    expect((await annotated(fieldPart('name', 'Ada'))).json).toMatchObject({ verdict: 'not-checked' })
    expect((await annotated(filePart(live))).json).toMatchObject({ verdict: 'live' })
    expect((await annotated(filePart(picture('retry')))).json).toMatchObject({ verdict: 'retry' })
    expect((await annotated(filePart(picture('spoof')))).status).toBe(403)
    expect((await annotated(filePart(picture('broken')))).status).toBe(422)
    expect((await ask(post('/upload', 'image/jpeg', picture('spoof')))).status).toBe(403)
    const text = await ask(post('/upload', 'application/json', JSON.stringify({ note: 'data:text/plain,hi' })))
    expect(text.json).toMatchObject({ verdict: 'not-checked' })
  })

  test('onUnavailable: annotate passes as not-checked, never as live', async () => {
    await start({ onUnavailable: 'annotate' })
    expect((await upload(filePart(picture('crash')))).json).toMatchObject({ verdict: 'not-checked' })
    expect((await upload(filePart(picture('spoof')))).status).toBe(403)
    expect((await upload(fieldPart('name', 'Ada'))).json.error.code).toBe('IMAGE_MISSING')
  })

  test('a slow body is cut by its pace', async () => {
    await start({ limits: { graceMs: 50, minBytesPerSecond: 8192 } })
    const connection = connect()
    connection.send(head('/login', `Content-Type: ${FORM_TYPE}`, 'Content-Length: 1000')).send('--x')
    const answer = await connection.answer()
    expect(answer).toMatchObject({ status: 408, json: { error: { code: 'UPLOAD_TIMEOUT' } } })
    expect((await upload(filePart(live))).status).toBe(ok)
  })

  test('a body that keeps its pace is cut by its deadline', async () => {
    await start({ limits: { bodyTimeoutMs: 200, minBytesPerSecond: 0 } })
    const connection = connect()
    connection.send(head('/login', `Content-Type: ${FORM_TYPE}`, 'Content-Length: 100000'))
    const drip = setInterval(() => connection.send(`--${BOUNDARY}`), 20)
    const answer = await connection.answer().finally(() => clearInterval(drip))
    expect(answer).toMatchObject({ status: 408, json: { error: { code: 'UPLOAD_TIMEOUT' } } })
  })

  test('a client that leaves while it uploads frees its place, and nothing is judged', async () => {
    const admission = createAdmission()
    await start({ admission })
    const body = form(filePart(picture('live', 100_000)))
    const connection = connect()
    connection.send(head('/login', `Content-Type: ${FORM_TYPE}`, `Content-Length: ${body.length}`))
    connection.send(body.subarray(0, body.length / 2))
    await expect.poll(() => admission.load.bytes).toBeGreaterThan(0)
    connection.close()
    await expect.poll(() => admission.load).toEqual({ requests: 0, checks: 0, bytes: 0 })
    expect(liveness.calls).toEqual([])
    expect((await upload(filePart(live))).status).toBe(ok)
  })

  test('a client that leaves while its picture waits aborts the check', async () => {
    const admission = createAdmission()
    await start({ admission })
    const connection = connect()
    connection.send(post('/login', FORM_TYPE, form(filePart(picture('hang')))))
    await expect.poll(() => admission.load.checks).toBe(1)
    connection.close()
    await expect.poll(() => admission.load).toEqual({ requests: 0, checks: 0, bytes: 0 })
    await expect.poll(() => liveness.aborted).toBe(1)
  })

  test('a check that never answers is given up', async () => {
    await start({ timeoutMs: 100 })
    const answer = await upload(filePart(picture('hang')))
    expect(answer).toMatchObject({ status: 503, json: { error: { code: 'CHECK_TIMEOUT' } } })
  })

  test('too much at once is refused before the body is read', async () => {
    const admission = createAdmission({ maxChecks: 1, retryAfter: 7 })
    await start({ admission })
    connect().send(post('/login', FORM_TYPE, form(filePart(picture('hang')))))
    await expect.poll(() => admission.load.checks).toBe(1)
    const connection = connect()
    connection.send(head('/login', `Content-Type: ${FORM_TYPE}`, 'Content-Length: 100000'))
    const answer = (await connection.answer())!
    expect(answer).toMatchObject({ status: 503, json: { error: { code: 'OVERLOADED' } } })
    expect(answer.headers['retry-after']).toBe('7')
    expect(admission.load.requests).toBe(1)
  })

  test('one client cannot take the whole queue, and whoever asks who it is may fail closed', async () => {
    const admission = createAdmission({ maxChecks: 4, maxShare: 0.5 })
    const clientKey = (req: { headers: Headers | Record<string, string> }) => {
      const key = req.headers instanceof Headers ? req.headers.get('x-key') : req.headers['x-key']
      if (key === 'broken') throw new TypeError('no such column /srv/accounts')
      return key ?? undefined
    }
    await start({ admission, clientKey })
    const ask1 = (key: string, verdict: 'live' | 'hang') =>
      connect().send(post('/login', FORM_TYPE, form(filePart(picture(verdict))), `X-Key: ${key}`))
    ask1('greedy', 'hang')
    ask1('greedy', 'hang')
    await expect.poll(() => admission.load.checks).toBe(2)
    expect(await ask1('greedy', 'live').answer()).toMatchObject({
      status: 503,
      json: { error: { code: 'OVERLOADED' } },
    })
    expect(await ask1('other', 'live').answer()).toMatchObject({ status: ok, json: { verdict: 'live' } })
    expect((await upload(filePart(live))).status).toBe(ok)
    const broken = (await ask1('broken', 'live').answer())!
    expect(broken).toMatchObject({ status: 503, json: { error: { code: 'MODEL_UNAVAILABLE' } } })
    expect(broken.text).not.toContain('srv')
  })

  test('under load, requests without a picture still pass where none is required', async () => {
    const admission = createAdmission({ maxChecks: 1 })
    await start({ admission })
    connect().send(post('/login', FORM_TYPE, form(filePart(picture('hang')))))
    await expect.poll(() => admission.load.checks).toBe(1)
    expect((await annotated(fieldPart('name', 'Ada'))).json).toMatchObject({ verdict: 'not-checked' })
    expect((await annotated(filePart(live))).json.error.code).toBe('OVERLOADED')
  })

  test('bytes in flight are bounded over all requests', async () => {
    await start({ admission: { maxBytes: 50_000 } })
    const answer = await upload(filePart(picture('live', 60_000)))
    expect(answer).toMatchObject({ status: 503, json: { error: { code: 'OVERLOADED' } } })
    expect((await upload(filePart(live))).status).toBe(ok)
  })

  // Elsewhere the framework routes by method before the check runs.
  test.runIf(name.startsWith('Express'))('methods without a body pass untouched', async () => {
    await start()
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await ask(
        `${method} /upload HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nContent-Length: 5\r\n\r\nhello`,
      )
      expect(answer).toMatchObject({ status: 200, json: { verdict: 'not-checked' } })
    }
    expect(liveness.calls).toEqual([])
  })

  describe('session tokens', () => {
    const session = {
      verify: async (token: string) => {
        if (token === 'good') return { subject: 'ada', operatingPoint: { name: 'balanced', threshold: 0.5 } as const }
        if (token === 'weak') return { subject: 'ada', operatingPoint: { name: 'lenient', threshold: 0.3 } as const }
        if (token === 'nothing') return undefined as never
        throw new LivenessError('TOKEN_INVALID', 'Expected a valid token.')
      },
    }
    const withToken = (...lines: string[]) => ask(head('/login', 'Content-Length: 0', ...lines))

    test('are accepted instead of a picture', async () => {
      await start({ session } as ServerOptions)
      for (const line of ['Liveness-Token: good', 'X-Liveness-Token: good', 'Authorization: Liveness good']) {
        expect((await withToken(line)).json).toMatchObject({ verdict: 'live', judged: [] })
      }
      expect(liveness.calls).toEqual([])
    })

    test('are refused where they are not valid, weak, doubled or of another user', async () => {
      await start({ session } as ServerOptions)
      const codeOf = async (...lines: string[]) => {
        const { status, json } = await withToken(...lines)
        return `${status} ${json.error.code}`
      }
      expect(await codeOf('Liveness-Token: forged')).toBe('401 TOKEN_INVALID')
      expect(await codeOf('Liveness-Token: nothing')).toBe('401 TOKEN_INVALID')
      expect(await codeOf(`Liveness-Token: ${'x'.repeat(10_000)}`)).toBe('401 TOKEN_INVALID')
      expect(await codeOf('Liveness-Token: good', 'X-Liveness-Token: good')).toBe('401 TOKEN_INVALID')
      expect(await codeOf('Liveness-Token: weak')).toBe('403 OPERATING_POINT_TOO_WEAK')
      expect(await codeOf('Authorization: Bearer good')).toBe('400 IMAGE_MISSING')
      await running.server!.close()
      await start({ session: { ...session, subject: () => 'bob' } } as ServerOptions)
      expect(await codeOf('Liveness-Token: good')).toBe('401 TOKEN_SUBJECT')
    })

    test('are ignored where no verifier is configured', async () => {
      await start()
      expect((await withToken('Liveness-Token: good')).json.error.code).toBe('IMAGE_MISSING')
    })
  })
})
