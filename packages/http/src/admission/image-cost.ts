/** What it will take to judge an image, told from its header before anything is decoded. */

/** Costs are in ordinary checks: 1 is a photo of at most a megapixel, decoded and judged. */
const ORDINARY = 1
/** An image that costs so much is heavy: few of its kind are judged at once. A JPEG of 12 megapixels is not, 16-bit or interlaced PNGs of that size are. */
export const HEAVY = 16

/** Ordinary checks for each million of pixels (JPEG, WebP) or of bytes in the raster (PNG). Measured with sharp; see the test. */
const JPEG_PER_MEGAPIXEL = 0.6
const JPEG_PER_MEGAPIXEL_AND_SCAN = 0.3
const PNG_PER_MEGABYTE = 0.25
const WEBP_PER_MEGAPIXEL = 2
/** Ordinary checks for a thousand chunks or segments. */
const PER_THOUSAND_CHUNKS = 0.4

const MILLION = 1e6
/** Chunks and scans are counted so far; the rest is taken to be of the same size. */
const MAX_COUNTED = 4096

/**
 * The expected cost of an image in ordinary checks, at least 1. An image that is damaged, or of no type that is judged, costs 1: it is refused by
 * its header.
 */
export function imageCost(bytes: Buffer): number {
  if (bytes.length < 32) return ORDINARY
  if (bytes.readUInt32BE(0) === 0x89504e47) return ORDINARY + pngCost(bytes)
  if (bytes.readUInt16BE(0) === 0xffd8) return ORDINARY + jpegCost(bytes)
  if (bytes.toString('latin1', 8, 12) === 'WEBP') return ORDINARY + (WEBP_PER_MEGAPIXEL * webpPixels(bytes)) / MILLION
  return ORDINARY
}

const PNG_CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 }

function pngCost(bytes: Buffer): number {
  const pixels = bytes.readUInt32BE(16) * bytes.readUInt32BE(20)
  const [depth, colour, , , interlace] = bytes.subarray(24, 29) as unknown as [number, number, number, number, number]
  const raster = (pixels * (PNG_CHANNELS[colour] ?? 4) * Math.max(8, depth)) / 8
  const passes = interlace === 0 ? 1 : 2
  return (PNG_PER_MEGABYTE * raster * passes) / MILLION + (PER_THOUSAND_CHUNKS * pngChunks(bytes)) / 1000
}

function pngChunks(bytes: Buffer): number {
  let count = 0
  let position = 8
  while (position + 8 <= bytes.length && count < MAX_COUNTED) {
    position += 12 + bytes.readUInt32BE(position)
    count++
  }
  return position >= bytes.length ? count : count * (bytes.length / position)
}

function jpegCost(bytes: Buffer): number {
  let position = 2
  for (let segments = 0; position + 9 < bytes.length && segments < MAX_COUNTED; segments++) {
    if (bytes[position] !== 0xff) break
    const marker = bytes[position + 1]!
    if (isFrame(marker)) {
      const pixels = bytes.readUInt16BE(position + 5) * bytes.readUInt16BE(position + 7)
      const scans = marker === 0xc2 ? countScans(bytes, position) : 1
      return ((JPEG_PER_MEGAPIXEL + JPEG_PER_MEGAPIXEL_AND_SCAN * (scans - 1)) * pixels) / MILLION
    }
    // Fill bytes and markers without a length.
    position +=
      marker === 0xff
        ? 1
        : marker === 1 || (marker >= 0xd0 && marker <= 0xd9)
          ? 2
          : 2 + bytes.readUInt16BE(position + 2)
  }
  return 0
}

/** SOF0 to SOF15, without DHT, JPG and DAC, which lie between them. */
function isFrame(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
}

const START_OF_SCAN = Buffer.of(0xff, 0xda)

/** Entropy-coded data never holds FF DA, so a search finds every scan. */
function countScans(bytes: Buffer, from: number): number {
  let scans = 0
  for (
    let at = bytes.indexOf(START_OF_SCAN, from);
    at >= 0 && scans < MAX_COUNTED;
    at = bytes.indexOf(START_OF_SCAN, at + 2)
  )
    scans++
  return Math.max(1, scans)
}

function webpPixels(bytes: Buffer): number {
  switch (bytes.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return (bytes.readUInt16LE(26) & 0x3fff) * (bytes.readUInt16LE(28) & 0x3fff)
    case 'VP8L': {
      const bits = bytes.readUInt32LE(21)
      return ((bits & 0x3fff) + 1) * (((bits >>> 14) & 0x3fff) + 1)
    }
    case 'VP8X':
      return (bytes.readUIntLE(24, 3) + 1) * (bytes.readUIntLE(27, 3) + 1)
    default:
      return 0
  }
}
