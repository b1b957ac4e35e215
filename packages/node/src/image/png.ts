/** Reads the structure of a PNG file: header, chunks, end (PNG third edition, 5 and 11). */
import { corrupt, type ImageHeader, viewOf } from './header.ts'

/** libpng's own limit for a side; more is a forged header. */
const CREDIBLE_SIDE = 1_000_000

const SIGNATURE_BYTES = 8
/** Length, type and CRC of a chunk. */
const CHUNK_OVERHEAD = 12

const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
}

/** @throws LivenessError IMAGE_CORRUPT */
export function readPngHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes)
  let size: { width: number; height: number } | undefined
  let animated = false
  let pixels = false
  let at = SIGNATURE_BYTES
  while (at + CHUNK_OVERHEAD <= bytes.length) {
    const length = view.getUint32(at)
    const type = view.getUint32(at + 4)
    const end = at + CHUNK_OVERHEAD + length
    if (end > bytes.length) throw corrupt('a chunk reaches past its end')
    if (size === undefined) {
      if (type !== IHDR || length !== 13) throw corrupt('its header is missing')
      size = readSize(view, at + 8)
    } else if (type === IHDR) {
      throw corrupt('it has two headers')
    }
    if (type === ACTL) animated = true
    if (type === IDAT) pixels = true
    if (type === IEND) {
      if (!pixels) throw corrupt('it has no pixels')
      return { type: 'png', ...size, animated, trailing: end < bytes.length }
    }
    at = end
  }
  throw corrupt('its end is missing')
}

const IHDR = 0x49484452
const IDAT = 0x49444154
const IEND = 0x49454e44
const ACTL = 0x6163544c

function readSize(view: DataView, at: number): { width: number; height: number } {
  const width = view.getUint32(at)
  const height = view.getUint32(at + 4)
  if (width === 0 || height === 0 || width > CREDIBLE_SIDE || height > CREDIBLE_SIDE) {
    throw corrupt('its width or height cannot be')
  }
  if (!DEPTHS[view.getUint8(at + 9)]?.includes(view.getUint8(at + 8))) throw corrupt('its colour type cannot be')
  return { width, height }
}
