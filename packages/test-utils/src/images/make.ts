/** Makes the pictures of the tests, good and hostile ones, from a seed: none needs a real face and none is a fixture file. */
import { crc32, deflateSync } from 'node:zlib'
import sharp from 'sharp'

/** Deterministic bytes (mulberry32). */
export function randomBytes(length: number, seed = 1): Buffer {
  let state = seed
  return Buffer.from(
    Array.from({ length }, () => {
      state = (state + 0x6d2b79f5) | 0
      let t = Math.imul(state ^ (state >>> 15), 1 | state)
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
      return (t ^ (t >>> 14)) & 255
    }),
  )
}

/** Four smooth, different corners: red, green, blue and white. Tells every orientation from the others. */
export function corners(width: number, height: number): Buffer {
  const colours = [
    [200, 30, 30],
    [30, 180, 30],
    [30, 30, 200],
    [230, 230, 230],
  ] as const
  const data = Buffer.alloc(width * height * 3)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const colour = colours[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)]!
      data.set(colour, (y * width + x) * 3)
    }
  }
  return data
}

export function cornersImage(width = 96, height = 80) {
  return sharp(corners(width, height), { raw: { width, height, channels: 3 } })
}

/** A picture with detail everywhere, so that its compressed data are long. */
export function noiseImage(width = 128, height = 128, seed = 1) {
  return sharp(randomBytes(width * height * 3, seed), { raw: { width, height, channels: 3 } })
}

/** A copy with changed bytes. */
export function damage(bytes: Buffer, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy)
  return copy
}

// JPEG

/** The segments outside entropy-coded data: marker, place of its FF, length with the marker. */
export function jpegSegments(jpeg: Buffer): { marker: number; at: number; length: number }[] {
  const segments: { marker: number; at: number; length: number }[] = []
  for (let at = 2; at + 4 <= jpeg.length; ) {
    const marker = jpeg[at + 1]!
    const isSegment = jpeg[at] === 0xff && marker >= 0xc0 && !(marker >= 0xd0 && marker <= 0xd9)
    if (!isSegment) {
      at += 1
      continue
    }
    const length = 2 + jpeg.readUInt16BE(at + 2)
    segments.push({ marker, at, length })
    at += length
  }
  return segments
}

export function jpegSegment(marker: number, body: Uint8Array): Buffer {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(body.length + 2, 2)
  return Buffer.concat([head, body])
}

/** Puts segments behind the first two bytes. */
export function withJpegSegments(jpeg: Buffer, ...segments: Buffer[]): Buffer {
  return Buffer.concat([jpeg.subarray(0, 2), ...segments, jpeg.subarray(2)])
}

/** The frame header (SOF) of a JPEG: place of its marker. */
export function frameHeaderAt(jpeg: Buffer): number {
  return jpegSegments(jpeg).find(({ marker }) => marker >= 0xc0 && marker <= 0xc2)!.at
}

/** Repeats the last scan of a progressive JPEG: each costs the decoder a pass over the whole picture. */
export function withExtraScans(progressive: Buffer, count: number): Buffer {
  const last = jpegSegments(progressive)
    .filter(({ marker }) => marker === 0xda)
    .at(-1)!
  const scan = progressive.subarray(last.at, last.at + last.length + 20)
  return Buffer.concat([progressive.subarray(0, -2), ...Array<Buffer>(count).fill(scan), progressive.subarray(-2)])
}

/** A TIFF block as EXIF uses it, with the given orientation tags. */
export function exifBlock(...orientations: number[]): Buffer {
  const block = Buffer.alloc(8 + 2 + orientations.length * 12 + 4)
  block.write('II*\0', 0, 'latin1')
  block.writeUInt32LE(8, 4)
  block.writeUInt16LE(orientations.length, 8)
  orientations.forEach((value, i) => {
    const at = 10 + i * 12
    block.writeUInt16LE(0x0112, at)
    block.writeUInt16LE(3, at + 2)
    block.writeUInt32LE(1, at + 4)
    block.writeUInt16LE(value, at + 8)
  })
  return block
}

