/** Pictures as data URLs. */
import { LivenessError } from '@unspoof/core'

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

/**
 * Decodes `data:<type>;base64,<padded standard base64>` and nothing else: no white space, no URL alphabet, no missing padding.
 * @throws LivenessError IMAGE_TYPE where the type is no raster picture; BODY_MALFORMED; BODY_TOO_LARGE.
 */
export function decodeDataUrl(url: string, maxBytes: number): DataUrl {
  const type = dataUrlType(url)
  if (!/^image\/(?!svg)/.test(type)) {
    throw new LivenessError('IMAGE_TYPE', 'Expected a JPEG, PNG or WebP picture in the data URL.')
  }
  const comma = url.indexOf(',')
  if (comma < 0 || comma > 256 || !/;base64$/i.test(url.slice(0, comma))) {
    throw new LivenessError('BODY_MALFORMED', 'Expected data:<type>;base64,<data> for the picture.')
  }
  const text = url.slice(comma + 1)
  if ((text.length / 4) * 3 > maxBytes + 2) {
    throw new LivenessError('BODY_TOO_LARGE', `Expected pictures of at most ${maxBytes} bytes.`)
  }
  const bytes = Buffer.from(text, 'base64')
  if (!encodes(bytes, text)) {
    throw new LivenessError('BODY_MALFORMED', 'Expected padded standard base64 in the data URL.')
  }
  if (bytes.length > maxBytes) {
    throw new LivenessError('BODY_TOO_LARGE', `Expected pictures of at most ${maxBytes} bytes.`)
  }
  return { type, bytes }
}

/** True for padded standard base64 and nothing else. */
export function isBase64(text: string): boolean {
  return encodes(Buffer.from(text, 'base64'), text)
}

/** Node's decoder skips what it does not know; encoding again shows whether it did. Far faster than a pattern. */
function encodes(bytes: Buffer, text: string): boolean {
  return text.length % 4 === 0 && bytes.toString('base64') === text
}
