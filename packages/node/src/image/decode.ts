/** Bytes of a picture to pixels: type, header and limits first, then the decoder. */
import { createHash } from 'node:crypto'
import { createFrame, type DecodedImage, type Frame, LivenessError, type Reason, reason } from '@unspoof/core'
import { corrupt, type ImageHeader } from './header.ts'
import { type ImageLimits, resolveLimits } from './limits.ts'
import { loadSharp, type Sharp } from './sharp.ts'
import { shrinkFactor } from './shrink.ts'
import { readHeader } from './sniff.ts'

export interface DecodeOptions {
  readonly limits?: Partial<ImageLimits>
  /** Gives up with ABORTED before decoding begins; a decoder at work cannot be stopped. */
  readonly signal?: AbortSignal
}

/**
 * Decodes a JPEG, PNG or WebP picture to 8-bit sRGB, turned upright, composited on black.
 *
 * The type is told by the bytes and the size by the header, before a decoder sees them. Pictures that are too small, too
 * narrow, animated or fully transparent come back with `reasons` and without a frame; bytes after the end of a picture
 * (the video of a "motion photo", or somebody's archive) give the note `trailing-data`.
 *
 * A JPEG over `maxPixels` (up to 200 megapixels, not progressive) comes back at a half, a quarter or an eighth of its size.
 * @throws LivenessError IMAGE_TYPE, IMAGE_CORRUPT, IMAGE_TOO_LARGE, BODY_TOO_LARGE, ABORTED, RUNTIME_MISSING
 */
export async function decodeImage(bytes: Uint8Array, options: DecodeOptions = {}): Promise<DecodedImage> {
  const limits = resolveLimits(options.limits)
  if (bytes.byteLength > limits.maxBytes) throw tooManyBytes(limits)
  return decodeChecked(bytes, readHeader(bytes), limits, options.signal)
}

/**
 * {@link decodeImage} of bytes within the limit, whose header is known: the pool reads it before it sends them to a worker,
 * and looking through a JPEG of 80 kB for its markers takes a tenth of a millisecond.
 * @param header of these very bytes, from `readHeader`
 * @throws LivenessError IMAGE_CORRUPT, IMAGE_TOO_LARGE, ABORTED, RUNTIME_MISSING
 */
export async function decodeChecked(
  bytes: Uint8Array,
  header: ImageHeader,
  limits: ImageLimits,
  signal: AbortSignal | undefined,
): Promise<DecodedImage> {
  const notes = header.trailing ? [reason('trailing-data')] : []
  const sha256 = await sha256Of(bytes)
  const factor = shrinkFactor(header, limits) ?? 1
  const size = { width: Math.ceil(header.width / factor), height: Math.ceil(header.height / factor) }
  const reasons = header.animated ? [reason('animated-image')] : sizeReasons(size, limits)
  if (reasons.length > 0) return { frame: undefined, sha256, reasons, notes }
  const sharp = await loadSharp()
  if (signal?.aborted) throw new LivenessError('ABORTED', 'The check was aborted.', { cause: signal.reason })
  const frame = await decodePixels(sharp, bytes, header, size)
  if (frame === undefined) return { frame, sha256, reasons: [reason('transparent-image')], notes }
  return { frame, sha256, notes }
}

/** The same limits for pixels somebody else decoded. */
export function checkFrameSize(frame: Frame, limits: ImageLimits): DecodedImage {
  const reasons = sizeReasons(frame, limits)
  return reasons.length > 0 ? { frame: undefined, reasons } : { frame }
}

export function tooManyBytes(limits: Pick<ImageLimits, 'maxBytes'>): LivenessError {
  return new LivenessError('BODY_TOO_LARGE', `Expected at most ${limits.maxBytes} bytes of picture but received more.`)
}

/**
 * Too small and too narrow are the person's to mend and answered `retry`; too large is an error.
 * @throws LivenessError IMAGE_TOO_LARGE
 */
