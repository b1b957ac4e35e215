/** Reads the structure of a WebP file: container, canvas, the one picture in it (RFC 9649). */
import { corrupt, type ImageHeader, viewOf } from './header.ts'

const ANIMATION_FLAG = 0x02

interface Size {
  readonly width: number
  readonly height: number
}

/** @throws LivenessError IMAGE_CORRUPT */
export function readWebpHeader(bytes: Uint8Array): ImageHeader {
  const view = viewOf(bytes)
  if (bytes.length < 20) throw corrupt('its end is missing')
  const end = 8 + view.getUint32(4, true)
  // Chunks are padded to even lengths; some writers leave out the last padding byte.
  if (end > bytes.length + (end % 2)) throw corrupt('it is shorter than it says')
  let canvas: Size | undefined
  let picture: Size | undefined
  let animated = false
  let at = 12
  while (at + 8 <= end) {
    const type = String.fromCharCode(...bytes.subarray(at, at + 4))
    const length = view.getUint32(at + 4, true)
    const body = at + 8
    if (body + length > end) throw corrupt('a chunk reaches past its end')
    if (type === 'VP8X') {
      if (length < 10) throw corrupt('its header is too short')
      animated ||= (bytes[body]! & ANIMATION_FLAG) !== 0
      canvas = { width: 1 + uint24(bytes, body + 4), height: 1 + uint24(bytes, body + 7) }
    } else if (type === 'ANIM' || type === 'ANMF') {
      animated = true
    } else if (type === 'VP8 ' || type === 'VP8L') {
      if (picture !== undefined) throw corrupt('it has two pictures')
      picture = type === 'VP8 ' ? lossySize(bytes, view, body, length) : losslessSize(bytes, view, body, length)
    }
    at = body + length + (length % 2)
  }
  const trailing = end < bytes.length
  if (animated && canvas !== undefined) return { type: 'webp', ...canvas, animated, trailing }
  if (picture === undefined) throw corrupt('it has no pixels')
  if (canvas !== undefined && (canvas.width !== picture.width || canvas.height !== picture.height)) {
    throw corrupt('its canvas and its picture differ in size')
  }
  return { type: 'webp', ...picture, animated, trailing }
}

/** A VP8 key frame (RFC 6386, 9.1): 3 bytes of tag, 3 of start code, two times 14 bits of size and 2 of scale. */
function lossySize(bytes: Uint8Array, view: DataView, at: number, length: number): Size {
  const isKeyFrame = length >= 10 && (bytes[at]! & 1) === 0
  if (!isKeyFrame || bytes[at + 3] !== 0x9d || bytes[at + 4] !== 0x01 || bytes[at + 5] !== 0x2a) {
    throw corrupt('its picture has no header')
  }
  return nonEmpty({ width: view.getUint16(at + 6, true) & 0x3fff, height: view.getUint16(at + 8, true) & 0x3fff })
}

/** Lossless: a signature byte, then two times 14 bits of size less one. */
function losslessSize(bytes: Uint8Array, view: DataView, at: number, length: number): Size {
  if (length < 5 || bytes[at] !== 0x2f) throw corrupt('its picture has no header')
  const bits = view.getUint32(at + 1, true)
  return { width: 1 + (bits & 0x3fff), height: 1 + ((bits >>> 14) & 0x3fff) }
}

function nonEmpty(size: Size): Size {
  if (size.width === 0 || size.height === 0) throw corrupt('it has no width or height')
  return size
}

function uint24(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16)
}
