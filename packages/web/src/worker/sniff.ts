/** Tells JPEG, PNG and WebP by their first bytes, and finds animations before anything is decoded. */
import { LivenessError } from '@unspoof/core'

export interface Sniffed {
  readonly type: 'image/jpeg' | 'image/png' | 'image/webp'
  readonly animated: boolean
}

/** @throws LivenessError IMAGE_TYPE for everything else, whatever its name or declared type; IMAGE_CORRUPT for nothing. */
export function sniff(bytes: Uint8Array): Sniffed {
  if (bytes.length === 0) throw new LivenessError('IMAGE_CORRUPT', 'This file is empty.')
  if (startsWith(bytes, 0, [0xff, 0xd8, 0xff])) return { type: 'image/jpeg', animated: false }
  if (startsWith(bytes, 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) {
    return { type: 'image/png', animated: hasAnimationChunk(bytes) }
  }
  if (text(bytes, 0) === 'RIFF' && text(bytes, 8) === 'WEBP') {
    // The flags byte of the extended header; bit 1 says animation.
    return { type: 'image/webp', animated: text(bytes, 12) === 'VP8X' && ((bytes[20] ?? 0) & 2) !== 0 }
  }
  const isHeic = text(bytes, 4) === 'ftyp' && /^(he|mif1|msf1)/.test(text(bytes, 8))
  throw new LivenessError(
    'IMAGE_TYPE',
    isHeic ? 'This file is HEIC, not JPEG, PNG or WebP.' : 'This file is not a JPEG, PNG or WebP picture.',
    isHeic ? { hint: 'Send a JPEG image. On an iPhone: Settings, Camera, Formats, Most Compatible.' } : {},
  )
}

/** An animated PNG says so with an acTL chunk before its pixels. */
function hasAnimationChunk(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    const type = text(bytes, at + 4)
    if (type === 'acTL') return true
    if (type === 'IDAT') return false
  }
  return false
}

function text(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4))
}

function startsWith(bytes: Uint8Array, at: number, wanted: readonly number[]): boolean {
  return wanted.every((value, i) => bytes[at + i] === value)
}
