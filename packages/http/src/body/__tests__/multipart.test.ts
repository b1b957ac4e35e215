/** The multipart reader: the same form however it is cut into chunks, and an answer to anything. */
import { isLivenessError } from '@unspoof/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resolveLimits } from '../limits.ts'
import { createMultipartReader, type MultipartForm } from '../multipart.ts'

const BOUNDARY = 'boundary-7'
const limits = resolveLimits({ fileBytes: 200_000 })

async function read(body: Buffer, cuts: readonly number[] = [], custom = limits): Promise<MultipartForm> {
  const reader = createMultipartReader(BOUNDARY, custom)
  let start = 0
  for (const end of [...cuts].sort((a, b) => a - b).concat(body.length)) {
    await reader.write(body.subarray(start, end))
    start = end
  }
  return reader.end()
}

interface PartSpec {
  readonly name: string
  readonly bytes: Uint8Array
  readonly filename: string | undefined
}

function encode(parts: readonly PartSpec[]): Buffer {
  const pieces = parts.flatMap(({ name, bytes, filename }) => [
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"${filename === undefined ? '' : `; filename="${filename}"`}\r\n` +
        `${filename === undefined ? '' : 'Content-Type: application/pdf\r\n'}\r\n`,
    ),
    bytes,
    Buffer.from('\r\n'),
  ])
  return Buffer.concat([...pieces, Buffer.from(`--${BOUNDARY}--\r\n`)])
}

// Names that reach a prototype are refused, which a test of its own shows.
const word = fc.stringMatching(/^[a-z]{1,12}$/).filter((name) => name !== 'constructor' && name !== 'prototype')
// Delimiters in pieces and line breaks, which parsers trip over, among bytes of every value.
const bytes = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('\r\n', '\r\n--', '--', '\r', `--${BOUNDARY.slice(0, -1)}`, '\r\n\r\n'),
    ),
    { maxLength: 8 },
  )
  .map((pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece as string))))
  .filter((buffer) => !buffer.includes(BOUNDARY))
const spec: fc.Arbitrary<PartSpec> = fc.record({ name: word, bytes, filename: fc.option(word, { nil: undefined }) })

describe('createMultipartReader', () => {
  test('gives every part byte by byte, however the body is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(spec, { maxLength: 6 }),
        fc.array(fc.nat(1000), { maxLength: 20 }),
        async (parts, cuts) => {
          const body = encode(parts)
          const form = await read(
            body,
            cuts.map((cut) => cut % (body.length + 1)),
          )
          const files = parts.filter((part) => part.filename !== undefined)
          expect(
            form.files.map(({ fieldname, originalname, buffer }) => [fieldname, originalname, [...buffer]]),
          ).toEqual(files.map(({ name, filename, bytes }) => [name, filename, [...bytes]]))
          const fields = parts.filter((part) => part.filename === undefined)
          for (const name of new Set(fields.map((field) => field.name))) {
            const values = fields
              .filter((field) => field.name === name)
              .map((field) => Buffer.from(field.bytes).toString())
            expect([form.fields[name]].flat()).toEqual(values)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  test('answers every mutation with a form or an error of its own', async () => {
    const mutation = fc.record({
      at: fc.nat(),
      value: fc.nat(255),
      kind: fc.constantFrom('set', 'cut', 'drop', 'double'),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(spec, { minLength: 1, maxLength: 4 }),
        fc.array(mutation, { maxLength: 4 }),
        async (parts, mutations) => {
          let body: Buffer = encode(parts)
          for (const { at, value, kind } of mutations) {
            const position = at % (body.length + 1)
            const [head, tail] = [body.subarray(0, position), body.subarray(position)]
            if (kind === 'set') body = Buffer.concat([head, Buffer.from([value]), tail.subarray(1)])
            else if (kind === 'cut') body = Buffer.from(head)
            else if (kind === 'drop') body = Buffer.concat([head, tail.subarray(value)])
            else body = Buffer.concat([body, tail])
          }
          const outcome = await (async () => read(body))().catch((error: unknown) => error)
          if (outcome instanceof Error) expect(isLivenessError(outcome)).toBe(true)
          else expect(Object.getPrototypeOf((outcome as MultipartForm).fields)).toBe(null)
        },
      ),
      { numRuns: 300 },
    )
  })

  test('a file input that nobody used is no file', async () => {
    const body = Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="photo"; filename=""\r\nContent-Type: application/octet-stream\r\n\r\n\r\n--${BOUNDARY}--\r\n`,
    )
    expect((await read(body)).files).toEqual([])
  })

  test('refuses a part whose headers are longer than two slices, in one chunk and in many', async () => {
    const body = Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; name="a"\r\nX: ${'y'.repeat(40_000)}\r\n\r\n\r\n--${BOUNDARY}--\r\n`,
    )
    for (const cuts of [[], [10_000, 20_000, 30_000]]) {
      await expect((async () => read(body, cuts))()).rejects.toMatchObject({ code: 'BODY_MALFORMED' })
    }
  })

  test('limits hold to the byte', async () => {
    const file = (size: number) => encode([{ name: 'a', filename: 'a', bytes: Buffer.alloc(size) }])
    const small = resolveLimits({ fileBytes: 1000, fieldBytes: 10, parts: 3 })
    expect((await read(file(1000), [], small)).files[0]!.size).toBe(1000)
    await expect((async () => read(file(1001), [], small))()).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' })
    const field = (size: number) => encode([{ name: 'a', filename: undefined, bytes: Buffer.alloc(size, 'x') }])
    expect((await read(field(10), [], small)).fields.a).toBe('x'.repeat(10))
    await expect((async () => read(field(11), [], small))()).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' })
    const parts = (count: number) =>
      encode(Array.from({ length: count }, () => ({ name: 'a', filename: undefined, bytes: Buffer.alloc(0) })))
    expect((await read(parts(3), [], small)).fields.a).toHaveLength(3)
    await expect((async () => read(parts(4), [], small))()).rejects.toMatchObject({ code: 'TOO_MANY_PARTS' })
  })
})
