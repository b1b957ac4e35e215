/** The table of hostile HTTP requests, on every kind of server: one answer each, never `live`, and the next good request is served. */
import { once } from 'node:events'
import { createAdmission } from '@unspoof/http'
import { type FakeLiveness, fakeLiveness, picture } from '@unspoof/test-utils/fake-liveness'
import {
  BOUNDARY,
  Connection,
  FORM_TYPE,
  fieldPart,
  filePart,
  form,
  head,
  part,
  post,
} from '@unspoof/test-utils/http-client'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { restServer, SERVERS, type TestServer } from './servers.ts'

const MiB = 1024 * 1024
const REST = 'unspoof serve'
/** Time limits have tests of their own; here they would tell how busy the machine is. */
const SLOW_MACHINE = { bodyTimeoutMs: 120_000, minBytesPerSecond: 0 }
const live = picture('live')
const dataUrl = (bytes: Buffer, type = 'image/jpeg') => `data:${type};base64,${bytes.toString('base64')}`
const json = (value: unknown) => post('/login', 'application/json', JSON.stringify(value))
const multipart = (body: Buffer | string, type = FORM_TYPE) => post('/login', type, body)

interface Row {
  readonly name: string
  /** Bytes to send, or what to do with the connection. */
  readonly send: Buffer | string | ((connection: Connection) => void)
  readonly status: number
  readonly code: string
  /** The announced body is not sent, so that nothing else can be sent on this socket. */
  readonly unsent?: true
  /** Frameworks that answer by themselves before the check runs, with the status they answer. */
  readonly answeredBy?: Readonly<Record<string, number>>
}

const FASTIFY_JSON = { 'Nest on Fastify': 400 }
/** Express' own JSON parser in Nest. */
const BODY_PARSER = { 'Nest on Express': 413, 'Nest on Fastify': 413 }
const bad = { status: 400, code: 'BODY_MALFORMED' } as const
const missing = { status: 400, code: 'IMAGE_MISSING' } as const
const tooLarge = { status: 413, code: 'BODY_TOO_LARGE' } as const
const tooMany = { status: 413, code: 'TOO_MANY_PARTS' } as const
const encoding = { status: 415, code: 'ENCODING_UNSUPPORTED' } as const
const type = { status: 415, code: 'IMAGE_TYPE' } as const

