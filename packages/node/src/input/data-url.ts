/** Reads data URLs as browsers do. */
import { LivenessError } from '@unspoof/core'
import { tooManyBytes } from '../image/decode.ts'
import type { ImageLimits } from '../image/limits.ts'

/** Android's base64 has line breaks; padding may be missing. Both are what `fetch(dataUrl)` takes. */
const WHITE_SPACE = /[\t\n\f\r ]+/g

/**
 * The bytes of `data:image/jpeg;base64,...`. The declared type may be of an image, `application/octet-stream` or missing: what
 * it is, its bytes decide.
 * @throws LivenessError INPUT_INVALID for anything but base64, IMAGE_TYPE for another type, BODY_TOO_LARGE
 */
export function decodeDataUrl(url: string, limits: Pick<ImageLimits, 'maxBytes'>): Uint8Array<ArrayBuffer> {
  const comma = url.indexOf(',')
  // The header is short; a long one is not searched for its end.
  if (comma === -1 || comma > 200) throw invalid('a comma after its type')
  const [type = '', ...parameters] = url.slice('data:'.length, comma).toLowerCase().split(';')
  if (!/^(|image\/(?!svg).*|application\/octet-stream)$/.test(type.trim())) {
    throw new LivenessError('IMAGE_TYPE', 'Expected a data URL of an image but received another type.')
  }
  if (parameters.at(-1)?.trim() !== 'base64') throw invalid('base64')
  // Looked at before decoding: three bytes come from four letters. A line break for every four letters is more than anybody writes.
  const most = Math.ceil(limits.maxBytes / 3) * 4
  if (url.length - comma - 1 > 1.5 * most + 64) throw tooManyBytes(limits)
  const text = url
    .slice(comma + 1)
    .replace(WHITE_SPACE, '')
    .replace(/={1,2}$/, '')
  if (text.length > most) throw tooManyBytes(limits)
  const decoded = Buffer.from(text, 'base64')
  // Node's decoder skips what it does not know; encoding again shows whether it did.
  if (decoded.toString('base64').replace(/=+$/, '') !== text) throw invalid('standard base64, not the URL-safe kind')
  if (decoded.byteLength > limits.maxBytes) throw tooManyBytes(limits)
  // Copied out of Buffer's shared pool, so that the memory is nobody else's.
  return new Uint8Array(decoded)
}

function invalid(rule: string): LivenessError {
  return new LivenessError('INPUT_INVALID', `Expected a data URL with ${rule}.`)
}
