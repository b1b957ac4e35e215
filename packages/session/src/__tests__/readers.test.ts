/** What reads bytes of strangers, at its bounds: bodies, multipart, JPEG tables; and what is concluded from tracks, times and noise. */
import { describe, expect, it } from 'vitest'
import { parseMultipart } from '../http/multipart.ts'
import { readBody } from '../http/read-body.ts'
import { jpegTables } from '../injection/jpeg-tables.ts'
import {
  INJECTION_SIGNALS,
  type InjectionInput,
  type InjectionSignalId,
  injectionReport,
} from '../injection/signals.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0))
const textOf = (part: Uint8Array): string => String.fromCharCode(...part)

function codeOf(action: () => unknown): string {
  try {
    action()
    return 'read'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('multipart', () => {
  const TYPE = 'multipart/form-data; boundary=b'
  const disposition = (name: string, more = '') => `Content-Disposition: form-data; name="${name}"${more}`
  /** A body of parts, each with its headers and content. */
  const body = (...parts: readonly (readonly [string, string])[]) =>
    `${parts.map(([headers, content]) => `--b\r\n${headers}\r\n\r\n${content}\r\n`).join('')}--b--\r\n`
  const read = (text: string, { type = TYPE, maxParts = 5 } = {}) =>
    parseMultipart(bytes(text), type, maxParts).map(({ name, file, bytes: content }) => [name, file, textOf(content)])
  const codeFor = (text: string, options = {}) => codeOf(() => read(text, options))

  it('is read to its last byte', () => {
    expect(read(body([disposition('meta'), '{}'], [disposition('frames', '; filename="f"'), 'a\r\n--c\r\nb']))).toEqual(
      [
        ['meta', false, '{}'],
        ['frames', true, 'a\r\n--c\r\nb'],
      ],
    )
    expect(read(body([disposition('a'), ''], [disposition('b'), '\r\n'], [disposition('c'), '-']))).toEqual([
      ['a', false, ''],
      ['b', false, '\r\n'],
      ['c', false, '-'],
    ])
    // The line break before the boundary may be the one that ends the headers.
    expect(read(`--b\r\n${disposition('a')}\r\n\r\n--b--`)).toEqual([['a', false, '']])
    expect(read(body(['Content-Disposition:form-data; name="a"', 'x']))).toEqual([['a', false, 'x']])
    expect(read('--b--')).toEqual([])
    expect(read(`${body([disposition('a'), 'x'])}what follows`)).toHaveLength(1)
  })

  it('has as many parts as are expected at most', () => {
    const two = body([disposition('a'), ''], [disposition('b'), ''])
    expect(codeFor(two, { maxParts: 2 })).toBe('read')
    expect(codeFor(two, { maxParts: 1 })).toBe('TOO_MANY_PARTS')
  })

  it.each([
    ['nothing', ''],
    ['text before the boundary', `x${body([disposition('a'), ''])}`],
    ['another boundary', '--c--'],
    ['a boundary and nothing', '--b'],
    ['half an end', '--b-'],
    ['something else than a line break', `--bxx${disposition('a')}\r\n\r\n\r\n--b--`],
    ['half a line break', '--b\r'],
    ['a boundary that goes on', `--bc\r\n${disposition('a')}\r\n\r\n\r\n--b--`],
    ['no end of the headers', `--b\r\n${disposition('a')}\r\n--b--`],
    ['no end', `--b\r\n${disposition('a')}\r\n\r\nx`],
    ['half a boundary at the end', `--b\r\n${disposition('a')}\r\n\r\nx\r\n--`],
    ['a header without a name', body([`: x\r\n${disposition('a')}`, ''])],
    ['a header without a colon', body([`x\r\n${disposition('a')}`, ''])],
    ['no disposition', body(['a: b', ''])],
    ['two dispositions', body([`${disposition('a')}\r\n${disposition('a')}`, ''])],
    ['no name', body(['Content-Disposition: form-data', ''])],
    ['a strange name', body([disposition('a b'), ''])],
    ['a long name', body([disposition('a'.repeat(41)), ''])],
  ])('is not %s', (_, text) => {
    expect(codeFor(text)).toBe('BODY_MALFORMED')
  })

  it('has short names and at most 8 headers of at most 1024 bytes together', () => {
    expect(codeFor(body([disposition('a'.repeat(40)), '']))).toBe('read')
    const headers = (count: number) =>
      [disposition('a'), ...Array.from({ length: count - 1 }, () => 'a:b')].join('\r\n')
    expect(codeFor(body([headers(8), '']))).toBe('read')
    expect(codeFor(body([headers(9), '']))).toBe('BODY_MALFORMED')
    const long = (length: number) => `${disposition('a')}\r\nx: `.padEnd(length, 'y')
    expect(codeFor(body([long(1023), '']))).toBe('read')
    expect(codeFor(body([long(1024), '']))).toBe('BODY_MALFORMED')
  })

  it('has no encodings within', () => {
    const withHeader = (header: string) => codeFor(body([`${header}\r\n${disposition('a')}`, '']))
    expect(withHeader('Content-Transfer-Encoding: binary')).toBe('read')
    expect(withHeader('Content-Transfer-Encoding: base64')).toBe('ENCODING_UNSUPPORTED')
    expect(withHeader('Content-Type: multipart/mixed; boundary=c')).toBe('ENCODING_UNSUPPORTED')
    expect(withHeader('Content-Type: image/jpeg')).toBe('read')
    expect(withHeader('X-Type: multipart/mixed')).toBe('read')
  })

  it('has one boundary of 1 to 70 characters', () => {
    const long = 'b'.repeat(70)
    expect(codeFor(`--${long}--`, { type: `multipart/form-data; boundary=${long}` })).toBe('read')
    expect(codeFor(`--${long}b--`, { type: `multipart/form-data; boundary=${long}b` })).toBe('BODY_MALFORMED')
    expect(codeFor('--a,b--', { type: 'multipart/form-data; boundary="a,b"' })).toBe('read')
    expect(codeFor('--undefined--', { type: '' })).toBe('BODY_MALFORMED')
    // Nor is a boundary that looks like a header taken for one.
    const colons = `--:b\r\n${disposition('a')}\r\n--:b--\n`
    expect(codeFor(colons, { type: 'multipart/form-data; boundary=:b' })).toBe('BODY_MALFORMED')
    for (const type of [
      '',
      'multipart/form-data',
      'multipart/form-data; boundary=',
      `${TYPE}; boundary=c`,
      'image/jpeg',
    ])
      expect(codeFor('--b--', { type })).toBe('BODY_MALFORMED')
  })
})

describe('a body', () => {
  const post = (init: RequestInit) =>
    new Request('http://localhost/', { method: 'POST', duplex: 'half', ...init } as RequestInit)
  const read = (request: Request, maxBytes = 4) =>
    readBody(request, { maxBytes, timeoutMs: 1000 }).then(textOf, (error: { code: string }) => error.code)
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
    const code = await readBody(hanging, { maxBytes: 4, timeoutMs: 1 }).catch((error: { code: string }) => error.code)
    expect(code).toBe('UPLOAD_TIMEOUT')
  })
})