const ROWS: readonly Row[] = [
  { name: 'file of 0 bytes', send: multipart(form(filePart(''))), status: 422, code: 'IMAGE_CORRUPT' },
  { name: 'text as image/jpeg', send: multipart(form(filePart('hello'))), ...type },
  {
    name: 'SVG named .jpg',
    send: multipart(form(filePart('<svg xmlns="http://www.w3.org/2000/svg"/>'))),
    ...type,
  },
  {
    name: 'PDF as application/pdf',
    send: multipart(form(filePart('%PDF-1.7', 'photo', 'a.pdf', 'application/pdf'))),
    ...type,
  },
  {
    name: 'Expect: 100-continue with 1 GB announced',
    send: head('/login', `Content-Type: ${FORM_TYPE}`, `Content-Length: ${1024 * MiB}`, 'Expect: 100-continue'),
    ...tooLarge,
    unsent: true,
  },
  {
    name: '4 GB announced',
    send: head('/login', `Content-Type: ${FORM_TYPE}`, `Content-Length: ${4096 * MiB}`),
    ...tooLarge,
    unsent: true,
  },
  { name: 'no boundary', send: multipart(form(filePart(live)), 'multipart/form-data'), ...bad },
  ...[1, 71, 300].map((length) => ({
    name: `boundary of ${length}`,
    send: multipart(form(filePart(live)), `multipart/form-data; boundary=${'b'.repeat(length)}`),
    ...bad,
  })),
  { name: 'no closing boundary', send: multipart(filePart(live)), ...bad },
  { name: 'body cut inside a part', send: multipart(filePart(live).subarray(0, -20)), ...bad },
  {
    name: 'closing boundary right after a part header',
    send: multipart(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n--${BOUNDARY}--\r\n`,
    ),
    ...bad,
  },
  {
    name: 'closing boundary after one empty line',
    send: multipart(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n--${BOUNDARY}--\r\n`,
    ),
    ...bad,
  },
  { name: 'only preamble', send: multipart('this is only a preamble\r\n'.repeat(50)), ...bad },
  { name: 'only preamble of 1 MiB', send: multipart('x'.repeat(MiB)), ...bad },
  {
    name: 'LF instead of CRLF',
    send: multipart(form(filePart(live)).toString('latin1').replaceAll('\r\n', '\n')),
    ...bad,
  },
  {
    name: 'spaces in the boundary',
    send: multipart(form(filePart(live)), 'multipart/form-data; boundary=a b c'),
    ...bad,
  },
  {
    name: 'nested multipart/mixed',
    send: multipart(
      form(
        part(
          ['Content-Disposition: form-data; name="photo"', 'Content-Type: multipart/mixed; boundary=inner'],
          `--inner\r\n\r\nx\r\n--inner--`,
        ),
      ),
    ),
    ...encoding,
  },
  {
    name: 'Content-Transfer-Encoding: base64',
    send: multipart(
      form(
        part(
          [
            'Content-Disposition: form-data; name="photo"; filename="a.jpg"',
            'Content-Type: image/jpeg',
            'Content-Transfer-Encoding: base64',
          ],
          live.toString('base64'),
        ),
      ),
    ),
    ...encoding,
  },
  ...['gzip', 'br', Array(50).fill('gzip').join(', ')].map((value) => ({
    name: `Content-Encoding: ${value.slice(0, 12)}`,
    send: post('/login', FORM_TYPE, form(filePart(live)), `Content-Encoding: ${value}`),
    ...encoding,
  })),
  {
    name: 'Content-Type twice',
    send: post('/login', FORM_TYPE, form(filePart(live)), 'Content-Type: multipart/form-data; boundary=other'),
    ...bad,
  },
  {
    name: 'open quote in Content-Type',
    send: multipart(form(filePart(live)), `multipart/form-data; boundary="${BOUNDARY}`),
    ...bad,
  },
  { name: 'two boundaries', send: multipart(form(filePart(live)), `${FORM_TYPE}; boundary=b`), ...bad },
  {
    name: '10,000 tiny parts',
    send: multipart(form(...Array.from({ length: 10_000 }, (_, i) => fieldPart(`f${i}`, 'x')))),
    ...tooMany,
  },
  {
    name: '2,000 headers in one part',
    send: multipart(
      form(
        part(
          [
            'Content-Disposition: form-data; name="photo"; filename="a.jpg"',
            ...Array.from({ length: 2000 }, (_, i) => `X-${i}: y`),
          ],
          live,
        ),
      ),
    ),
    ...bad,
  },
  {
    name: '20 headers in one part',
    send: multipart(
      form(
        part(
          [
            'Content-Disposition: form-data; name="photo"; filename="a.jpg"',
            ...Array.from({ length: 20 }, (_, i) => `X-${i}: y`),
          ],
          live,
        ),
      ),
    ),
    ...bad,
  },
  {
    name: 'part header of 1 MB',
    send: multipart(
      form(
        part(['Content-Disposition: form-data; name="photo"; filename="a.jpg"', `X-Long: ${'y'.repeat(MiB)}`], live),
      ),
    ),
    ...bad,
  },
  {
    name: 'part header of 1 MB without a colon',
    send: multipart(
      form(part(['Content-Disposition: form-data; name="photo"; filename="a.jpg"', 'y'.repeat(MiB)], live)),
    ),
    ...bad,
  },
  {
    name: 'field name of 1 MB',
    send: multipart(form(fieldPart('n'.repeat(MiB), 'x'), filePart(live))),
    ...bad,
  },
  {
    name: 'field name of 101 characters',
    send: multipart(form(fieldPart('n'.repeat(101), 'x'), filePart(live))),
    ...bad,
  },
  { name: 'empty field name', send: multipart(form(fieldPart('', 'x'), filePart(live))), ...bad },
  {
    name: 'no field name',
    send: multipart(form(part(['Content-Disposition: form-data; filename="a.jpg"'], live))),
    ...bad,
  },
  {
    name: 'no Content-Disposition',
    send: multipart(form(part(['Content-Type: image/jpeg'], live))),
    ...bad,
  },
  {
    name: 'deep field name',
    send: multipart(form(fieldPart(`a${'[b]'.repeat(10_000)}`, 'x'), filePart(live))),
    ...bad,
  },
  ...['__proto__', 'constructor', 'prototype', 'user[__proto__][admin]', 'a.constructor.prototype'].map((name) => ({
    name: `field name ${name}`,
    send: multipart(form(fieldPart(name, 'x'), filePart(live))),
    ...bad,
  })),
  { name: 'file in field __proto__', send: multipart(form(filePart(live, '__proto__'))), ...bad },
  { name: 'file of 5 MiB + 1', send: multipart(form(filePart(picture('live', 5 * MiB + 1)))), ...tooLarge },
  {
    name: 'image body of 5 MiB + 1',
    send: post('/login', 'image/jpeg', picture('live', 5 * MiB + 1)),
    ...tooLarge,
  },
  {
    name: 'text field of 64 KiB + 1',
    send: multipart(form(fieldPart('bio', 'x'.repeat(64 * 1024 + 1)), filePart(live))),
    ...tooLarge,
  },
  {
    name: '20 images',
    send: multipart(form(...Array.from({ length: 20 }, (_, i) => filePart(picture('live', 1024), `photo${i}`)))),
    ...tooMany,
  },
  {
    name: '5 images',
    send: multipart(form(...Array.from({ length: 5 }, (_, i) => filePart(live, `photo${i}`)))),
    ...tooMany,
  },
  { name: '5 data URLs', send: json(Array.from({ length: 5 }, () => dataUrl(live))), ...tooMany },
  ...[
    ['bad base64', 'data:image/jpeg;base64,@@@@'],
    ['URL-safe alphabet', 'data:image/jpeg;base64,_9j_4DxsaXZlPg__'],
    ['no base64', 'data:image/jpeg,%FF%D8'],
  ].map(([name, image]) => ({ name: `data URL: ${name}`, send: json({ image }), ...bad })),
  ...['image/svg+xml', 'text/html'].map((claimed) => ({
    name: `data URL of type "${claimed}"`,
    send: json({ image: dataUrl(live, claimed) }),
    ...type,
  })),
  {
    name: 'JSON nested 10,000 deep',
    send: post('/login', 'application/json', '['.repeat(10_000) + ']'.repeat(10_000)),
    ...bad,
  },
  {
    name: 'JSON with 1e6 keys',
    send: post(
      '/login',
      'application/json',
      `{${Array.from({ length: 1e6 }, (_, i) => `"k${i}":1`)
        .join(',')
        .slice(0, 7 * MiB)}`,
    ),
    ...bad,
    answeredBy: BODY_PARSER,
  },
  {
    name: 'JSON with 150,000 keys',
    send: post(
      '/login',
      'application/json',
      JSON.stringify(Object.fromEntries(Array.from({ length: 150_000 }, (_, i) => [`k${i}`, 1]))),
    ),
    ...bad,
    answeredBy: BODY_PARSER,
  },
  {
    name: 'no JSON',
    send: post('/login', 'application/json', '{"image": '),
    ...bad,
    answeredBy: { 'Nest on Express': 400, ...FASTIFY_JSON },
  },
  {
    name: 'JSON with __proto__',
    send: post('/login', 'application/json', `{"__proto__": {"image": "${dataUrl(live)}"}}`),
    ...bad,
    answeredBy: { ...FASTIFY_JSON, 'Nest on Express': 400 },
  },
  { name: 'JSON with a URL', send: json({ image: 'http://127.0.0.1:1/x' }), ...missing },
  { name: 'JSON with a file URL', send: json({ image: 'file:///etc/passwd' }), ...missing },
  {
    name: 'JSON that looks like a file of multer',
    send: json({
      photo: {
        fieldname: 'photo',
        mimetype: 'image/jpeg',
        path: '/etc/passwd',
        buffer: { type: 'Buffer', data: [255, 216, 255] },
      },
    }),
    ...missing,
  },
  {
    name: 'JSON that looks like a file of formidable',
    send: json({ files: { photo: { filepath: '/etc/passwd', originalFilename: 'a', mimetype: 'image/jpeg' } } }),
    ...missing,
  },
  { name: 'bare base64', send: json({ image: live.toString('base64') }), ...missing },
  {
    name: 'form-urlencoded base64',
    send: post('/login', 'application/x-www-form-urlencoded', `image=${encodeURIComponent(dataUrl(live))}`),
    ...missing,
    answeredBy: { 'Nest on Express': 200, 'Nest on Fastify': 200 },
  },
  { name: 'no body', send: head('/login', 'Content-Length: 0'), ...missing },
  {
    name: 'forged verdict instead of a picture',
    send: json({ verdict: 'live', liveProbability: 1, token: 'x.y.z' }),
    ...missing,
  },
]