function sizeReasons(size: { readonly width: number; readonly height: number }, limits: ImageLimits): Reason[] {
  const shorter = Math.min(size.width, size.height)
  const longer = Math.max(size.width, size.height)
  const reasons: Reason[] = []
  if (shorter < limits.minSide) reasons.push(reason('image-too-small', { value: shorter, bound: limits.minSide }))
  const aspect = longer / shorter
  if (aspect > limits.maxAspect) reasons.push(reason('image-aspect', { value: aspect, bound: limits.maxAspect }))
  if (reasons.length === 0 && (size.width * size.height > limits.maxPixels || longer > limits.maxSide)) {
    throw new LivenessError(
      'IMAGE_TOO_LARGE',
      `Expected at most ${limits.maxPixels} pixels and ${limits.maxSide} a side but received ${size.width} x ${size.height}.`,
    )
  }
  return reasons
}

/** Undefined where every pixel is fully transparent: what such a picture shows depends on who opens it. */
async function decodePixels(
  sharp: Sharp,
  bytes: Uint8Array,
  header: ImageHeader,
  size: { readonly width: number; readonly height: number },
): Promise<Frame | undefined> {
  let data: Uint8Array
  let info: { width: number; height: number; channels: number }
  try {
    const image = sharp(repaired(bytes, header), {
      // Stops at the first damaged byte; a lenient decoder would fill up with grey, or with old memory.
      failOn: 'warning',
      limitInputPixels: header.width * header.height,
      limitInputChannels: 4,
      sequentialRead: true,
      pages: 1,
      // As browsers do it: EXIF turns JPEG and PNG, and is not read from WebP.
      autoOrient: header.type !== 'webp',
    })
    // The decoder itself leaves out what is not wanted: it never makes the pixels of the whole size.
    if (size.width !== header.width) image.resize(await uprightSize(image, size))
    const decoded = await image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
    // A plain array, not a Buffer: the two differ in what slice() does.
    data = new Uint8Array(decoded.data.buffer, decoded.data.byteOffset, decoded.data.byteLength)
    info = decoded.info
  } catch (cause) {
    throw new LivenessError('IMAGE_CORRUPT', 'The picture is damaged: it cannot be decoded.', { cause })
  }
  // A decoder that sees another picture than our header reader has been tricked, or we have.
  const isUpright = info.width === size.width && info.height === size.height
  const isTurned = info.width === size.height && info.height === size.width
  if (!isUpright && !isTurned) throw corrupt('its header and its pixels differ in size')
  return toFrame(data, info)
}

/** sharp takes the size of the upright image. */
async function uprightSize(image: ReturnType<Sharp>, { width, height }: { width: number; height: number }) {
  const { orientation = 1 } = await image.metadata()
  return orientation > 4
    ? { width: height, height: width, fit: 'fill' as const }
    : { width, height, fit: 'fill' as const }
}

/** A copy in which the bytes have the values that decoders take them for; the same bytes where there is nothing to repair. */
function repaired(bytes: Uint8Array, { repairs = [] }: ImageHeader): Uint8Array {
  if (repairs.length === 0) return bytes
  const copy = new Uint8Array(bytes)
  for (const { at, value } of repairs) copy[at] = value
  return copy
}

/** RGB as it is; RGBA composited on black. */
function toFrame(data: Uint8Array, info: { width: number; height: number; channels: number }): Frame | undefined {
  const { width, height, channels } = info
  if (channels === 3) return createFrame({ data, width, height, channels })
  if (channels !== 4) throw corrupt(`it has ${channels} channels`)
  const rgb = new Uint8Array(width * height * 3)
  let anyOpacity = 0
  for (let from = 0, to = 0; from < data.length; from += 4, to += 3) {
    const alpha = data[from + 3]!
    anyOpacity |= alpha
    rgb[to] = Math.round((data[from]! * alpha) / 255)
    rgb[to + 1] = Math.round((data[from + 1]! * alpha) / 255)
    rgb[to + 2] = Math.round((data[from + 2]! * alpha) / 255)
  }
  return anyOpacity === 0 ? undefined : createFrame({ data: rgb, width, height, channels: 3 })
}

/** Up to this many bytes are hashed at once: handing them to another thread costs more than a tenth of a millisecond of hashing. */
const HASHED_AT_ONCE = 256 * 1024

async function sha256Of(bytes: Uint8Array): Promise<string> {
  if (bytes.byteLength <= HASHED_AT_ONCE) return createHash('sha256').update(bytes).digest('hex')
  return Buffer.from(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>)).toString('hex')
}