/** The same with a second directory, which holds a small picture. */
export function exifWithThumbnail(thumbnail: Buffer): Buffer {
  const block = Buffer.concat([exifBlock(1), Buffer.alloc(2 + 2 * 12 + 4), thumbnail])
  const ifd1 = exifBlock(1).length
  block.writeUInt32LE(ifd1, ifd1 - 4)
  block.writeUInt16LE(2, ifd1)
  for (const [i, [tag, value]] of [
    [0x0201, ifd1 + 30],
    [0x0202, thumbnail.length],
  ].entries()) {
    block.writeUInt16LE(tag!, ifd1 + 2 + i * 12)
    block.writeUInt16LE(4, ifd1 + 4 + i * 12)
    block.writeUInt32LE(1, ifd1 + 6 + i * 12)
    block.writeUInt32LE(value!, ifd1 + 10 + i * 12)
  }
  return block
}

/** An EXIF block of 64 kB whose directory is followed by itself. */
export function loopedExif(orientation: number): Buffer {
  const block = Buffer.concat([exifBlock(orientation), Buffer.alloc(65_000)])
  block.writeUInt32LE(8, 8 + 2 + 12)
  return block
}

export function jpegWithExif(jpeg: Buffer, block: Buffer): Buffer {
  return withJpegSegments(jpeg, jpegSegment(0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), block])))
}

// PNG

const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

export function pngChunk(type: string, body: Uint8Array = new Uint8Array(0)): Buffer {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body])
  const chunk = Buffer.alloc(typed.length + 8)
  chunk.writeUInt32BE(body.length, 0)
  typed.copy(chunk, 4)
  chunk.writeUInt32BE(crc32(typed), typed.length + 4)
  return chunk
}

export interface PngInit {
  width: number
  height: number
  depth?: number
  colour?: number
  interlaced?: boolean
  /** Raw scan lines with their filter bytes; default black. */
  lines?: Uint8Array
  before?: Buffer[]
  after?: Buffer[]
}

/** A PNG written by hand, so that any field may lie. */
export function png(init: PngInit): Buffer {
  const { width, height, depth = 8, colour = 2, interlaced = false, before = [], after = [] } = init
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, colour, 0, 0, interlaced ? 1 : 0], 8)
  const channels = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }[colour]!
  const lines = init.lines ?? Buffer.alloc(height * (1 + Math.ceil((width * channels * depth) / 8)))
  return Buffer.concat([
    PNG_SIGNATURE,
    pngChunk('IHDR', header),
    ...before,
    pngChunk('IDAT', deflateSync(lines)),
    ...after,
    pngChunk('IEND'),
  ])
}

/** Scan lines of 8-bit samples, filter 0. */
export function scanLines(data: Uint8Array, bytesPerLine: number): Buffer {
  const lines: Buffer[] = []
  for (let at = 0; at < data.length; at += bytesPerLine) {
    lines.push(Buffer.from([0]), Buffer.from(data.subarray(at, at + bytesPerLine)))
  }
  return Buffer.concat(lines)
}

export function pngChunks(file: Buffer): { type: string; at: number; end: number }[] {
  const chunks: { type: string; at: number; end: number }[] = []
  for (let at = 8; at + 12 <= file.length; ) {
    const end = at + 12 + file.readUInt32BE(at)
    chunks.push({ type: file.toString('latin1', at + 4, at + 8), at, end })
    at = end
  }
  return chunks
}

/** Puts a chunk behind the header of a PNG. */
export function withPngChunk(file: Buffer, chunk: Buffer): Buffer {
  const { end } = pngChunks(file)[0]!
  return Buffer.concat([file.subarray(0, end), chunk, file.subarray(end)])
}

/** The chunk that makes a PNG an animation of two frames. */
export function animationControl(): Buffer {
  const control = Buffer.alloc(8)
  control.writeUInt32BE(2, 0)
  return pngChunk('acTL', control)
}

// WebP

export function webpChunk(type: string, body: Uint8Array): Buffer {
  const head = Buffer.alloc(8)
  head.write(type, 0, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}

export function webp(...chunks: Buffer[]): Buffer {
  const body = Buffer.concat([Buffer.from('WEBP', 'latin1'), ...chunks])
  const head = Buffer.alloc(8)
  head.write('RIFF', 0, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body])
}

/** The picture chunk of a simple WebP file, header included. */
export function webpPicture(file: Buffer): Buffer {
  return file.subarray(12)
}

/** The extended header: flags and canvas. */
export function vp8x(flags: number, width: number, height: number): Buffer {
  const body = Buffer.alloc(10)
  body[0] = flags
  body.writeUIntLE(width - 1, 4, 3)
  body.writeUIntLE(height - 1, 7, 3)
  return webpChunk('VP8X', body)
}
