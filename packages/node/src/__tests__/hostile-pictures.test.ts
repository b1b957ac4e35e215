/** Broken files, bombs and disguises: each row has the answer that was decided for it. */
import { deflateSync, gzipSync } from 'node:zlib'
import { type DecodedImage, isLivenessError } from '@unspoof/core'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeImage } from '../image/decode.ts'
import { MAX_SCANS } from '../image/jpeg.ts'
import * as make from './pictures.ts'

/** Milliseconds of the processor: a busy machine makes wait, but not work more. */
function cpuMsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1000
}

/** `ok` = decoded, `retry <reason>` = answered without pixels, else the error code. */
async function answer(bytes: Uint8Array): Promise<{ says: string; image?: DecodedImage; ms: number; message: string }> {
  const began = process.cpuUsage()
  try {
    const image = await decodeImage(bytes)
    const codes = (image.reasons ?? []).map(({ code }) => code)
    if (codes.length > 0) expect(image.frame).toBeUndefined()
    const says = codes.length > 0 ? `retry ${codes.join(' ')}` : 'ok'
    return { says, image, ms: cpuMsSince(began), message: '' }
  } catch (error) {
    if (!isLivenessError(error)) throw error
    return { says: error.code, ms: cpuMsSince(began), message: error.message + error.hint }
  }
}

let jpeg: Buffer
let progressive: Buffer
let plainPng: Buffer
let lossyWebp: Buffer
let losslessWebp: Buffer

beforeAll(async () => {
  jpeg = await make.noiseImage().jpeg({ quality: 90 }).toBuffer()
  progressive = await make.noiseImage().jpeg({ progressive: true }).toBuffer()
  plainPng = await make.noiseImage().png().toBuffer()
  lossyWebp = await make.noiseImage().webp().toBuffer()
  losslessWebp = await make.noiseImage().webp({ lossless: true }).toBuffer()
})

/** Flips bytes of a copy. */
function damage(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}

function chunkAt(file: Buffer, type: string) {
  return make.pngChunks(file).find((chunk) => chunk.type === type)!
}

function insertChunk(file: Buffer, chunk: Buffer): Buffer {
  const { end } = chunkAt(file, 'IHDR')
  return Buffer.concat([file.subarray(0, end), chunk, file.subarray(end)])
}