/** Rows whose picture is judged, and may pass only because the picture itself is of a live face. */
const JUDGED: readonly (readonly [string, Buffer])[] = [
  ['file name with encoded CRLF', multipart(form(filePart(live, 'photo', 'a%0D%0AX-Evil: 1.jpg')))],
  ['file name with raw CRLF', multipart(form(filePart(live, 'photo', 'a\r\nX-Evil: 1')))],
  ['file name with NUL', multipart(form(filePart(live, 'photo', 'a\0b.jpg')))],
  ['file name with a path', multipart(form(filePart(live, 'photo', '../../etc/passwd')))],
  ['file name of 10 kB', multipart(form(filePart(live, 'photo', 'n'.repeat(10_000))))],
  ['file name with direction override', multipart(form(filePart(live, 'photo', 'a\u202egpj.exe')))],
  ['exactly 5 MiB', multipart(form(filePart(picture('live', 5 * MiB))))],
  ['image body of exactly 5 MiB', post('/login', 'image/jpeg', picture('live', 5 * MiB))],
  ['declared image/png, bytes JPEG', multipart(form(filePart(live, 'photo', 'a.png', 'image/png')))],
  ['declared text/plain, bytes JPEG', multipart(form(filePart(live, 'photo', 'a.txt', 'text/plain')))],
  ['quoted boundary', multipart(form(filePart(live)), `multipart/form-data; boundary="${BOUNDARY}"`)],
  [
    'Content-Transfer-Encoding: binary',
    multipart(
      form(
        part(['Content-Disposition: form-data; name="photo"; filename="a"', 'Content-Transfer-Encoding: binary'], live),
      ),
    ),
  ],
  ['data URL in a text field', multipart(form(fieldPart('photo', dataUrl(live))))],
  ['nested JSON', json({ user: { pictures: [{ photo: dataUrl(live) }] } })],
  ['octet-stream body', post('/login', 'application/octet-stream', live)],
]

