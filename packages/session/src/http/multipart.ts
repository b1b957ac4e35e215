/** A strict reader of small multipart/form-data bodies (RFC 7578) that are already in memory. Anything unusual is refused, not guessed at. */
import { LivenessError } from '@unspoof/core'

export interface Part {
  readonly name: string
  /** True where the part has a file name; the name itself is not kept. */
  readonly file: boolean
  /** A view of the body's bytes. */
  readonly bytes: Uint8Array
}

const MAX_HEADER_BYTES = 1024

/**
 * @param contentType the request's Content-Type header
 * @throws LivenessError BODY_MALFORMED, TOO_MANY_PARTS, ENCODING_UNSUPPORTED
 */
export function parseMultipart(body: Uint8Array, contentType: string, maxParts: number): Part[] {
  const delimiter = ascii(`\r\n--${boundaryOf(contentType)}`)
  const parts: Part[] = []
  // The first delimiter has no line break before it.
  if (!startsWith(body, delimiter.subarray(2), 0)) throw malformed('the boundary at the beginning')
  let position = delimiter.length - 2
  while (true) {
    if (startsWith(body, ascii('--'), position)) return parts
    if (!startsWith(body, ascii('\r\n'), position)) throw malformed('a line break after the boundary')
    const start = position + 2
    const headerEnd = indexOf(body, ascii('\r\n\r\n'), start, start + MAX_HEADER_BYTES)
    if (headerEnd < 0) throw malformed(`part headers of at most ${MAX_HEADER_BYTES} bytes`)
    const end = indexOf(body, delimiter, headerEnd + 2, body.length)
    if (end < 0) throw malformed('a closing boundary')
    if (parts.length === maxParts) throw new LivenessError('TOO_MANY_PARTS', `Expected at most ${maxParts} parts.`)
    const header = new TextDecoder().decode(body.subarray(start, headerEnd))
    parts.push({ ...parseHeaders(header), bytes: body.subarray(Math.min(headerEnd + 4, end), end) })
    position = end + delimiter.length
  }
}

function boundaryOf(contentType: string): string {
  // One boundary, of the characters browsers use, 1 to 70 of them.
  const match = /^multipart\/form-data\s*;\s*boundary=(?:"([\w'()+,./:=?-]{1,70})"|([\w'()+./:=?-]{1,70}))\s*$/i.exec(
    contentType,
  )
  const boundary = match?.[1] ?? match?.[2]
  if (boundary === undefined) throw malformed('one boundary of 1 to 70 characters in Content-Type')
  return boundary
}

function parseHeaders(text: string): { name: string; file: boolean } {
  const lines = text.split('\r\n')
  if (lines.length > 8) throw malformed('at most 8 headers a part')
  let disposition: string | undefined
  for (const line of lines) {
    const colon = line.indexOf(':')
    if (colon < 1) throw malformed('part headers')
    const name = line.slice(0, colon).toLowerCase()
    const value = line.slice(colon + 1).trim()
    if (name === 'content-disposition') {
      if (disposition !== undefined) throw malformed('one Content-Disposition a part')
      disposition = value
    } else if (name === 'content-transfer-encoding' && !/^(binary|8bit|7bit)$/i.test(value)) {
      throw new LivenessError('ENCODING_UNSUPPORTED', 'Expected parts without a transfer encoding.')
    } else if (name === 'content-type' && /^multipart\//i.test(value)) {
      throw new LivenessError('ENCODING_UNSUPPORTED', 'Expected no multipart inside multipart.')
    }
  }
  const match = /^form-data;\s*name="([\w-]{1,40})"(;\s*filename\*?=.*)?$/is.exec(disposition ?? '')
  if (match === null) throw malformed('a plain name for every part')
  return { name: match[1]!, file: match[2] !== undefined }
}

function startsWith(body: Uint8Array, wanted: Uint8Array, at: number): boolean {
  return at + wanted.length <= body.length && wanted.every((byte, i) => body[at + i] === byte)
}

/** Where `wanted` begins, from `from` on and before `until`; -1 where it does not. */
function indexOf(body: Uint8Array, wanted: Uint8Array, from: number, until: number): number {
  for (let at = body.indexOf(wanted[0]!, from); at >= 0 && at < until; at = body.indexOf(wanted[0]!, at + 1)) {
    if (startsWith(body, wanted, at)) return at
  }
  return -1
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0))
}

function malformed(expected: string): LivenessError {
  return new LivenessError('BODY_MALFORMED', `Expected ${expected} in the multipart body.`)
}