describe('broken files', () => {
  const rows: [name: string, make: () => Buffer, says: string][] = [
    ['no bytes', () => Buffer.alloc(0), 'IMAGE_CORRUPT'],
    ['FF D8 FF only', () => Buffer.from([0xff, 0xd8, 0xff]), 'IMAGE_CORRUPT'],
    ['a text file', () => Buffer.from('I am not a picture.\n'), 'IMAGE_TYPE'],
    ['a JPEG cut at 200 bytes', () => jpeg.subarray(0, 200), 'IMAGE_CORRUPT'],
    ['a JPEG cut in half', () => jpeg.subarray(0, jpeg.length / 2), 'IMAGE_CORRUPT'],
    [
      'a JPEG cut in half that pretends to end',
      () => Buffer.concat([jpeg.subarray(0, jpeg.length / 2), Buffer.from([0xff, 0xd9])]),
      'IMAGE_CORRUPT',
    ],
    ['a JPEG without its end marker', () => jpeg.subarray(0, -2), 'IMAGE_CORRUPT'],
    [
      'a PNG with a wrong CRC in its pixels',
      () => damage(plainPng, (copy) => copy.writeUInt32BE(1, chunkAt(plainPng, 'IDAT').end - 4)),
      'IMAGE_CORRUPT',
    ],
    ['a PNG without its end', () => plainPng.subarray(0, -12), 'IMAGE_CORRUPT'],
    [
      'a PNG with too few pixels',
      () => make.png({ width: 100, height: 100, lines: Buffer.alloc(50 * 301) }),
      'IMAGE_CORRUPT',
    ],
    [
      'a JPEG with every 97th byte of its scan changed',
      () =>
        damage(jpeg, (copy) => {
          const scan = make.jpegSegments(jpeg).find(({ marker }) => marker === 0xda)!
          for (let i = scan.at + scan.length; i < copy.length - 2; i += 97) copy[i]! ^= 0xff
        }),
      'IMAGE_CORRUPT',
    ],
    [
      'a JPEG with a broken Huffman table',
      () =>
        damage(jpeg, (copy) => {
          const table = make.jpegSegments(jpeg).find(({ marker }) => marker === 0xc4)!
          copy.fill(0xff, table.at + 5, table.at + 21)
        }),
      'IMAGE_CORRUPT',
    ],
    [
      'a JPEG with two frame headers',
      () => {
        const frame = make.jpegSegments(jpeg).find(({ marker }) => marker === 0xc0)!
        return make.withJpegSegments(jpeg, jpeg.subarray(frame.at, frame.at + frame.length))
      },
      'IMAGE_CORRUPT',
    ],
    ['a 12-bit JPEG', () => damage(jpeg, (copy) => copy.writeUInt8(12, make.frameHeaderAt(jpeg) + 4)), 'IMAGE_CORRUPT'],
    ...[0xc3, 0xc5, 0xc9, 0xca, 0xcb].map((marker): [string, () => Buffer, string] => [
      `a JPEG relabelled as SOF${marker - 0xc0} (lossless, hierarchical, arithmetic)`,
      () => damage(jpeg, (copy) => copy.writeUInt8(marker, make.frameHeaderAt(jpeg) + 1)),
      'IMAGE_CORRUPT',
    ]),
    ['a WebP that was cut', () => lossyWebp.subarray(0, lossyWebp.length / 2), 'IMAGE_CORRUPT'],
    [
      'a WebP that says it is longer',
      () => damage(lossyWebp, (copy) => copy.writeUInt32LE(lossyWebp.length + 100, 4)),
      'IMAGE_CORRUPT',
    ],
    ['a WebP that says it is shorter', () => damage(lossyWebp, (copy) => copy.writeUInt32LE(60, 4)), 'IMAGE_CORRUPT'],
    [
      'a lossless WebP with broken Huffman tables',
      () => damage(losslessWebp, (copy) => copy.fill(0xff, 25, 60)),
      'IMAGE_CORRUPT',
    ],
    ['a PNG of width 0', () => make.png({ width: 0, height: 100, lines: Buffer.alloc(10) }), 'IMAGE_CORRUPT'],
    ['a PNG of width 2e9', () => make.png({ width: 2e9, height: 100, lines: Buffer.alloc(10) }), 'IMAGE_CORRUPT'],
    [
      'noise after a PNG signature',
      () => Buffer.concat([plainPng.subarray(0, 8), make.randomBytes(100_000)]),
      'IMAGE_CORRUPT',
    ],
    ['a PNG with an impossible colour type', () => damage(plainPng, (copy) => copy.writeUInt8(5, 25)), 'IMAGE_CORRUPT'],
  ]
  it.each(rows)('%s', async (_name, bytes, says) => {
    expect((await answer(bytes())).says).toBe(says)
  })

  it('never fails in another way, wherever a file is cut or a byte is changed', async () => {
    const random = make.randomBytes(1200, 7)
    for (const [f, file] of [jpeg, progressive, plainPng, lossyWebp, losslessWebp].entries()) {
      for (let i = 0; i < 40; i++) {
        const at = random.readUInt16LE((f * 40 + i) * 4) % file.length
        await answer(file.subarray(0, at))
        await answer(damage(file, (copy) => copy.writeUInt8(random[(f * 40 + i) * 4 + 2]!, at)))
      }
    }
  })

  it('a lossy WebP with flipped bytes is judged as what it decodes to', async () => {
    const { says } = await answer(damage(lossyWebp, (copy) => copy.fill(0x55, 400, 420)))
    expect(['ok', 'IMAGE_CORRUPT']).toContain(says)
  })

  it('a palette index out of range is judged', async () => {
    const palette = make.pngChunk('PLTE', Buffer.from([255, 0, 0, 0, 255, 0]))
    const lines = make.scanLines(Buffer.alloc(64 * 64, 1), 64)
    const file = make.png({ width: 64, height: 64, colour: 3, lines, before: [palette] })
    expect((await answer(file)).says).toBe('ok')
    lines[5] = 9
    expect((await answer(make.png({ width: 64, height: 64, colour: 3, lines, before: [palette] }))).says).toBe('ok')
  })

  it('thousands of extra scans are refused before they keep the decoder busy', async () => {
    const segments = make.jpegSegments(progressive)
    const last = segments.filter(({ marker }) => marker === 0xda).at(-1)!
    const scan = progressive.subarray(last.at, last.at + last.length + 20)
    const end = progressive.subarray(-2)
    const bomb = Buffer.concat([progressive.subarray(0, -2), ...Array<Buffer>(MAX_SCANS + 1).fill(scan), end])
    const { says, ms } = await answer(bomb)
    expect(says).toBe('IMAGE_CORRUPT')
    // The decoder would need seconds.
    expect(ms).toBeLessThan(500)
  })

  it('two JPEGs in one file: the first is judged, the rest is told', async () => {
    const { image } = await answer(Buffer.concat([jpeg, jpeg]))
    const alone = await answer(jpeg)
    expect(image!.notes!.map(({ code }) => code)).toEqual(['trailing-data'])
    expect(image!.frame!.data).toEqual(alone.image!.frame!.data)
    expect(alone.image!.notes).toEqual([])
  })

  it('an ICC profile that is cut, of the wrong class or a bomb leaves the pixels as sRGB', async () => {
    const expected = (await answer(plainPng)).image!.frame!.data
    const iccp = (profile: Buffer) =>
      make.pngChunk('iCCP', Buffer.concat([Buffer.from('x\0\0', 'latin1'), deflateSync(profile)]))
    const p3 = (await sharp(await make.noiseImage().withIccProfile('p3').jpeg().toBuffer()).metadata()).icc!
    const wrongClass = damage(p3, (copy) => copy.write('abst', 12, 'latin1'))
    for (const profile of [p3.subarray(0, p3.length / 2), wrongClass, Buffer.alloc(100_000_000)]) {
      const { image, ms } = await answer(insertChunk(plainPng, iccp(profile)))
      expect(image!.frame!.data).toEqual(expected)
      expect(ms).toBeLessThan(2000)
    }
  })
})

