/** JSON bodies: bounded before they are parsed, and searched for pictures. */
import { LivenessError } from '@unspoof/core'
import { dataUrlType, decodeDataUrl, isDataUrl } from './data-url.ts'
import type { ImageSelection } from './images.ts'
import type { UploadLimits } from './limits.ts'
import { createUpload, type Upload } from './upload.ts'

type JsonLimits = Pick<UploadLimits, 'jsonDepth' | 'jsonNodes' | 'images' | 'fileBytes'>

/** @throws LivenessError BODY_MALFORMED for what is no JSON, too deep or too many values. */
export function parseJson(text: string, limits: JsonLimits): unknown {
  checkShape(text, limits)
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own message quotes the body.
    throw malformed('well-formed JSON')
  }
}

/** Counts brackets and commas outside strings, so that a costly document is refused before it is built. */
function checkShape(text: string, limits: JsonLimits): void {
  let depth = 0
  let nodes = 0
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // "
        i = endOfString(text, i)
        break
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
  }
}

/** Index of the closing quote. `indexOf` keeps this fast where the string is a picture. */
function endOfString(text: string, start: number): number {
  let end = start
  for (;;) {
    end = text.indexOf('"', end + 1)
    if (end < 0) return text.length
    let backslashes = 0
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return end
  }
}

/**
 * Decodes every data URL in a parsed JSON value. Nothing is fetched or opened: a URL or path is just a string here.
 * @throws LivenessError BODY_MALFORMED, IMAGE_TYPE, BODY_TOO_LARGE, TOO_MANY_PARTS.
 */
export function imagesInJson(root: unknown, limits: JsonLimits, selection: ImageSelection): Upload[] {
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
