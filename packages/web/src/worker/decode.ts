/** From what arrived in the worker to RGBA pixels. The browser only decodes; all pixel maths is the core's. */
import { createFrame, type DecodedImage, type Frame, LivenessError, MAX_SIDE, reason, sha256Hex } from '@unspoof/core'
import type { WireImage } from '../protocol.ts'
import { sniff } from './sniff.ts'

/** Pixels a picture may have, as on the server. */
const MAX_PIXELS = 16_777_216

/**
 * Decodes and takes over: bitmaps and video frames are closed here.
 * @throws LivenessError IMAGE_TYPE, IMAGE_CORRUPT, IMAGE_TOO_LARGE
 */
export async function decode(image: WireImage): Promise<DecodedImage> {
  switch (image.kind) {
    case 'pixels':
      return { frame: createFrame({ data: image.data, width: image.width, height: image.height, channels: 4 }) }
    case 'bitmap':
      return { frame: take(image.bitmap, image.bitmap.width, image.bitmap.height) }
    case 'video-frame':
      return { frame: take(image.frame, image.frame.displayWidth, image.frame.displayHeight) }
    case 'blob':
      return decodeFile(new Uint8Array(await image.blob.arrayBuffer()))
  }
}

async function decodeFile(bytes: Uint8Array<ArrayBuffer>): Promise<DecodedImage> {
  const found = sniff(bytes)
  const sha256 = await sha256Hex(bytes)
  if (found.animated) return { frame: undefined, sha256, reasons: [reason('animated-image')] }
  let bitmap: ImageBitmap
  try {
    // The type is what the bytes say, not what the file was called.
    bitmap = await createImageBitmap(new Blob([bytes], { type: found.type }), { imageOrientation: 'from-image' })
  } catch (error) {
    throw new LivenessError('IMAGE_CORRUPT', 'The browser cannot decode this picture.', { cause: error })
  }
  return { frame: take(bitmap, bitmap.width, bitmap.height), sha256 }
}

/** Reads the pixels of a bitmap or video frame over black and closes it. */
function take(source: ImageBitmap | VideoFrame, width: number, height: number): Frame {
  try {
    if (width < 1 || height < 1) throw new LivenessError('INPUT_INVALID', 'This picture has no pixels.')
    if (width > MAX_SIDE || height > MAX_SIDE || width * height > MAX_PIXELS) {
      throw new LivenessError(
        'IMAGE_TOO_LARGE',
        `A picture may have ${MAX_PIXELS} pixels; this one is ${width} x ${height}.`,
      )
    }
    const context = canvasOf(width, height)
    context.drawImage(source, 0, 0, width, height)
    return createFrame({ data: context.getImageData(0, 0, width, height).data, width, height, channels: 4 })
  } finally {
    source.close()
  }
}

let scratch: OffscreenCanvasRenderingContext2D | undefined

/** One canvas for all frames of a size: a camera sends the same size again and again. Opaque, so alpha falls on black. */
function canvasOf(width: number, height: number): OffscreenCanvasRenderingContext2D {
  if (scratch !== undefined && scratch.canvas.width === width && scratch.canvas.height === height) {
    scratch.clearRect(0, 0, width, height)
    return scratch
  }
  const context = new OffscreenCanvas(width, height).getContext('2d', {
    alpha: false,
    willReadFrequently: true,
    colorSpace: 'srgb',
  })
  if (context === null) throw new LivenessError('MODEL_UNAVAILABLE', 'This browser has no canvas in workers.')
  scratch = context
  return context
}
