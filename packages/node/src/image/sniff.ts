/** Tells the type of a picture by its first bytes, and refuses everything but JPEG, PNG and WebP. */
import { LivenessError } from '@unspoof/core'
import { corrupt, type ImageHeader, type ImageType } from './header.ts'
import { readJpegHeader } from './jpeg.ts'
import { readPngHeader } from './png.ts'
import { readWebpHeader } from './webp.ts'

const READERS: Readonly<Record<ImageType, (bytes: Uint8Array) => ImageHeader>> = {
  jpeg: readJpegHeader,
  png: readPngHeader,
  webp: readWebpHeader,
}

/**
 * Reads the header of a picture. Nothing but the bytes decides its type: neither a file name nor a Content-Type.
 * @throws LivenessError IMAGE_TYPE for anything but JPEG, PNG and WebP; IMAGE_CORRUPT where the structure is damaged.
 */
export function readHeader(bytes: Uint8Array): ImageHeader {
  if (bytes.length === 0) throw corrupt('it has no bytes')
  const type = sniffType(bytes)
  if (type === undefined) throw unsupported(bytes)
  return READERS[type](bytes)
}

/** The type by magic bytes; undefined for anything that is not accepted. */
function sniffType(bytes: Uint8Array): ImageType | undefined {
  if (startsWith(bytes, 0, [0xff, 0xd8, 0xff])) return 'jpeg'
  if (startsWith(bytes, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'png'
  if (ascii(bytes, 0, 4) === 'RIFF' && ascii(bytes, 8, 4) === 'WEBP') return 'webp'
  return undefined
}

/** Formats people send by mistake: naming them saves a support request. */
function unsupported(bytes: Uint8Array): LivenessError {
  const name = nameOf(bytes)
  const message = `Expected a JPEG, PNG or WebP picture but received ${name ?? 'something else'}.`
  if (name !== 'HEIC') return new LivenessError('IMAGE_TYPE', message)
  return new LivenessError('IMAGE_TYPE', message, {
    hint: 'Send a JPEG picture. On an iPhone: Settings, Camera, Formats, Most Compatible.',
  })
}

function nameOf(bytes: Uint8Array): string | undefined {
  const head = ascii(bytes, 0, 4)
  if (head === 'GIF8') return 'GIF'
  if (head === 'II*\0' || head === 'MM\0*' || head === 'II+\0' || head === 'MM\0+') return 'TIFF'
  if (head === '%PDF') return 'PDF'
  if (head === '8BPS') return 'PSD'
  if (head.startsWith('BM')) return 'BMP'
  if (startsWith(bytes, 0, [0, 0, 1, 0])) return 'ICO'
  if (startsWith(bytes, 0, [0xff, 0x0a]) || ascii(bytes, 4, 4) === 'JXL ') return 'JPEG XL'
  if (ascii(bytes, 4, 4) === 'jP  ' || startsWith(bytes, 0, [0xff, 0x4f, 0xff, 0x51])) return 'JPEG 2000'
  if (ascii(bytes, 4, 4) === 'ftyp') {
    const brand = ascii(bytes, 8, 4)
    if (brand.startsWith('avi')) return 'AVIF'
    if (['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx', 'mif1', 'msf1'].includes(brand)) return 'HEIC'
    return 'a video'
  }
  if (/<svg[\s>]/i.test(ascii(bytes, 0, 1024))) return 'SVG'
  return undefined
}

function startsWith(bytes: Uint8Array, at: number, magic: readonly number[]): boolean {
  return magic.every((byte, i) => bytes[at + i] === byte)
}

/** Bytes as Latin-1, shorter where the file ends. */
function ascii(bytes: Uint8Array, at: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + length))
}
