/** Strict reading of Content-Type: one type, no parameter twice, so that two parsers cannot read it differently. */
import { LivenessError } from '@unspoof/core'

export interface MediaType {
  /** Lower case, such as `multipart/form-data`; empty where there is no header. */
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const TYPE = new RegExp(`^(${TOKEN}/${TOKEN})[ \\t]*`)
const PARAMETER = new RegExp(`;[ \\t]*(${TOKEN})=(?:(${TOKEN})|"([^"\\\\]*)")[ \\t]*`, 'y')

/** @throws LivenessError BODY_MALFORMED for anything but one well-formed media type. */
export function parseMediaType(header: string | undefined): MediaType {
  const parameters = new Map<string, string>()
  if (header === undefined || header === '') return { type: '', parameters }
  const match = TYPE.exec(header)
  if (match === null) throw malformed('a media type in Content-Type')
  let position = match[0].length
  while (position < header.length) {
    PARAMETER.lastIndex = position
    const parameter = PARAMETER.exec(header)
    // A lone trailing semicolon is common and says nothing.
    if (parameter === null && /^;?[ \t]*$/.test(header.slice(position))) break
    if (parameter === null) throw malformed('name=value parameters in Content-Type')
    const name = parameter[1]!.toLowerCase()
    if (parameters.has(name)) throw malformed('no parameter twice in Content-Type')
    parameters.set(name, parameter[2] ?? parameter[3] ?? '')
    position = PARAMETER.lastIndex
  }
  return { type: match[1]!.toLowerCase(), parameters }
}

/**
 * RFC 2046 allows 1 to 70 characters. One character is refused: no client sends it, and it makes a delimiter of
 * almost any line in a picture. So are spaces, which some parsers cut off.
 */
const BOUNDARY = /^[0-9A-Za-z'()+_,\-./:=?]{2,70}$/

/** @throws LivenessError BODY_MALFORMED */
export function multipartBoundary(media: MediaType): string {
  const boundary = media.parameters.get('boundary')
  if (boundary === undefined || !BOUNDARY.test(boundary)) throw malformed('a boundary of 2 to 70 characters')
  return boundary
}

function malformed(expected: string): LivenessError {
  return new LivenessError('BODY_MALFORMED', `Expected ${expected}.`)
}
