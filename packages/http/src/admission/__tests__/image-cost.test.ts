/** The cost of an image from its header: in proportion to what sharp takes, and never more than a walk over the header. */
import { readFileSync } from 'node:fs'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { HEAVY, imageCost } from '../image-cost.ts'

const image = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: { r: 90, g: 140, b: 200 } } })

/** A PNG whose header says this, without a pixel. */
function pngHeader(width: number, height: number, depth: number, colour: number, interlace: number): Buffer {
  const bytes = Buffer.alloc(45)
  bytes.write('\x89PNG\r\n\x1a\n', 'latin1')
  bytes.writeUInt32BE(13, 8)
  bytes.write('IHDR', 12, 'latin1')
  bytes.writeUInt32BE(width, 16)
  bytes.writeUInt32BE(height, 20)
  bytes.set([depth, colour, 0, 0, interlace], 24)
  return bytes
}

describe('imageCost', () => {
  test('a selfie is an ordinary check, a phone photo of 12 megapixels is not heavy', async () => {
    expect(imageCost(readFileSync(new URL('../../../../../fixtures/astronaut.jpg', import.meta.url)))).toBeLessThan(1.5)
    expect(imageCost(await image(4032, 3024).jpeg().toBuffer())).toBeLessThan(HEAVY)
  })

  test.each([
    ['16-bit interlaced RGBA', pngHeader(4000, 3990, 16, 6, 1), 60, 75],
    ['16-bit RGBA', pngHeader(4000, 3990, 16, 6, 0), 30, 40],
    ['8-bit grey', pngHeader(4000, 3990, 8, 0, 0), 4, 6],
    ['palette of 1 bit', pngHeader(8000, 2000, 1, 3, 0), 4, 6],
  ])('PNG: %s', (_, bytes, least, most) => {
    expect(imageCost(bytes)).toBeGreaterThan(least)
    expect(imageCost(bytes)).toBeLessThan(most)
  })

  test('JPEG: each scan of a progressive one counts, a thumbnail in a segment does not', async () => {
    const baseline = await image(2000, 2000).jpeg().toBuffer()
    const progressive = await image(2000, 2000).jpeg({ progressive: true }).toBuffer()
    expect(imageCost(progressive)).toBeGreaterThan(2 * imageCost(baseline))
    const thumbnail = Buffer.concat([
      Buffer.from([0xff, 0xe1, 0x10, 0x02]),
      Buffer.alloc(4096, '\xff\xc0\xff\xda', 'latin1'),
    ])
    const withThumbnail = Buffer.concat([baseline.subarray(0, 2), thumbnail, baseline.subarray(2)])
    expect(imageCost(withThumbnail)).toBeCloseTo(imageCost(baseline))
  })

  test('WebP: by its pixels, in all three forms', async () => {
    const expected = 1 + 2 * 0.6
    for (const webp of [{}, { lossless: true }]) {
      expect(imageCost(await image(1000, 600).webp(webp).toBuffer())).toBeCloseTo(expected)
    }
    const extended = await image(1000, 600).ensureAlpha(0.5).webp().toBuffer()
    expect(imageCost(extended)).toBeCloseTo(expected)
  })

  test('hundreds of thousands of chunks cost, and counting them does not', () => {
    const chunk = Buffer.from('\0\0\0\0abCd\0\0\0\0', 'latin1')
    const bytes = Buffer.concat([pngHeader(100, 100, 8, 2, 0).subarray(0, 33), Buffer.alloc(400_000 * 12, chunk)])
    expect(imageCost(bytes)).toBeGreaterThan(HEAVY)
    // The best of several: a busy machine may interrupt any one of them.
    const times = Array.from({ length: 20 }, () => {
      const started = performance.now()
      imageCost(bytes)
      return performance.now() - started
    })
    expect(Math.min(...times)).toBeLessThan(5)
  })

  test('what is no image, or is cut anywhere, costs a number of at least 1', async () => {
    const whole = await Promise.all([
      image(300, 200).jpeg().toBuffer(),
      image(300, 200).png().toBuffer(),
      image(300, 200).webp().toBuffer(),
    ])
    for (const bytes of whole) {
      for (let length = 0; length < Math.min(bytes.length, 700); length++) {
        const cost = imageCost(bytes.subarray(0, length))
        expect(cost >= 1 && Number.isFinite(cost)).toBe(true)
      }
    }
  })
})
