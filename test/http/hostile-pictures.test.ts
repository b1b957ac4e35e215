/** Broken pictures, bombs and disguises through HTTP, with the real decoder and the real models: one answer each, never `live`. */
import { readFile } from 'node:fs/promises'
import { createLiveness } from '@unspoof/node'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as make from '../../packages/node/src/__tests__/pictures.ts'
import { Connection, FORM_TYPE, filePart, form, post } from './client.ts'
import { restServer, SERVERS, type TestServer } from './servers.ts'

const REST = 'unspoof serve'
const SVG = '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>'

let liveness: Awaited<ReturnType<typeof createLiveness>>
let face: Buffer
beforeAll(async () => {
  liveness = await createLiveness()
  face = await readFile(new URL('../../fixtures/astronaut.jpg', import.meta.url))
})
afterAll(() => liveness.close())

function changed(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}

async function animatedWebp(): Promise<Buffer> {
  const still = await sharp(face).resize(320).png().toBuffer()
  const other = await sharp(still).negate().png().toBuffer()
  return sharp([still, other], { join: { animated: true } })
    .webp()
    .toBuffer()
}

function apng(file: Buffer): Buffer {
  const { end } = make.pngChunks(file).find(({ type }) => type === 'IHDR')!
  const control = Buffer.alloc(8)
  control.writeUInt32BE(2, 0)
  return Buffer.concat([file.subarray(0, end), make.pngChunk('acTL', control), file.subarray(end)])
}

/** Rows of the table of hostile inputs: number, name, picture, status, code or reason. */
const ROWS: readonly (readonly [number, string, () => Buffer | Promise<Buffer>, number, string])[] = [
  [2, 'FF D8 FF only', () => Buffer.from([0xff, 0xd8, 0xff]), 422, 'IMAGE_CORRUPT'],
  [5, 'a JPEG cut in half', () => face.subarray(0, face.length / 2), 422, 'IMAGE_CORRUPT'],
  [6, 'a JPEG without its end', () => face.subarray(0, -2), 422, 'IMAGE_CORRUPT'],
  [
    15,
    'a JPEG of 12 bit',
    () => changed(face, (copy) => copy.writeUInt8(12, make.frameHeaderAt(face) + 4)),
    422,
    'IMAGE_CORRUPT',
  ],
  [
    18,
    'a PNG of width 2e9',
    () => make.png({ width: 2e9, height: 100, lines: Buffer.alloc(10) }),
    422,
    'IMAGE_CORRUPT',
  ],
  [
    19,
    'noise behind a PNG signature',
    () => Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), make.randomBytes(100_000)]),
    422,
    'IMAGE_CORRUPT',
  ],
  [
    21,
    'a PNG of 16,000 x 16,000',
    () => make.png({ width: 16_000, height: 16_000, depth: 1, colour: 0 }),
    413,
    'IMAGE_TOO_LARGE',
  ],
  [
    23,
    'a PNG header of 65,535 x 65,535',
    () => make.png({ width: 65_535, height: 65_535, lines: Buffer.alloc(1) }),
    413,
    'IMAGE_TOO_LARGE',
  ],
  [
    24,
    'a JPEG header of 65,500 x 65,500',
    () => changed(face, (copy) => copy.writeUInt32BE(65_500 * 65_537, make.frameHeaderAt(face) + 5)),
    413,
    'IMAGE_TOO_LARGE',
  ],
  [
    25,
    'an interlaced PNG of 8,000 x 8,000',
    () => make.png({ width: 8000, height: 8000, colour: 6, interlaced: true, lines: Buffer.alloc(1) }),
    413,
    'IMAGE_TOO_LARGE',
  ],
  [29, 'one pixel', () => make.png({ width: 1, height: 1 }), 422, 'image-too-small'],
  [29, '20,000 x 1', () => make.png({ width: 20_000, height: 1 }), 422, 'image-too-small'],
  [36, 'a GIF', () => sharp(face).resize(100).gif().toBuffer(), 415, 'IMAGE_TYPE'],
  [37, 'an animated WebP whose first frame is of a live face', animatedWebp, 422, 'animated-image'],
  [38, 'an APNG', async () => apng(await sharp(face).png().toBuffer()), 422, 'animated-image'],
  [39, 'an SVG that includes a local file', () => Buffer.from(SVG), 415, 'IMAGE_TYPE'],
  [41, 'a TIFF', () => sharp(face).resize(100).tiff().toBuffer(), 415, 'IMAGE_TYPE'],
  [42, 'a HEIC', () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1'), 415, 'IMAGE_TYPE'],
  [43, 'an AVIF', () => sharp(face).resize(100).avif().toBuffer(), 415, 'IMAGE_TYPE'],
  [47, 'a live face under full transparency', async () => transparent(), 422, 'transparent-image'],
  [51, 'black', () => plain('#000'), 422, 'no-face'],
  [51, 'white', () => plain('#fff'), 422, 'no-face'],
]

function plain(background: string): Promise<Buffer> {
  return sharp({ create: { width: 400, height: 300, channels: 3, background } })
    .jpeg()
    .toBuffer()
}

async function transparent(): Promise<Buffer> {
  const { data, info } = await sharp(face).ensureAlpha().raw().toBuffer({ resolveWithObject: true })
  for (let i = 3; i < data.length; i += 4) data[i] = 0
  return sharp(data, { raw: { width: info.width, height: info.height, channels: 4 } })
    .png()
    .toBuffer()
}

describe.each([...Object.keys(SERVERS), REST])('%s', (name) => {
  let server: TestServer
  beforeAll(async () => {
    server = await (name === REST ? restServer({ liveness }) : SERVERS[name]!({ liveness }))
  })
  afterAll(() => server.close())

  async function ask(bytes: Buffer) {
    const connection = new Connection(server.port)
    const answer = (await connection.send(post('/login', FORM_TYPE, form(filePart(bytes)))).answer())!
    connection.close()
    return answer
  }

  test.each(ROWS)('row %i: %s', async (_number, _name, picture, status, says) => {
    const answer = await ask(await picture())
    const { verdict, reasons, error } = answer.json
    expect({ status: answer.status, says: error?.code ?? reasons[0] }).toEqual({ status, says })
    expect(verdict).not.toBe('live')
    expect(answer.text).not.toMatch(/passwd|prob|score|threshold|stability/i)
  })

  test('row 44: what is behind a picture does not change what is said of it, and the next good one passes', async () => {
    const tail = '<?php echo "secret-marker" ?>'
    const answer = await ask(Buffer.concat([face, Buffer.from(tail)]))
    expect(answer.json.verdict).toBe('live')
    expect(answer.text).not.toContain('secret-marker')
    expect((await ask(face)).json.verdict).toBe('live')
  })
})
