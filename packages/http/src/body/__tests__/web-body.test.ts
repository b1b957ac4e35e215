/** Bodies of web-standard requests: limits that hold while they arrive, and one answer to each way of breaking off. */
import { describe, expect, it } from 'vitest'
import { resolveLimits } from '../limits.ts'
import { readBytes, readForm } from '../web-body.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))

describe('a body', () => {
  const post = (init: RequestInit) =>
    new Request('http://localhost/', { method: 'POST', duplex: 'half', ...init } as RequestInit)
  const read = (request: Request, maxBytes = 4) =>
    readBytes(request, maxBytes, resolveLimits({ bodyTimeoutMs: 1000 })).then(
      String,
      (error: { code: string }) => error.code,
    )
  const stream = (...chunks: string[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(bytes(chunk))
        controller.close()
      },
    })

  it('is put together from what arrives, up to the limit', async () => {
    expect(await read(post({ body: stream('a', 'bc', 'd') }))).toBe('abcd')
    expect(await read(post({ body: stream('a', 'bc', 'de') }))).toBe('BODY_TOO_LARGE')
    expect(await read(post({ body: stream() }))).toBe('')
    expect(await read(post({}))).toBe('')
  })

  it('is not read where it announces too much', async () => {
    const announcing = (length: string) => post({ body: stream('a'), headers: { 'content-length': length } })
    expect(await read(announcing('4'))).toBe('a')
    expect(await read(announcing('5'))).toBe('BODY_TOO_LARGE')
  })

  it('that somebody read before is told from none', async () => {
    const used = post({ body: 'a' })
    await used.text()
    expect(await read(used)).toBe('BODY_CONSUMED')
    expect(await read(post({ headers: { 'content-length': '1' } }))).toBe('BODY_CONSUMED')
    expect(await read(post({ headers: { 'content-length': '0' } }))).toBe('')
  })

  it('has no encoding', async () => {
    const encoded = (encoding: string) => read(post({ body: stream('a'), headers: { 'content-encoding': encoding } }))
    expect(await encoded('Identity')).toBe('a')
    expect(await encoded('gzip')).toBe('ENCODING_UNSUPPORTED')
  })

  it('that breaks off is no body', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error('The connection was lost.')),
    })
    expect(await read(post({ body: broken }))).toBe('ABORTED')
  })

  it('that does not come is not waited for', async () => {
    const hanging = post({ body: new ReadableStream<Uint8Array>({}) })
    const code = await readBytes(hanging, 4, resolveLimits({ bodyTimeoutMs: 10 })).catch(
      (error: { code: string }) => error.code,
    )
    expect(code).toBe('UPLOAD_TIMEOUT')
  })
})

describe('a form', () => {
  type Body = NonNullable<RequestInit['body']>
  const read = (body: Body, contentType?: string) => {
    const headers: Record<string, string> = contentType === undefined ? {} : { 'content-type': contentType }
    const request = new Request('http://localhost/', { method: 'POST', body, headers })
    return readForm(request, { limits: resolveLimits({ images: 2, parts: 3, fieldBytes: 10 }) })
  }

  it('has fields by name and files in the order of the body', async () => {
    const form = new FormData()
    form.append('meta', '{}')
    for (const text of ['a\r\n--b', '']) form.append('frames', new Blob([text], { type: 'image/jpeg' }), 'f.jpg')
    const { fields, files } = await read(form)
    expect(fields).toEqual({ meta: '{}' })
    expect(files.map(({ fieldname, buffer }) => [fieldname, String(buffer)])).toEqual([
      ['frames', 'a\r\n--b'],
      ['frames', ''],
    ])
  })

  it.each([
    ['text', 'a', 'text/plain', 'BODY_MALFORMED'],
    ['nothing said about it', bytes('a'), undefined, 'BODY_MALFORMED'],
    ['no boundary', 'a', 'multipart/form-data', 'BODY_MALFORMED'],
    ['an empty body', '', 'multipart/form-data; boundary=bb', 'BODY_MALFORMED'],
    [
      'half a form',
      '--bb\r\nContent-Disposition: form-data; name="a"\r\n\r\n',
      'multipart/form-data; boundary=bb',
      'BODY_MALFORMED',
    ],
  ] as const)('is not %s', async (_, body, type, code) => {
    await expect(read(body as Body, type)).rejects.toMatchObject({ code })
  })

  it('has as many parts and images as are expected at most', async () => {
    const form = new FormData()
    for (let i = 0; i < 3; i++) form.append('frames', new Blob(['a'], { type: 'image/jpeg' }), 'f.jpg')
    await expect(read(form)).rejects.toMatchObject({ code: 'TOO_MANY_PARTS' })
  })
})
