/** Broken pictures, bombs and disguises through HTTP, with the real decoder and the real models: one answer each, never a better one. */
import { readFile } from 'node:fs/promises'
import { deflateSync } from 'node:zlib'
import { createLiveness } from '@unspoof/node'
import { Connection, FORM_TYPE, filePart, form, post } from '@unspoof/test-utils/http-client'
import { BOMBS, BROKEN, DISGUISES, lossyWebp, progressive } from '@unspoof/test-utils/images/hostile-files'
import * as make from '@unspoof/test-utils/images/make'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { restServer, SERVERS, type TestServer } from './servers.ts'

const REST = 'unspoof serve'
/** What is hidden in pictures, and must be in no answer. */
const MARKER = 'secret-marker'
const STATUS: Readonly<Record<string, number>> = { IMAGE_CORRUPT: 422, IMAGE_TYPE: 415, IMAGE_TOO_LARGE: 413 }

/** A portrait that is judged `live`, as JPEG of 400 x 400. */
const face = await readFile(new URL('../../fixtures/astronaut.jpg', import.meta.url))
const facePng = await sharp(face).png({ compressionLevel: 1 }).toBuffer()

type Picture = () => Buffer | Promise<Buffer>
type Row = readonly [name: string, picture: Picture, says: string]

/** Images without a face, with the code of the error or `retry` and the reasons. */
const FILES: readonly Row[] = [
  ...BROKEN,
  ...BOMBS.filter(([, , says]) => says !== 'ok'),
  ...DISGUISES.map(([name, picture]): Row => [name, picture, 'IMAGE_TYPE']),
  ['a JPEG of 3,000 more scans', () => make.withExtraScans(progressive, 3000), 'IMAGE_CORRUPT'],
  [
    'a lossy WebP with flipped bytes',
    () => make.damage(lossyWebp, (copy) => copy.fill(0x55, 400, 420)),
    'retry no-face',
  ],
  ['a JPEG of 24 megapixels', () => plain('#abc', 6000, 4000), 'IMAGE_TOO_LARGE'],
  ['a progressive JPEG of 15.9 megapixels', () => plain('#abc', 4600, 3456), 'retry no-face'],
  ['an animated WebP whose first frame is of a live face', animatedWebp, 'retry animated-image'],
  ['an APNG', () => make.withPngChunk(facePng, make.animationControl()), 'retry animated-image'],
  ['a live face under full transparency', transparent, 'retry transparent-image'],
  ['black', () => plain('#000'), 'retry no-face'],
  ['white', () => plain('#fff'), 'retry no-face'],
  ['noise', () => make.noiseImage(320, 240).jpeg().toBuffer(), 'retry no-face'],
  ['four colours', () => make.cornersImage(320, 240).jpeg().toBuffer(), 'retry no-face'],
  ['two faces of equal size', () => tiles(2, 1, 400), 'retry multiple-faces'],
  ['16 faces', () => tiles(4, 4, 250), 'retry multiple-faces'],
  // Too small for the detector; none is taken for the only one.
  ['400 faces', () => tiles(20, 20, 80), 'retry no-face'],
  ['a face of 24 pixels', () => sharp(face).resize(80).jpeg().toBuffer(), 'retry face-too-small'],
  ['a face of 20 pixels, enlarged eightfold', () => enlarged(67, 8), 'retry blurred'],
  ['a blurred face', () => sharp(face).blur(7).jpeg().toBuffer(), 'retry blurred'],
  [
    'a face cut by the border',
    () => sharp(face).extract({ left: 175, top: 0, width: 225, height: 400 }).jpeg().toBuffer(),
    'retry face-cut-off',
  ],
]

/** Rows whose face is judged: what is done to the file makes the verdict neither better nor worse. */
const JUDGED: readonly (readonly [string, Picture])[] = [
  ['a second JPEG behind it', async () => Buffer.concat([face, await plain('#000')])],
  ['an ICC profile that is cut', () => make.withPngChunk(facePng, iccp(Buffer.alloc(300, 'x')))],
  ['an ICC profile of 100 MB', () => make.withPngChunk(facePng, iccp(Buffer.alloc(100_000_000)))],
  ['a text of 200 MB', () => make.withPngChunk(facePng, make.pngChunk('zTXt', compressedText(200_000_000)))],
  ...Array.from({ length: 8 }, (_, i) => i + 1).map(
    (orientation) => [`EXIF orientation ${orientation}`, () => turned(orientation)] as const,
  ),
  ...[[0], [9], [65_535], [1, 6]].map(
    (tags) =>
      [`EXIF orientation ${tags.join(' and ')}`, () => make.jpegWithExif(face, make.exifBlock(...tags))] as const,
  ),
  ['an orientation that PNG has, too', () => turnedPng()],
  ['an orientation that browsers do not read from WebP', () => turnedWebp()],
  ['an EXIF block in a loop', () => make.jpegWithExif(face, make.loopedExif(1))],
  ['CMYK', () => sharp(face).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()],
  ['an archive behind it', () => Buffer.concat([face, Buffer.from(`PK\x03\x04${MARKER}`)])],
  ['a page behind it', () => Buffer.concat([face, Buffer.from(`<html><script>"${MARKER}"</script>`)])],
  ['a script behind it', () => Buffer.concat([face, Buffer.from(`<?php echo "${MARKER}" ?>`)])],
  ['a script in a comment', () => make.withJpegSegments(face, make.jpegSegment(0xfe, Buffer.from(MARKER)))],
  ['a palette', () => sharp(face).png({ palette: true }).toBuffer()],
  ['16 bit', () => sharp(face).toColourspace('rgb16').png({ compressionLevel: 1 }).toBuffer()],
  ['an opaque alpha channel', () => sharp(face).ensureAlpha().png({ compressionLevel: 1 }).toBuffer()],
  ['a thumbnail of something else', async () => make.jpegWithExif(face, make.exifWithThumbnail(await plain('#000')))],
  ['Display P3', () => sharp(face).withIccProfile('p3').jpeg({ quality: 95 }).toBuffer()],
]

