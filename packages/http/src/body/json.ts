/** JSON bodies: bounded before they are parsed, and searched for pictures. */
import { randomUUID } from 'node:crypto'
import { LivenessError } from '@unspoof/core'
import { dataUrlType, decodeDataUrl, isBase64, isDataUrl } from './data-url.ts'
import type { ImageSelection } from './images.ts'
import type { UploadLimits } from './limits.ts'
import { createUpload, type Upload } from './upload.ts'

type JsonLimits = Pick<UploadLimits, 'jsonDepth' | 'jsonNodes' | 'jsonTextBytes' | 'images' | 'fileBytes'>

/** Strings of at least so many bytes are looked at as pictures before the rest is parsed. */
const LONG = 64 * 1024

/** Marks the place of a picture in the text that is parsed; no client can know it. */
const MARK = `picture ${randomUUID()} `

/**
 * The value of a JSON body. Pictures are taken out of it first and put back as the strings they were: decoding and parsing
 * megabytes of base64 as text would hold up the event loop for tens of milliseconds.
 * @throws LivenessError BODY_MALFORMED for what is no JSON, too deep or too many values; BODY_TOO_LARGE for too much beside the pictures.
 */
export function parseJson(bytes: Buffer, limits: JsonLimits): unknown {
  const { text, pictures } = takePictures(bytes, limits)
  try {
    const whole = { value: JSON.parse(text) as unknown }
    putBack(whole, pictures)
    return whole.value
  } catch {
    // The parser's own message quotes the body.
    throw malformed('well-formed JSON')
  }
}

/** Not by JSON.parse's reviver, which takes several times as long. */
function putBack(root: object, pictures: readonly string[]): void {
  let missing = pictures.length
  const pending = [root as Record<string, unknown>]
  while (missing > 0 && pending.length > 0) {
    const parent = pending.pop()!
    for (const key in parent) {
      const value = parent[key]
      if (typeof value === 'object' && value !== null) pending.push(value as Record<string, unknown>)
      else if (typeof value === 'string' && value.startsWith(MARK)) {
        parent[key] = pictures[Number(value.slice(MARK.length))]
        missing--
      }
    }
  }
}

/** Counts brackets and commas outside strings, so that a costly document is refused before it is built. */
function takePictures(bytes: Buffer, limits: JsonLimits): { text: string; pictures: string[] } {
  const pieces: (Buffer | string)[] = []
  const pictures: string[] = []
  let taken = 0
  let keptFrom = 0
  let depth = 0
  let nodes = 0
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case 0x22: {
        const end = endOfString(bytes, i)
        const picture = end - i > LONG && !isKey(bytes, end) ? plainDataUrl(bytes, i + 1, end) : undefined
        if (picture !== undefined) {
          pieces.push(bytes.subarray(keptFrom, i + 1), MARK + pictures.length)
          pictures.push(picture)
          taken += picture.length
          keptFrom = end
        }
        i = end
        break
      }
      case 0x5b: // [
      case 0x7b: // {
        nodes++
        if (++depth > limits.jsonDepth) throw malformed(`JSON of at most ${limits.jsonDepth} levels`)
        break
      case 0x5d: // ]
      case 0x7d: // }
        depth--
        break
      case 0x2c: // ,
        if (++nodes > limits.jsonNodes) throw malformed(`JSON of at most ${limits.jsonNodes} values`)
        break
    }
    if (i - taken > limits.jsonTextBytes) {
      throw new LivenessError(
        'BODY_TOO_LARGE',
        `Expected at most ${limits.jsonTextBytes} bytes of JSON beside the pictures.`,
      )
    }
  }
  pieces.push(bytes.subarray(keptFrom))
  const text = pieces.map((piece) => (typeof piece === 'string' ? piece : piece.toString('utf8'))).join('')
  return { text, pictures }
}

/** Index of the closing quote. `indexOf` keeps this fast where the string is a picture. */
function endOfString(bytes: Buffer, start: number): number {
  let end = start
  for (;;) {
    end = bytes.indexOf(0x22, end + 1)
    if (end < 0) return bytes.length
    let backslashes = 0
    while (bytes[end - 1 - backslashes] === 0x5c) backslashes++
    if (backslashes % 2 === 0) return end
  }
}

function isKey(bytes: Buffer, closingQuote: number): boolean {
  return /^\s*:/.test(bytes.toString('latin1', closingQuote + 1, closingQuote + 65))
}

/** The string between two quotes, where it is a data URL that means itself: no escapes, nothing but base64 behind the comma. */
function plainDataUrl(bytes: Buffer, start: number, end: number): string | undefined {
  const head = /^data:[\w.+/-]{0,100};base64,/i.exec(bytes.toString('latin1', start, start + 120))
  if (head === null) return undefined
  const url = bytes.toString('latin1', start, end)
  return isBase64(url.slice(head[0].length)) ? url : undefined
}

/**
 * Decodes every data URL in a parsed JSON value. Nothing is fetched or opened: a URL or path is just a string here.
 * @throws LivenessError BODY_MALFORMED, IMAGE_TYPE, BODY_TOO_LARGE, TOO_MANY_PARTS.
 */
export function imagesInJson(
  root: unknown,
  limits: Omit<JsonLimits, 'jsonTextBytes'>,
  selection: ImageSelection,
): Upload[] {
  const images: Upload[] = []
  const pending: { value: unknown; path: string; depth: number }[] = [{ value: root, path: '', depth: 0 }]
  let nodes = 0
  while (pending.length > 0) {
    const { value, path, depth } = pending.pop()!
    if (isDataUrl(value) && isWanted(value, path, selection)) {
      if (images.length === limits.images) {
        throw new LivenessError('TOO_MANY_PARTS', `Expected at most ${limits.images} pictures.`)
      }
      const { type, bytes } = decodeDataUrl(value, limits.fileBytes)
      images.push(createUpload(path, '', type, bytes))
    }
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) continue
    const keys = Object.keys(value)
    nodes += keys.length
    if (depth >= limits.jsonDepth || nodes > limits.jsonNodes) throw malformed('JSON of fewer levels and values')
    // Last first, so that the pictures come out in the order of the body.
    for (const key of keys.reverse()) {
      if (key === '__proto__') throw malformed('JSON without __proto__ keys')
      const child = (value as Record<string, unknown>)[key]
      pending.push({ value: child, path: path === '' ? key : `${path}.${key}`, depth: depth + 1 })
    }
  }
  return images
}

function isWanted(url: string, path: string, { fields, required }: ImageSelection): boolean {
  if (fields !== undefined) return fields.includes(path)
  const type = dataUrlType(url)
  // Elsewhere a data URL of text is nobody's picture; where a picture is required it is a wrong one.
  return required || type === '' || type.startsWith('image/') || type === 'application/octet-stream'
}

function malformed(expected: string): LivenessError {
  return new LivenessError('BODY_MALFORMED', `Expected ${expected}.`)
}
