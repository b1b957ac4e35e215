/** The table of hostile files: each with the answer that was decided for it, whoever asks the decoder. */
import { gzipSync } from 'node:zlib'
import * as make from './make.ts'

/** What it is, how it is made, what the decoder says. */
export type HostileFile = readonly [
  name: string,
  make: () => Buffer | Promise<Buffer>,
  /** An error code, `retry <reasons>` for an answer without pixels, or `ok`; for disguises the name of the type that was seen. */
  says: string,
]

export const jpeg = await make.noiseImage().jpeg({ quality: 90 }).toBuffer()
export const progressive = await make.noiseImage().jpeg({ progressive: true }).toBuffer()
export const plainPng = await make.noiseImage().png().toBuffer()
export const lossyWebp = await make.noiseImage().webp().toBuffer()
export const losslessWebp = await make.noiseImage().webp({ lossless: true }).toBuffer()

function chunkAt(file: Buffer, type: string) {
  return make.pngChunks(file).find((chunk) => chunk.type === type)!
}

/** Files that no decoder should make a picture of. */
export const BROKEN: readonly HostileFile[] = [
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
    () => make.damage(plainPng, (copy) => copy.writeUInt32BE(1, chunkAt(plainPng, 'IDAT').end - 4)),
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
      make.damage(jpeg, (copy) => {
        const scan = make.jpegSegments(jpeg).find(({ marker }) => marker === 0xda)!
        for (let i = scan.at + scan.length; i < copy.length - 2; i += 97) copy[i]! ^= 0xff
      }),
    'IMAGE_CORRUPT',
  ],
  [
    'a JPEG with a broken Huffman table',
    () =>
      make.damage(jpeg, (copy) => {
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
  [
    'a 12-bit JPEG',
    () => make.damage(jpeg, (copy) => copy.writeUInt8(12, make.frameHeaderAt(jpeg) + 4)),
    'IMAGE_CORRUPT',
  ],
  ...[0xc3, 0xc5, 0xc9, 0xca, 0xcb].map(
    (marker): HostileFile => [
      `a JPEG relabelled as SOF${marker - 0xc0} (lossless, hierarchical, arithmetic)`,
      () => make.damage(jpeg, (copy) => copy.writeUInt8(marker, make.frameHeaderAt(jpeg) + 1)),
      'IMAGE_CORRUPT',
    ],
  ),
  ['a WebP that was cut', () => lossyWebp.subarray(0, lossyWebp.length / 2), 'IMAGE_CORRUPT'],
  [
    'a WebP that says it is longer',
    () => make.damage(lossyWebp, (copy) => copy.writeUInt32LE(lossyWebp.length + 100, 4)),
    'IMAGE_CORRUPT',
  ],
  [
    'a WebP that says it is shorter',
    () => make.damage(lossyWebp, (copy) => copy.writeUInt32LE(60, 4)),
    'IMAGE_CORRUPT',
  ],
  [
    'a lossless WebP with broken Huffman tables',
    () => make.damage(losslessWebp, (copy) => copy.fill(0xff, 25, 60)),
    'IMAGE_CORRUPT',
  ],
  ['a PNG of width 0', () => make.png({ width: 0, height: 100, lines: Buffer.alloc(10) }), 'IMAGE_CORRUPT'],
  ['a PNG of width 2e9', () => make.png({ width: 2e9, height: 100, lines: Buffer.alloc(10) }), 'IMAGE_CORRUPT'],
  [
    'noise after a PNG signature',
    () => Buffer.concat([plainPng.subarray(0, 8), make.randomBytes(100_000)]),
    'IMAGE_CORRUPT',
  ],
  [
    'a PNG with an impossible colour type',
    () => make.damage(plainPng, (copy) => copy.writeUInt8(5, 25)),
    'IMAGE_CORRUPT',
  ],
]

/** Small files with huge pictures, and pictures that are too small. */
export const BOMBS: readonly HostileFile[] = [
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
    () => make.damage(jpeg, (copy) => copy.writeUInt32BE(65_500 * 65_537, make.frameHeaderAt(jpeg) + 5)),
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

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="100"><rect width="9" height="9"/></svg>'
/** A file of boxes, as HEIC, AVIF and MP4 are, that ends behind its first. */
export const box = (brand: string) =>
  Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from(`ftyp${brand}\0\0\0\0mif1${brand}`, 'latin1')])

/** Files of other types, refused by their bytes: IMAGE_TYPE, with the name of what they are. */
export const DISGUISES: readonly HostileFile[] = [
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