function plain(background: string, width = 400, height = 300): Promise<Buffer> {
  return sharp({ create: { width, height, channels: 3, background } })
    .jpeg({ progressive: true })
    .toBuffer()
}

async function animatedWebp(): Promise<Buffer> {
  const still = await sharp(face).resize(320).png().toBuffer()
  const other = await sharp(still).negate().png().toBuffer()
  return sharp([still, other], { join: { animated: true } })
    .webp()
    .toBuffer()
}

function transparent(): Promise<Buffer> {
  return sharp(face).removeAlpha().ensureAlpha(0).png().toBuffer()
}

async function enlarged(side: number, times: number): Promise<Buffer> {
  const small = await sharp(face).resize(side).png().toBuffer()
  return sharp(small)
    .resize(side * times)
    .jpeg()
    .toBuffer()
}

/** The face again and again. */
async function tiles(columns: number, rows: number, side: number): Promise<Buffer> {
  const input = await sharp(face).resize(side).toBuffer()
  const composite = Array.from({ length: columns * rows }, (_, i) => ({
    input,
    left: (i % columns) * side,
    top: Math.floor(i / columns) * side,
  }))
  return sharp({ create: { width: columns * side, height: rows * side, channels: 3, background: '#000' } })
    .composite(composite)
    .jpeg()
    .toBuffer()
}

const iccp = (profile: Buffer) =>
  make.pngChunk('iCCP', Buffer.concat([Buffer.from('x\0\0', 'latin1'), deflateSync(profile)]))

const compressedText = (length: number) =>
  Buffer.concat([Buffer.from('x\0\0', 'latin1'), deflateSync(Buffer.alloc(length))])

/** Lies on its side where the orientation is not read. */
async function turnedPng(): Promise<Buffer> {
  const png = await sharp(face).rotate(270).png({ compressionLevel: 1 }).toBuffer()
  return make.withPngChunk(png, make.pngChunk('eXIf', make.exifBlock(6)))
}

/** Lies on its side where the orientation is read. */
async function turnedWebp(): Promise<Buffer> {
  const picture = make.webpPicture(await sharp(face).webp({ quality: 95 }).toBuffer())
  return make.webp(make.vp8x(0x08, 400, 400), picture, make.webpChunk('EXIF', make.exifBlock(6)))
}

/** The face with its pixels turned so that this orientation puts it upright. */
async function turned(orientation: number): Promise<Buffer> {
  // What brings each orientation about: mirrored first, then turned clockwise by so much.
  const [mirrored, degrees] = (
    [
      [false, 0],
      [true, 0],
      [false, 180],
      [true, 180],
      [true, 270],
      [false, 270],
      [true, 90],
      [false, 90],
    ] as const
  )[orientation - 1]!
  const pixels = await sharp(face).flop(mirrored).toBuffer()
  return make.jpegWithExif(
    await sharp(pixels).rotate(degrees).jpeg({ quality: 95 }).toBuffer(),
    make.exifBlock(orientation),
  )
}

/** Each picture is made once, not once for each server. */
const made = new Map<Picture, Promise<Buffer>>()
function once(picture: Picture): Promise<Buffer> {
  if (!made.has(picture)) made.set(picture, Promise.resolve(picture()))
  return made.get(picture)!
}

let liveness: Awaited<ReturnType<typeof createLiveness>>
beforeAll(async () => {
  liveness = await createLiveness()
})
afterAll(() => liveness.close())

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
    expect(`${JSON.stringify(answer.headers)}${answer.text}`).not.toMatch(/passwd|secret-marker/)
    return answer
  }

  test.each(FILES)('%s', async (_name, picture, says) => {
    const { status, json, text } = await ask(await once(picture))
    const told = json.error?.code ?? `${json.verdict} ${json.reasons.join(' ')}`
    expect({ status, told }).toEqual({ status: STATUS[says] ?? 422, told: says })
    expect(text).not.toMatch(/prob|score|threshold|stability/i)
  })

  test.each(JUDGED)('the verdict does not depend on %s', async (_name, picture) => {
    const { status, json } = await ask(await once(picture))
    expect({ status, verdict: json.verdict }).toEqual({ status: name.startsWith('Nest') ? 201 : 200, verdict: 'live' })
  })
})
