/** Every kind of input a caller may have, and the byte limit on each. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import { createFrame } from '@unspoof/core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveLimits } from '../image/limits.ts'
import { type NodeInput, readInput } from '../input/read.ts'

const bytes = new Uint8Array(3000).map((_, i) => i % 251)
const limits = resolveLimits({ maxBytes: 4000 })
let folder: string
let path: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'unspoof-inputs-'))
  path = join(folder, 'picture.jpg')
  writeFileSync(path, bytes)
})
afterAll(() => rmSync(folder, { recursive: true }))

async function read(input: unknown, signal?: AbortSignal) {
  const result = await readInput(input as NodeInput, limits, signal)
  if (!('bytes' in result)) throw new Error('a frame')
  return result
}

const dataUrl = (data: Uint8Array, type = 'image/jpeg') => `data:${type};base64,${Buffer.from(data).toString('base64')}`
const chunks = (data: Uint8Array) => [data.subarray(0, 1000), data.subarray(1000, 1001), data.subarray(1001)]
const kinds: [name: string, make: (data: Uint8Array) => unknown, owned: boolean][] = [
  ['Uint8Array', (data) => data, false],
  ['Buffer', (data) => Buffer.from(data), false],
  ['ArrayBuffer', (data) => new Uint8Array(data).buffer, false],
  ['Blob', (data) => new Blob([data as Uint8Array<ArrayBuffer>]), true],
  ['File', (data) => new File([data as Uint8Array<ArrayBuffer>], 'x.jpg'), true],
  ['Readable', (data) => Readable.from(chunks(data)), true],
  ['ReadableStream', (data) => new Blob([data as Uint8Array<ArrayBuffer>]).stream(), true],
  [
    'async iterable',
    async function* (data) {
      yield* chunks(data)
    },
    true,
  ],
  ['data URL', (data) => dataUrl(data), true],
  ['data URL with line breaks', (data) => dataUrl(data).replace(/.{76}/g, '$&\r\n'), true],
  ['data URL without padding', (data) => dataUrl(data).replace(/=+$/, ''), true],
  ['data URL without a type', (data) => dataUrl(data, ''), true],
  ['data URL of any bytes', (data) => dataUrl(data, 'application/octet-stream'), true],
  ['data URL in capitals', (data) => dataUrl(data).replace('data:image/jpeg;base64', 'DATA:IMAGE/PNG;BASE64'), true],
]

describe('readInput', () => {
  it.each(kinds)('%s', async (_name, make, owned) => {
    const result = await read(make(bytes))
    expect(Buffer.from(result.bytes).equals(bytes)).toBe(true)
    expect(result.owned).toBe(owned)
    expect(Buffer.from((await read(make(new Uint8Array(4000)))).bytes)).toHaveLength(4000)
    await expect(read(make(new Uint8Array(4001)))).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' })
  })

  it('path and file URL', async () => {
    for (const input of [path, pathToFileURL(path)])
      expect(Buffer.from((await read(input)).bytes).equals(bytes)).toBe(true)
    const large = join(folder, 'large')
    writeFileSync(large, new Uint8Array(4001))
    await expect(read(large)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' })
  })

  it('a frame stays itself', async () => {
    const frame = createFrame({ data: new Uint8Array(12), width: 2, height: 2 })
    expect(await readInput(frame, limits)).toBe(frame)
  })

  it('shared memory is copied, so that it cannot change under the check', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(3000))
    shared.set(bytes)
    const result = await read(shared)
    shared.fill(0)
    expect(Buffer.from(result.bytes).equals(bytes)).toBe(true)
  })

  it.each([
    ['a missing file', () => join(folder, 'absent'), 'INPUT_UNREADABLE'],
    ['a folder', () => folder, 'INPUT_UNREADABLE'],
    ['a path with NUL', () => 'a\0b', 'INPUT_UNREADABLE'],
    ['an http address', () => 'http://127.0.0.1/x.jpg', 'INPUT_INVALID'],
    ['an https URL', () => new URL('https://127.0.0.1/x.jpg'), 'INPUT_INVALID'],
    ['a file address as a string', () => 'file:///etc/passwd', 'INPUT_INVALID'],
    ['a number', () => 5, 'INPUT_INVALID'],
    ['null', () => null, 'INPUT_INVALID'],
    ['an object', () => ({}), 'INPUT_INVALID'],
    [
      'pixels without their shape',
      () => ({ data: new Uint8Array(12), width: 3, height: 3, channels: 3 }),
      'INPUT_INVALID',
    ],
    ['a stream of text', () => Readable.from(['abc']), 'INPUT_INVALID'],
    ['a stream that fails', () => failingStream(), 'INPUT_UNREADABLE'],
    ['a web stream somebody else reads', () => lockedStream(), 'INPUT_UNREADABLE'],
    ['a data URL of SVG', () => dataUrl(bytes, 'image/svg+xml'), 'IMAGE_TYPE'],
    ['a data URL of HTML', () => dataUrl(bytes, 'text/html'), 'IMAGE_TYPE'],
    ['a data URL without base64', () => 'data:image/jpeg,abcd', 'INPUT_INVALID'],
    ['a data URL without comma', () => 'data:image/jpeg;base64', 'INPUT_INVALID'],
    ['URL-safe base64', () => 'data:image/jpeg;base64,_-8=', 'INPUT_INVALID'],
    ['base64 with spare bits', () => 'data:image/jpeg;base64,AB==', 'INPUT_INVALID'],
  ])('%s is refused', async (_name, make, code) => {
    const error = await read(make()).catch((thrown) => thrown)
    expect(error).toMatchObject({ name: 'LivenessError', code })
    expect(error.message).not.toContain(folder)
  })

  it('a named pipe is refused at once, without waiting for a writer', async (context) => {
    const pipe = join(folder, 'pipe')
    try {
      execFileSync('mkfifo', [pipe])
    } catch {
      return context.skip('mkfifo is not available here')
    }
    await expect(read(pipe)).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' })
  })

  it('an endless stream is stopped at the limit', async () => {
    let sent = 0
    const endless = new Readable({
      read() {
        sent += 1000
        this.push(new Uint8Array(1000))
      },
    })
    await expect(read(endless)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' })
    await expect.poll(() => endless.destroyed).toBe(true)
    expect(sent).toBeLessThan(100_000)
  })

  it('a web stream is cancelled at the limit', async () => {
    let cancelled = false
    const endless = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel: () => {
        cancelled = true
      },
    })
    await expect(read(endless)).rejects.toMatchObject({ code: 'BODY_TOO_LARGE' })
    expect(cancelled).toBe(true)
  })

  it('a stream that stalls ends with its signal', async () => {
    const stalled = new Readable({ read() {} })
    const controller = new AbortController()
    const reading = read(stalled, controller.signal)
    controller.abort()
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' })
    expect(stalled.destroyed).toBe(true)
    await expect(read(bytes, controller.signal)).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

function failingStream(): Readable {
  return new Readable({
    read() {
      this.destroy(new Error('connection reset'))
    },
  })
}

function lockedStream(): ReadableStream {
  const stream = new Blob([bytes]).stream()
  stream.getReader()
  return stream
}
