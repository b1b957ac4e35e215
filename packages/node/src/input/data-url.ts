/** Reads data URLs strictly: what two decoders could read in two ways is refused. */
import { LivenessError } from '@unspoof/core'
import { tooManyBytes } from '../image/decode.ts'
import type { ImageLimits } from '../image/limits.ts'

const TYPES = ['image/jpeg', 'image/jpg', 'image/png', 'image/webp']

/**
 * The bytes of `data:image/jpeg;base64,...` (or PNG, WebP). The declared type must be one we take; what the picture is,
 * its bytes decide.
 * @throws LivenessError INPUT_INVALID for anything but strict base64, IMAGE_TYPE for another type, BODY_TOO_LARGE
 */
export function decodeDataUrl(url: string, limits: Pick<ImageLimits, 'maxBytes'>): Uint8Array<ArrayBuffer> {
  const comma = url.indexOf(',')
  // The header is short; a long one is not searched for its end.
  if (comma === -1 || comma > 200) throw invalid('a comma after its type')
  const [type = '', ...parameters] = url.slice('data:'.length, comma).toLowerCase().split(';')
  if (!TYPES.includes(type)) {
    throw new LivenessError('IMAGE_TYPE', `Expected a data URL of type ${TYPES.join(', ')} but received another type.`)
  }
  if (parameters.at(-1) !== 'base64') throw invalid('base64')
  const text = url.slice(comma + 1)
  // Looked at before decoding: three bytes come from four letters.
  if (text.length > Math.ceil(limits.maxBytes / 3) * 4) throw tooManyBytes(limits)
  const decoded = Buffer.from(text, 'base64')
  // Node's decoder is lenient; only what it would write itself is the strict form: padded, no white space, not URL-safe.
  if (decoded.toString('base64') !== text) throw invalid('base64 with padding and without white space')
  if (decoded.byteLength > limits.maxBytes) throw tooManyBytes(limits)
  // Copied out of Buffer's shared pool, so that the memory is nobody else's.
  return new Uint8Array(decoded)
}

function invalid(rule: string): LivenessError {
  return new LivenessError('INPUT_INVALID', `Expected a data URL with ${rule}.`)
}
