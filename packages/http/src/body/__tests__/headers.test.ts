/** Headers that two parsers could read differently are refused. */
import { describe, expect, test } from 'vitest'
import { cleanFileName, parseDisposition } from '../disposition.ts'
import { multipartBoundary, parseMediaType } from '../media-type.ts'

const malformed = expect.objectContaining({ code: 'BODY_MALFORMED' })

describe('parseMediaType', () => {
  test.each([
    ['image/jpeg', 'image/jpeg', []],
    ['Multipart/Form-Data; Boundary=abc', 'multipart/form-data', [['boundary', 'abc']]],
    [
      'multipart/form-data;boundary="a b"; charset=utf-8;',
      'multipart/form-data',
      [
        ['boundary', 'a b'],
        ['charset', 'utf-8'],
      ],
    ],
    ['', '', []],
    [undefined, '', []],
  ] as const)('%s', (header, type, parameters) => {
    const media = parseMediaType(header)
    expect(media.type).toBe(type)
    expect([...media.parameters]).toEqual(parameters)
  })

  test.each([
    'multipart',
    'multipart/form-data; boundary',
    'multipart/form-data; boundary=a b',
    'multipart/form-data; boundary="a',
    'multipart/form-data; boundary=a; BOUNDARY=b',
    'multipart/form-data, multipart/form-data; boundary=a',
    'multipart/form-data; boundary="a\\"b"',
    'image/jpeg image/png',
  ])('%s is refused', (header) => {
    expect(() => parseMediaType(header)).toThrow(malformed)
  })

  test.each(['a', 'a'.repeat(71), '', 'a b', 'ü', 'a"b'])('boundary %j is refused', (boundary) => {
    expect(() => multipartBoundary({ type: '', parameters: new Map([['boundary', boundary]]) })).toThrow(malformed)
  })
})

describe('parseDisposition', () => {
  const parse = (header: string) => parseDisposition(header, 20)

  test.each([
    ['form-data; name="a"', 'a', undefined],
    ['form-data; name=a', 'a', undefined],
    ['Form-Data ; NAME="a" ; FileName="b.jpg"', 'a', 'b.jpg'],
    ['form-data; name="a\\"b"; filename="c\\\\d"', 'a"b', 'd'],
    ['form-data; name="a"; filename*=UTF-8\'\'b.jpg', 'a', ''],
    ['form-data; name="a"; filename=""', 'a', ''],
    ['form-data; name="a"; filename="cut', 'a', 'cut'],
    ['form-data; name="user[name]"', 'user[name]', undefined],
  ] as const)('%s', (header, name, filename) => {
    expect(parse(header)).toEqual({ name, filename })
  })

  test.each([
    'attachment; name="a"',
    'form-data',
    'form-data; filename="a"',
    'form-data; name=""',
    'form-data; name="a"; name="b"',
    'form-data; name="a"; filename="a"; filename="b"',
    'form-data; name="a" b',
    'form-data; name="a',
    `form-data; name="${'a'.repeat(21)}"`,
    'form-data; name="a\u0000"',
    'form-data; name="__proto__"',
    'form-data; name="a[__proto__]"',
    'form-data; name="a.constructor"',
    'form-data; name="prototype[a]"',
  ])('%s is refused', (header) => {
    expect(() => parse(header)).toThrow(malformed)
  })

  test('names that only look like it pass', () => {
    expect(parse('form-data; name="my__proto__"').name).toBe('my__proto__')
    expect(parse('form-data; name="constructors"').name).toBe('constructors')
  })
})

test('cleanFileName', () => {
  expect(cleanFileName('../../etc/passwd')).toBe('passwd')
  expect(cleanFileName('C:\\temp\\a.jpg')).toBe('a.jpg')
  expect(cleanFileName('a\u0000\r\n\u202eb\u2028.jpg')).toBe('ab.jpg')
  expect(cleanFileName('x'.repeat(10_000))).toHaveLength(255)
  expect(cleanFileName('Ådå 写真.jpg')).toBe('Ådå 写真.jpg')
})
