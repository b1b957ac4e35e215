/** Tells images by their first bytes, and by what a client says of them. */

/** Starts of the image formats there are, also of those that are refused later: a GIF must not slip through as "no image". */
const SIGNATURES: readonly (readonly [offset: number, bytes: string])[] = [
  [0, 'ffd8ff'], // JPEG
  [0, '89504e470d0a1a0a'], // PNG
  [8, '57454250'], // WebP ("WEBP" after "RIFF" and a size)
  [0, '47494638'], // GIF
  [0, '49492a00'], // TIFF, little endian
  [0, '4d4d002a'], // TIFF, big endian
  [4, '6674797061766966'], // AVIF ("ftypavif")
  [4, '6674797068656963'], // HEIC ("ftypheic")
  [4, '667479706d696631'], // HEIF ("ftypmif1")
  [0, 'ff0a'], // JPEG XL
  [0, '0000000c4a584c20'], // JPEG XL in a container
  [0, '0000000c6a502020'], // JPEG 2000
]

/** True where the first bytes are those of an image, whatever the client calls the file. */
export function looksLikeImage(bytes: Buffer): boolean {
  return SIGNATURES.some(([offset, hex]) => bytes.toString('hex', offset, offset + hex.length / 2) === hex)
}

export function isImageType(mimetype: string): boolean {
  return /^image\//i.test(mimetype)
}

/** As many first bytes as {@link looksLikeImage} looks at. */
export const SNIFFED_BYTES = 16
