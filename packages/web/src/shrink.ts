/** shrinkForUpload(): makes the photo of a phone small enough to send. */
import { checkInteger, LivenessError } from '@unspoof/core'

export interface ShrinkOptions {
  /** Pixels of the result at most. @default {@link SHRINK_DEFAULTS.maxPixels} */
  readonly maxPixels?: number
}

/** Below the server's own limit of 16.8 million; a face in arm's length keeps far more pixels than a check reads. */
export const SHRINK_DEFAULTS = { maxPixels: 8_000_000 } as const
export const SHRINK_RANGES = { maxPixels: { min: 100_000, max: 16_777_216 } } as const

/** High enough that the check sees the same. */
const QUALITY = 0.92

/**
 * A JPEG, PNG or WebP that is small enough comes back as it is; every other image that the browser can open becomes a JPEG,
 * upright and without its metadata. Safari opens HEIC, other browsers do not.
 * @throws LivenessError IMAGE_TYPE where the browser cannot open the file; OPTION_INVALID
 * @example form.append('image', await shrinkForUpload(input.files[0]))
 */
export async function shrinkForUpload(file: Blob, options: ShrinkOptions = {}): Promise<Blob> {
  const maxPixels = checkInteger('maxPixels', options.maxPixels ?? SHRINK_DEFAULTS.maxPixels, SHRINK_RANGES.maxPixels)
  let bitmap: ImageBitmap
  try {
    bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch (cause) {
    throw new LivenessError('IMAGE_TYPE', 'The browser cannot open this file as an image.', {
      cause,
      hint: 'Choose a JPEG image. On an iPhone: Settings, Camera, Formats, Most Compatible.',
    })
  }
  try {
    const pixels = bitmap.width * bitmap.height
    if (pixels <= maxPixels && /^image\/(jpeg|png|webp)$/.test(file.type)) return file
    const scale = Math.min(1, Math.sqrt(maxPixels / pixels))
    const canvas = document.createElement('canvas')
    canvas.width = Math.max(1, Math.floor(bitmap.width * scale))
    canvas.height = Math.max(1, Math.floor(bitmap.height * scale))
    const context = canvas.getContext('2d', { alpha: false })
    if (context === null) throw new LivenessError('CAMERA_UNSUPPORTED', 'This browser has no canvas.')
    context.imageSmoothingQuality = 'high'
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height)
    const jpeg = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY))
    if (jpeg === null) throw new LivenessError('CAMERA_UNSUPPORTED', 'This browser cannot make a JPEG.')
    return jpeg
  } finally {
    bitmap.close()
  }
}