describe('the tables of a JPEG', () => {
  const segment = (marker: number, ...content: number[]) => {
    const length = content.length + 2
    return [0xff, marker, length >> 8, length & 255, ...content]
  }
  const table = (id: number, value: number, size = 64) => [id, ...Array.from({ length: size }, () => value)]
  const tablesOf = (...segments: number[][]) => jpegTables(Uint8Array.from([0xff, 0xd8, ...segments.flat()]))
  const LUMA = segment(0xdb, ...table(0, 10))
  /** Of 64 times 10: 17.35 % of the standard table. */
  const QUALITY = 91

  it('are one or several to a segment; the first of luma tells the quality', () => {
    expect(tablesOf(LUMA)).toEqual({ quality: QUALITY, fingerprint: `0:${Array.from({ length: 64 }, () => 10)};` })
    const both = tablesOf(segment(0xdb, ...table(1, 50), ...table(0, 10)))!
    expect(both.quality).toBe(QUALITY)
    expect(both.fingerprint).toMatch(/^1:(50,){63}50;0:(10,){63}10;$/)
    expect(tablesOf(LUMA, segment(0xdb, ...table(0, 90)))!.quality).toBe(QUALITY)
    expect(tablesOf(segment(0xdb, ...table(1, 10)))).toBeUndefined()
  })

  it('of 16 bits are passed over', () => {
    expect(tablesOf(segment(0xdb, ...table(0x10, 1, 128)))).toBeUndefined()
    expect(tablesOf(segment(0xdb, ...table(0x10, 1, 128), ...table(0, 10)))!.quality).toBe(QUALITY)
  })

  it('stand before the picture, between whatever else is there', () => {
    const app = segment(0xe1, ...Array.from({ length: 300 }, () => 0xdb))
    expect(tablesOf(app, segment(0xe0), LUMA, segment(0xc0, 1))!.quality).toBe(QUALITY)
    expect(tablesOf(segment(0xda), LUMA)).toBeUndefined()
    expect(tablesOf(LUMA, segment(0xda))!.quality).toBe(QUALITY)
    expect(tablesOf([0, 0], LUMA)).toBeUndefined()
    expect(tablesOf([0, ...LUMA.slice(1)])).toBeUndefined()
    expect(tablesOf([])).toBeUndefined()
  })

  it('are not read outside their segment or the bytes', () => {
    expect(tablesOf([0xff, 0xe0, 0, 1], LUMA)).toBeUndefined()
    expect(tablesOf([0xff, 0xe0, 0, 0], LUMA)).toBeUndefined()
    expect(tablesOf(LUMA.slice(0, -1))).toBeUndefined()
    expect(tablesOf(segment(0xdb, ...table(0, 10).slice(0, -1)), LUMA)).toBeUndefined()
    expect(tablesOf(segment(0xdb, ...table(0x10, 1, 127)), LUMA)).toBeUndefined()
  })

  it.each([
    [0, 100],
    [1, 99],
    [28, 76],
    [57, 51],
    [58, 50],
    [115, 25],
    [255, 11],
  ])('of %d everywhere are those of quality %d', (value, quality) => {
    expect(tablesOf(segment(0xdb, ...table(0, value)))!.quality).toBe(quality)
  })

  it.each([
    [36, 100],
    [332, 95],
    [3966, 46],
  ])('whose sum is %d, where the next number would be another quality, are those of %d', (sum, quality) => {
    const values = Array.from({ length: 64 }, (_, i) => Math.floor(sum / 64) + (i < sum % 64 ? 1 : 0))
    expect(tablesOf(segment(0xdb, 0, ...values))!.quality).toBe(quality)
  })

  it('make the signal of a prepared picture', () => {
    const image = (value: number) => Uint8Array.from([0xff, 0xd8, ...segment(0xdb, ...table(0, value))])
    const none = Uint8Array.of(0xff, 0xd8)
    const signal = (images: Uint8Array[], quality: number) => signalOf('re-encoding', { images, quality })
    expect(signal([image(10), image(10)], 91)).toEqual([false, 0])
    expect(signal([image(10)], 76)).toEqual([false, 15])
    expect(signal([image(10)], 75)).toEqual([true, 16])
    expect(signal([image(28)], 91)).toEqual([false, 15])
    expect(signal([image(28)], 92)).toEqual([true, 16])
    expect(signal([image(10), image(11)], 91)).toEqual([true, 1])
    expect(signal([image(10), none], 91)).toEqual([true, 0])
    expect(signal([none], 91)).toEqual([true, null])
  })
})

