/** Pictures as data URLs. */
import { LivenessError } from '@unspoof/core'
import { looksLikeImage } from './sniff.ts'

export interface DataUrl {
  /** The media type without parameters, lower case; empty where there is none. */
  readonly type: string
  readonly bytes: Buffer
}

export function isDataUrl(value: unknown): value is string {
  return typeof value === 'string' && value.slice(0, 5).toLowerCase() === 'data:'
}

/** The media type that a data URL claims, lower case; empty where it claims none. */
export function dataUrlType(url: string): string {
  const head = url.slice(5, 5 + 256)
  return head.slice(0, Math.max(0, head.search(/[;,]/))).toLowerCase()
}

/** Claims that say nothing about the bytes. */
const UNTYPED: ReadonlySet<string> = new Set(['', 'application/octet-stream'])

/**
 * Decodes `data:<type>;base64,<data>` as the WHATWG's forgiving-base64 does: white space is skipped and padding may be missing. Bytes without a
 * type, or with `application/octet-stream`, have to look like an image.
 * @throws LivenessError IMAGE_TYPE where it is no raster image; BODY_MALFORMED; BODY_TOO_LARGE.
 */
export function decodeDataUrl(url: string, maxBytes: number): DataUrl {
  const type = dataUrlType(url)
  if (!UNTYPED.has(type) && !/^image\/(?!svg)/.test(type)) throw noImage()
  const comma = url.indexOf(',')
  if (comma < 0 || comma > 256 || !/;\s*base64\s*$/i.test(url.slice(0, comma))) {
    throw new LivenessError('BODY_MALFORMED', 'Expected data:<type>;base64,<data> for the image.')
  }
  const text = url.slice(comma + 1)
  // Line breaks add a thirtieth; anything much longer is not worth looking at.
  if ((text.length / 4) * 3 > maxBytes * 1.1 + 256) throw tooLarge(maxBytes)
  const bytes = decodeBase64(text)
  if (bytes.length > maxBytes) throw tooLarge(maxBytes)
  if (UNTYPED.has(type) && !looksLikeImage(bytes)) throw noImage()
  return { type, bytes }
}

/** @throws LivenessError BODY_MALFORMED */
function decodeBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  if (encodes(bytes, text)) return bytes
  const plain = text.replace(/[\t\n\f\r ]+/g, '')
  const padded = plain.includes('=') ? plain : plain.padEnd(Math.ceil(plain.length / 4) * 4, '=')
  const again = Buffer.from(padded, 'base64')
  if (encodes(again, padded)) return again
  const wrong = /[^A-Za-z0-9+/=]/.exec(plain)
  if (wrong === null) throw new LivenessError('BODY_MALFORMED', 'Expected whole base64 in the data URL, but it is cut.')
  throw new LivenessError(
    'BODY_MALFORMED',
    /[-_]/.test(wrong[0])
      ? 'Expected standard base64 in the data URL but received base64url (with - or _).'
      : `Expected base64 in the data URL, but character ${wrong.index + 1} of the data is none of its alphabet.`,
  )
}

function noImage(): LivenessError {
  return new LivenessError('IMAGE_TYPE', 'Expected a JPEG, PNG or WebP image in the data URL.')
}

function tooLarge(maxBytes: number): LivenessError {
  return new LivenessError('BODY_TOO_LARGE', `Expected images of at most ${maxBytes} bytes.`)
}

/** True for padded standard base64 and nothing else. */
export function isBase64(text: string): boolean {
  return encodes(Buffer.from(text, 'base64'), text)
}

/** Node's decoder skips what it does not know; encoding again shows whether it did. Far faster than a pattern. */
function encodes(bytes: Buffer, text: string): boolean {
  return text.length % 4 === 0 && bytes.toString('base64') === text
}
