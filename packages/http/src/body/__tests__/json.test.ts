/** JSON bodies: bounded before parsing, searched for data URLs, nothing fetched. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeDataUrl } from '../data-url.ts'
import { imagesInJson, parseJson } from '../json.ts'
import { resolveLimits } from '../limits.ts'

const limits = resolveLimits({ fileBytes: 1000, jsonNodes: 10_000 })
const everything = { fields: undefined, required: false }
const url = (text: string) => `data:image/png;base64,${Buffer.from(text).toString('base64')}`

describe('parseJson', () => {
  test('parses what JSON.parse parses', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value)
        expect(parseJson(Buffer.from(text), limits)).toEqual(JSON.parse(text))
      }),
      { numRuns: 300 },
    )
  })

  test('counts nothing inside strings', () => {
    const text = JSON.stringify({ a: '['.repeat(100), b: '\\"{'.repeat(100), c: ','.repeat(20_000) })
    expect(parseJson(Buffer.from(text), limits)).toEqual(JSON.parse(text))
  })

  test.each([
    ['too deep', '['.repeat(33) + ']'.repeat(33)],
    ['too many values', `[${'1,'.repeat(10_001)}1]`],
    ['cut', '{"a": "'],
    ['not JSON', 'hello'],
    ['empty', ''],
  ])('%s is refused', (_name, text) => {
    expect(() => parseJson(Buffer.from(text), limits)).toThrow(expect.objectContaining({ code: 'BODY_MALFORMED' }))
  })

  /** Long enough to be taken out before parsing. */
  const long = (end = '') => `data:image/jpeg;base64,${Buffer.alloc(75_000, 'unspoof').toString('base64')}${end}`

  test('pictures are found as the strings they were, wherever they are', () => {
    const value = { a: long(), list: [1, long(), { [long()]: 'a key is no picture' }], b: `${long()} `, c: '\u00e9\n' }
    const spaced = JSON.stringify(value, null, 3)
    for (const text of [JSON.stringify(value), spaced, JSON.stringify(long())]) {
      expect(parseJson(Buffer.from(text), limits)).toEqual(JSON.parse(text))
    }
  })

  test.each([
    ['escapes', long().replace('UG', '\\u0055G')],
    ['what is no base64', long('@@@@')],
    ['a missing padding', long('AA')],
    ['a head with an escape', long().replace('image/jpeg', 'image\\/jpeg')],
    ['another kind of string', 'x'.repeat(100_000)],
  ])('a long string with %s is parsed like any other', (_name, literal) => {
    const text = `{"image": "${literal}", "more": [true]}`
    expect(parseJson(Buffer.from(text), limits)).toEqual(JSON.parse(text))
  })

  test.each([
    ['a control character', `{"image": "${long('\n')}"}`],
    ['no end', `{"image": "${long()}`],
    ['a picture where none may be', `{"image": "${long()}" "${long()}"}`],
  ])('a body with %s is refused', (_name, text) => {
    expect(() => parseJson(Buffer.from(text), limits)).toThrow(expect.objectContaining({ code: 'BODY_MALFORMED' }))
  })

  test('text is bounded, pictures are not counted as text', () => {
    const small = resolveLimits({ jsonTextBytes: 150_000 })
    const pictures = JSON.stringify([long(), long(), 'x'.repeat(140_000)])
    expect(parseJson(Buffer.from(pictures), small)).toEqual(JSON.parse(pictures))
    for (const value of [['x'.repeat(150_000)], [long(), 'x'.repeat(150_000)], [`${long()}@${long()}`]]) {
      expect(() => parseJson(Buffer.from(JSON.stringify(value)), small)).toThrow(
        expect.objectContaining({ code: 'BODY_TOO_LARGE' }),
      )
    }
  })

  test('the message quotes nothing of the body', () => {
    expect(() => parseJson(Buffer.from('{"password": secret}'), limits)).toThrow(/^((?!secret).)*$/)
  })
})

describe('imagesInJson', () => {
  test('finds data URLs at any place, in the order of the body', () => {
    const body = { first: url('1'), list: [{ photo: url('2') }, url('3')], text: 'data', other: 'data:text/plain,hi' }
    const images = imagesInJson(body, limits, everything)
    expect(images.map((image) => [image.fieldname, image.buffer.toString()])).toEqual([
      ['first', '1'],
      ['list.0.photo', '2'],
      ['list.1', '3'],
    ])
  })

  test('judges only the listed paths', () => {
    const body = { a: url('1'), b: { a: url('2') } }
    const only = (fields: string[]) => imagesInJson(body, limits, { fields, required: true }).map((i) => i.fieldname)
    expect(only(['a'])).toEqual(['a'])
    expect(only(['b.a'])).toEqual(['b.a'])
  })

  test.each([
    [
      'too deep, built by somebody else’s parser',
      Array.from({ length: 50 }).reduce((inner) => [inner], []) as object,
      'BODY_MALFORMED',
    ],
    ['a __proto__ key', JSON.parse('{"__proto__": {"a": 1}}'), 'BODY_MALFORMED'],
    ['five pictures', Array(5).fill(url('1')), 'TOO_MANY_PARTS'],
    ['a picture of 1001 bytes', [url('x'.repeat(1001))], 'BODY_TOO_LARGE'],
    ['an SVG', ['data:image/svg+xml;base64,PHN2Zy8+'], 'IMAGE_TYPE'],
    ['no type', ['data:;base64,AAAA'], 'IMAGE_TYPE'],
  ])('%s is refused', (_name, body, code) => {
    expect(() => imagesInJson(body, limits, everything)).toThrow(expect.objectContaining({ code }))
  })
})

describe('decodeDataUrl', () => {
  test('gives the bytes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (bytes) => {
        const text = Buffer.from(bytes).toString('base64')
        expect([...decodeDataUrl(`data:image/jpeg;base64,${text}`, 1000).bytes]).toEqual([...bytes])
      }),
    )
  })

  test.each(['AA=', 'A', 'AAA_', 'AAA-', 'AAAA=', 'AB==', '@@@@'])('%j is refused', (text) => {
    expect(() => decodeDataUrl(`data:image/jpeg;base64,${text}`, 1000)).toThrow(
      expect.objectContaining({ code: 'BODY_MALFORMED' }),
    )
  })

  const JPEG = Buffer.from('ffd8ffe000104a46494600', 'hex')

  test('takes line breaks and missing padding, as browsers do', () => {
    const text = JPEG.toString('base64')
    for (const form of [text.replace(/(.{4})/g, '$1\r\n'), ` ${text}\n`, text.replace(/=+$/, '')]) {
      expect(decodeDataUrl(`data:image/jpeg;base64,${form}`, 1000).bytes).toEqual(JPEG)
    }
  })

  test.each(['data:;base64,', 'data:application/octet-stream;base64,', 'data:image/jpeg;name=a.jpg;base64,'])(
    '%s is judged by its bytes',
    (head) => {
      expect(decodeDataUrl(head + JPEG.toString('base64'), 1000).bytes).toEqual(JPEG)
      if (!head.includes('image')) {
        expect(() => decodeDataUrl(`${head}AAAA`, 1000)).toThrow(expect.objectContaining({ code: 'IMAGE_TYPE' }))
      }
    },
  )
})