const QUIET: InjectionInput = {
  track: undefined,
  timesMs: [],
  images: [],
  width: 640,
  height: 480,
  grids: [],
  quality: 92,
}

/** Whether the signal is suspicious, and what it measured. */
function signalOf(id: InjectionSignalId, change: Partial<InjectionInput>): [boolean, number | null] {
  const { suspicious, value } = injectionReport({ ...QUIET, ...change }).signals.find((signal) => signal.id === id)!
  return [suspicious, value]
}

describe('the signal', () => {
  it('of the name knows whole words', () => {
    const of = (label: string | undefined) =>
      signalOf('virtual-camera', { track: label === undefined ? {} : { label } })
    expect(of('OBS')).toEqual([true, 1])
    expect(of('Bobs camera')).toEqual([false, 0])
    expect(of('')).toEqual([false, null])
    expect(of(undefined)).toEqual([false, null])
    expect(signalOf('virtual-camera', {})).toEqual([false, null])
  })

  it('of the settings allows 2 % more pixels and 5 % of another shape', () => {
    const of = (width: number, height: number, track: InjectionInput['track']) =>
      signalOf('track-settings', { width, height, track })
    expect(of(1020, 765, { width: 1000, height: 750 })).toEqual([false, 1.02])
    expect(of(1021, 766, { width: 1000, height: 750 })).toEqual([true, 1.021])
    expect(of(765, 1020, { width: 1000, height: 750 })).toEqual([false, 1.02])
    expect(of(400, 400, { width: 1000, height: 952 })).toEqual([false, 0.4])
    expect(of(400, 400, { width: 1000, height: 951 })).toEqual([true, 0.4])
    expect(of(1000, 952, { width: 2000, height: 2000 })).toEqual([false, 0.5])
    expect(of(1000, 951, { width: 2000, height: 2000 })).toEqual([true, 0.5])
    expect(of(640, 480, { width: 640, height: 480, frameRate: 0 })).toEqual([true, 1])
    expect(of(640, 480, { width: 640, height: 480, frameRate: 1 })).toEqual([false, 1])
    expect(of(640, 480, { width: 640 })).toEqual([false, null])
    expect(of(640, 480, { height: 480 })).toEqual([false, null])
  })

  it('of the times asks for half a millisecond of jitter, from four frames on', () => {
    const of = (...timesMs: number[]) => signalOf('frame-times', { timesMs })
    expect(of(0, 250, 501, 751, 1002)).toEqual([false, 0.5])
    expect(of(0, 250, 500, 750, 1001)).toEqual([true, expect.closeTo(Math.sqrt(3) / 4, 9)])
    expect(of(5, 15, 35, 65)).toEqual([false, expect.closeTo(Math.sqrt(200 / 3), 9)])
    expect(of(0, 250, 500)).toEqual([false, null])
  })

  it('of the noise is the greatest likeness of two changes, from three frames on', () => {
    /** Frames whose changes are these. */
    const of = (...changes: (readonly [number, number])[]) => {
      const grids = [Float64Array.of(100, 100)]
      for (const [x, y] of changes) grids.push(Float64Array.of(grids.at(-1)![0]! + x, grids.at(-1)![1]! + y))
      return signalOf('sensor-noise', { grids })
    }
    expect(of([1, 0], [1, 1])).toEqual([false, expect.closeTo(Math.SQRT1_2, 9)])
    expect(of([1, 0], [1, 0.21])).toEqual([false, expect.closeTo(1 / Math.hypot(1, 0.21), 9)])
    expect(of([1, 0], [1, 0.2])).toEqual([true, expect.closeTo(1 / Math.hypot(1, 0.2), 9)])
    expect(of([1, 0], [-1, 0])).toEqual([false, -1])
    expect(of([1, 0], [0, 1], [0, 2])).toEqual([true, 1])
    expect(of([2, 0], [2, 0], [0, 1])).toEqual([true, 1])
    expect(of([0, 0], [0, 1])).toEqual([true, 1])
    expect(of([1, 0])).toEqual([false, null])
  })

  it('weighs what it is documented to weigh', () => {
    expect(INJECTION_SIGNALS).toEqual({
      'virtual-camera': 0.4,
      'track-settings': 0.15,
      'frame-times': 0.15,
      'sensor-noise': 0.2,
      're-encoding': 0.1,
    })
    const still = [0, 0, 0].map(() => Float64Array.of(1, 2))
    expect(injectionReport({ ...QUIET, grids: still }).suspicion).toBe(0.3)
    const track = { label: 'OBS', width: 640, height: 480, frameRate: 0 }
    expect(injectionReport({ ...QUIET, track }).suspicion).toBe(0.65)
    expect(injectionReport({ ...QUIET, track, grids: still, timesMs: [0, 1, 2, 3] }).suspicion).toBe(1)
  })
})