const LEAK = /prob|score|logit|threshold|stability|0\.98|0\.01|0\.76|0\.87/i

describe.each([...Object.keys(SERVERS), REST])('%s', (name) => {
  let server: TestServer
  let liveness: FakeLiveness
  const admission = createAdmission()

  beforeAll(async () => {
    liveness = fakeLiveness()
    server = await (name === REST
      ? restServer({ liveness })
      : SERVERS[name]!({ liveness, admission, limits: SLOW_MACHINE }))
  })
  afterAll(async () => {
    expect(admission.load).toEqual({ requests: 0, checks: 0, bytes: 0 })
    await server.close()
    // Nothing keeps a socket or a file.
    const leftOvers = () => process.getActiveResourcesInfo().filter((kind) => /TCPSocket|TCPServer|FSReq/.test(kind))
    await vi.waitFor(() => expect(leftOvers()).toEqual([]), { timeout: 30_000 })
  })

  async function expectServed(): Promise<void> {
    const connection = new Connection(server.port)
    const answer = await connection.send(multipart(form(filePart(live), fieldPart('name', 'Ada')))).answer()
    connection.close()
    expect(answer).toMatchObject({ status: name.startsWith('Nest') ? 201 : 200, json: { verdict: 'live' } })
  }

  test.each(ROWS)('$name', async ({ send, status, code, unsent, answeredBy }) => {
    const judgedBefore = liveness.calls.length
    const connection = new Connection(server.port)
    if (typeof send === 'function') send(connection)
    else connection.send(send)
    const answer = (await connection.answer())!
    const own = answeredBy?.[name]
    if (own === undefined) {
      expect({ status: answer.status, code: answer.json?.error?.code ?? answer.json?.code }).toEqual({ status, code })
      expect(answer.text).not.toMatch(LEAK)
    } else if (own !== 200) {
      expect(answer.status).toBe(own)
    }
    if (own !== 200) expect(answer.json?.verdict).not.toBe('live')
    if (code !== 'IMAGE_CORRUPT' && code !== 'IMAGE_TYPE' && own !== 200) {
      expect(liveness.calls.length, 'nothing was judged').toBe(judgedBefore)
    }
    // Row 100: the same socket, where the server kept it open, serves the next request.
    const good = multipart(form(filePart(live)))
    const second = unsent ? undefined : await connection.send(good).answer()
    if (second !== undefined && second.status !== 400) expect(second.json).toMatchObject({ verdict: 'live' })
    connection.close()
    await expectServed()
  })

  test.each(JUDGED)('%s is judged by its bytes', async (_name, bytes) => {
    const connection = new Connection(server.port)
    const answer = (await connection.send(bytes).answer())!
    const skips =
      name === 'Nest on Fastify' && bytes.includes('Content-Type: application/octet-stream\r\nContent-Length')
    if (skips) expect(answer.status).toBe(415)
    else if (name === REST) {
      expect(answer.json).toEqual({ verdict: 'live', code: 'LIVE', reasons: [], hint: '' })
    } else {
      expect(answer.json).toMatchObject({ verdict: 'live' })
      expect(answer.json.judged).toEqual(answer.json.uploads.map((upload: { sha256: string }) => upload.sha256))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
      for (const { originalname } of answer.json.uploads) expect(originalname).toMatch(/^[^/\\\x00-\x1f\u202e]{0,255}$/)
    }
    connection.close()
    await expectServed()
  })

  test('200 clients that leave, each at another byte, leave nothing behind', async () => {
    const judgedBefore = liveness.calls.length
    const whole = multipart(form(fieldPart('name', 'Ada'), filePart(picture('live', 2000))))
    const step = (whole.length - 10) / 200
    for (let batch = 0; batch < 200; batch += 20) {
      const leaving = Array.from({ length: 20 }, async (_, i) => {
        const { socket } = new Connection(server.port)
        const gone = once(socket, 'close')
        // Half of them say goodbye, half of them reset the connection.
        socket.write(whole.subarray(0, 1 + Math.floor((batch + i) * step)), () =>
          i % 2 === 0 ? socket.destroy() : socket.resetAndDestroy(),
        )
        await gone
      })
      await Promise.all(leaving)
    }
    await expectServed()
    await expect.poll(() => admission.load).toEqual({ requests: 0, checks: 0, bytes: 0 })
    // The good one alone.
    expect(liveness.calls).toHaveLength(judgedBefore + 1)
  })

  test.each([
    ['file', FORM_TYPE, filePart('').subarray(0, -2)],
    ['preamble', FORM_TYPE, Buffer.from('no boundary')],
    ['picture', 'image/jpeg', live],
    // Nest on Express has its JSON parser before the guard, which answers only at the end of the body.
    ...(name === 'Nest on Express' ? [] : [['JSON string', 'application/json', Buffer.from('["')] as const]),
  ] as const)('an endless chunked %s is refused at the limit', { timeout: 120_000 }, async (_what, type, start) => {
    const connection = new Connection(server.port)
    connection.send(head('/login', `Content-Type: ${type}`, 'Transfer-Encoding: chunked'))
    connection
      .send(`${start.length.toString(16)}\r\n`)
      .send(start)
      .send('\r\n')
    const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(0x10000, 'x'), Buffer.from('\r\n')])
    const answer = connection.answer(120_000)
    let answered = false
    void answer.then(() => {
      answered = true
    })
    for (let sent = 0; sent < 64 * MiB && !answered; sent += 0x10000) {
      connection.send(chunk)
      await new Promise(setImmediate)
    }
    const { status, json } = (await answer)!
    expect(status).toBe(413)
    // So does Nest on Fastify, which answers in its own words.
    if (!(name === 'Nest on Fastify' && type === 'application/json')) expect(json.error.code).toBe('BODY_TOO_LARGE')
    connection.close()
    await expectServed()
  })
})