describe('bombs', () => {
  const rows: [name: string, make: () => Buffer, says: string][] = [
    [
      'PNG of 16,000 x 16,000, 1 bit',
      () => make.png({ width: 16_000, height: 16_000, depth: 1, colour: 0 }),
      'IMAGE_TOO_LARGE',
    ],
    [
      'PNG of 30,000 x 30,000, 1 bit',
      () => make.png({ width: 30_000, height: 30_000, depth: 1, colour: 0 }),
      'IMAGE_TOO_LARGE',
    ],
    [
      'PNG header of 65,535 x 65,535',
      () => make.png({ width: 65_535, height: 65_535, lines: Buffer.alloc(1) }),
      'IMAGE_TOO_LARGE',
    ],
    [
      'JPEG header of 65,500 x 65,500',
      () => damage(jpeg, (copy) => copy.writeUInt32BE(65_500 * 65_537, make.frameHeaderAt(jpeg) + 5)),
      'IMAGE_TOO_LARGE',
    ],
    [
      'interlaced PNG of 8,000 x 8,000',
      () => make.png({ width: 8000, height: 8000, colour: 6, interlaced: true, lines: Buffer.alloc(1) }),
      'IMAGE_TOO_LARGE',
    ],
    [
      'PNG header of 20,000 x 20,000',
      () => make.png({ width: 20_000, height: 20_000, lines: Buffer.alloc(1) }),
      'IMAGE_TOO_LARGE',
    ],
    ['1 x 1', () => make.png({ width: 1, height: 1 }), 'retry image-too-small'],
    ['1 x 20,000', () => make.png({ width: 1, height: 20_000 }), 'retry image-too-small image-aspect'],
    ['20,000 x 1', () => make.png({ width: 20_000, height: 1 }), 'retry image-too-small image-aspect'],
    ['63 x 63', () => make.png({ width: 63, height: 63 }), 'retry image-too-small'],
    ['64 x 64', () => make.png({ width: 64, height: 64 }), 'ok'],
    ['64 x 257', () => make.png({ width: 64, height: 257 }), 'retry image-aspect'],
  ]
  it.each(rows)('%s', async (_name, bytes, says) => {
    const file = bytes()
    const before = process.memoryUsage.rss()
    const result = await answer(file)
    expect(result.says).toBe(says)
    if (says !== 'ok') {
      // Decoding one of them takes at least 64 million pixels' time and memory.
      expect(result.ms).toBeLessThan(150)
      expect(process.memoryUsage.rss() - before).toBeLessThan(60e6)
    }
  })

  it('a JPEG of 24 megapixels is refused, one of 15.9 is decoded', async () => {
    const jpegOf = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: '#abc' } })
        .jpeg({ progressive: true })
        .toBuffer()
    expect((await answer(await jpegOf(6000, 4000))).says).toBe('IMAGE_TOO_LARGE')
    const { says, ms } = await answer(await jpegOf(4600, 3456))
    expect(says).toBe('ok')
    // 400 ms is the goal; this only catches a decoder that works in vain.
    expect(ms).toBeLessThan(4000)
  })

  it('a text chunk that inflates to 200 MB is not inflated', async () => {
    const text = Buffer.concat([Buffer.from('x\0\0', 'latin1'), deflateSync(Buffer.alloc(200_000_000))])
    const file = insertChunk(plainPng, make.pngChunk('zTXt', text))
    const before = process.memoryUsage.rss()
    expect((await answer(file)).says).toBe('ok')
    expect(process.memoryUsage.rss() - before).toBeLessThan(50e6)
  })

  it('more bytes than the limit are refused', async () => {
    expect((await answer(Buffer.concat([jpeg, Buffer.alloc(5 * 1024 * 1024)]))).says).toBe('BODY_TOO_LARGE')
  })
})

describe('disguises', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><rect width="9" height="9"/></svg>'
  const box = (brand: string) =>
    Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}\0\0\0\0mif1${brand}`, 'latin1')])
  const rows: [name: string, make: () => Buffer | Promise<Buffer>, says: string][] = [
    ['GIF', () => make.cornersImage().gif().toBuffer(), 'GIF'],
    ['SVG', () => Buffer.from(svg), 'SVG'],
    ['SVG with a byte order mark', () => Buffer.from(`\uFEFF<?xml version="1.0"?>\n${svg}`), 'SVG'],
    [
      'SVG with an entity bomb',
      () => Buffer.from(`<!DOCTYPE svg [<!ENTITY a "${'x'.repeat(99)}">]>${svg.replace('<rect', '&a;<rect')}`),
      'SVG',
    ],
    [
      'SVG that includes a local file',
      () => Buffer.from(svg.replace('<rect', '<image href="file:///etc/passwd"/><rect')),
      'SVG',
    ],
    ['SVG compressed', () => gzipSync(svg), 'something else'],
    ['TIFF', () => make.cornersImage().tiff().toBuffer(), 'TIFF'],
    ['AVIF', () => make.cornersImage().avif().toBuffer(), 'AVIF'],
    ['HEIC', () => box('heic'), 'HEIC'],
    ['BMP', () => Buffer.from('BM\0\0\0\0'), 'BMP'],
    ['ICO', () => Buffer.from([0, 0, 1, 0, 1, 0, 16, 16]), 'ICO'],
    ['PDF', () => Buffer.from('%PDF-1.7\n'), 'PDF'],
    ['PSD', () => Buffer.from('8BPS\0\x01', 'latin1'), 'PSD'],
    ['JPEG XL', () => Buffer.from([0xff, 0x0a, 0, 0]), 'JPEG XL'],
    ['JPEG XL in boxes', () => Buffer.from([0, 0, 0, 12, 0x4a, 0x58, 0x4c, 0x20]), 'JPEG XL'],
    ['JPEG 2000', () => Buffer.from([0, 0, 0, 12, 0x6a, 0x50, 0x20, 0x20]), 'JPEG 2000'],
    ['DNG', () => Buffer.from('II*\0\x08\0\0\0', 'latin1'), 'TIFF'],
    ['MP4', () => box('isom'), 'a video'],
    ['HTML', () => Buffer.from('<!doctype html><title>x</title>'), 'something else'],
  ]
  it.each(rows)('%s is refused by its bytes and named', async (_name, bytes, named) => {
    const { says, message } = await answer(await bytes())
    expect(says).toBe('IMAGE_TYPE')
    expect(message).toContain(`received ${named}.`)
  })

  it('tells owners of iPhones what to do about HEIC', async () => {
    expect((await answer(box('heic'))).message).toContain('Most Compatible')
  })

  it('an animated WebP is answered without decoding it', async () => {
    const frames = await Promise.all([1, 2].map((seed) => make.noiseImage(64, 64, seed).png().toBuffer()))
    const animated = await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer()
    expect((await answer(animated)).says).toBe('retry animated-image')
  })

  it('an animation that hides its flag is still seen', async () => {
    const picture = make.webpPicture(lossyWebp)
    const frame = make.webpChunk('ANMF', Buffer.concat([Buffer.alloc(16), picture]))
    const hidden = make.webp(make.vp8x(0, 128, 128), picture, frame)
    expect((await answer(hidden)).says).toBe('retry animated-image')
  })

  it('an APNG whose default picture is no part of the animation is answered without decoding it', async () => {
    const control = Buffer.alloc(8)
    control.writeUInt32BE(2, 0)
    expect((await answer(insertChunk(plainPng, make.pngChunk('acTL', control)))).says).toBe('retry animated-image')
  })

  it('a WebP whose canvas and picture differ in size is refused', async () => {
    expect((await answer(make.webp(make.vp8x(0, 640, 480), make.webpPicture(lossyWebp)))).says).toBe('IMAGE_CORRUPT')
    expect((await answer(make.webp(make.vp8x(0, 128, 128), make.webpPicture(lossyWebp)))).says).toBe('ok')
  })

  it('an archive, a page or a script behind a JPEG is told, and nothing of it is repeated', async () => {
    for (const tail of ['PK\x03\x04', '<html><script>alert(1)</script>', '<?php system("id") ?>']) {
      const result = await answer(Buffer.concat([jpeg, Buffer.from(tail)]))
      expect(result.image!.notes!.map(({ code }) => code)).toEqual(['trailing-data'])
      expect(JSON.stringify(result.image!.notes)).not.toContain(tail)
    }
  })

  it('trailing bytes of PNG and WebP are told too', async () => {
    for (const file of [plainPng, lossyWebp]) {
      const { image } = await answer(Buffer.concat([file, Buffer.from('more')]))
      expect(image!.notes!.map(({ code }) => code)).toEqual(['trailing-data'])
    }
  })

  it('a script in a comment is not repeated by the error', async () => {
    const script = '<?php echo "secret-marker" ?>'
    const file = make.withJpegSegments(jpeg, make.jpegSegment(0xfe, Buffer.from(script)))
    expect((await answer(file)).says).toBe('ok')
    const { says, message } = await answer(file.subarray(0, -400))
    expect(says).toBe('IMAGE_CORRUPT')
    expect(message).not.toContain('secret-marker')
  })
})
