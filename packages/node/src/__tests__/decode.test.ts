/** Pixels out of good pictures: orientation, colour, depth, transparency, digest. */
import { createHash } from 'node:crypto'
import * as make from '@unspoof/test-utils/images/make'
import sharp from 'sharp'
import { beforeAll, describe, expect, it } from 'vitest'
import { decodeImage } from '../image/decode.ts'
import { loadSharp } from '../image/sharp.ts'

const WIDTH = 96
const HEIGHT = 80
let jpeg: Buffer
let png: Buffer

beforeAll(async () => {
  jpeg = await make.cornersImage(WIDTH, HEIGHT).jpeg({ quality: 95 }).toBuffer()
  png = await make.cornersImage(WIDTH, HEIGHT).png().toBuffer()
})

async function frameOf(bytes: Uint8Array) {
  const { frame } = await decodeImage(bytes)
  return frame!
}

/** The names of the corners, read from the top left in rows: `r`ed, `g`reen, `b`lue, `w`hite. */
async function cornersOf(bytes: Uint8Array): Promise<string> {
  const { data, width, height } = await frameOf(bytes)
  const name = (x: number, y: number): string => {
    const [r, g, b] = data.subarray((y * width + x) * 3) as unknown as [number, number, number]
    if (Math.min(r, g, b) > 150) return 'w'
    return r > g && r > b ? 'r' : g > b ? 'g' : 'b'
  }
  return name(9, 9) + name(width - 9, 9) + name(9, height - 9) + name(width - 9, height - 9)
}

function maxDifference(a: Uint8Array | Uint8ClampedArray, b: Uint8Array | Uint8ClampedArray): number {
  expect(a.length).toBe(b.length)
  let most = 0
  for (let i = 0; i < a.length; i++) most = Math.max(most, Math.abs(a[i]! - b[i]!))
  return most
}

describe('orientation', () => {
  const turned = ['rgbw', 'grwb', 'wbgr', 'bwrg', 'rbgw', 'brwg', 'wgbr', 'gwrb']
  it.each(turned.map((corners, i) => [i + 1, corners] as const))('EXIF %i of a JPEG', async (orientation, corners) => {
    const file = make.jpegWithExif(jpeg, make.exifBlock(orientation))
    expect(await cornersOf(file)).toBe(corners)
    const { width, height } = await frameOf(file)
    expect([width, height]).toEqual(orientation > 4 ? [HEIGHT, WIDTH] : [WIDTH, HEIGHT])
  })

  it.each([0, 9, 65_535])('EXIF %i is none', async (orientation) => {
    expect(await cornersOf(make.jpegWithExif(jpeg, make.exifBlock(orientation)))).toBe('rgbw')
  })

  it('of two tags the first one counts', async () => {
    expect(await cornersOf(make.jpegWithExif(jpeg, make.exifBlock(1, 6)))).toBe('rgbw')
  })

  it('turns PNG and leaves WebP, as browsers do', async () => {
    const exif = make.pngChunk('eXIf', make.exifBlock(6))
    expect(await cornersOf(make.withPngChunk(png, exif))).toBe('brwg')
    const picture = make.webpPicture(await make.cornersImage(WIDTH, HEIGHT).webp({ quality: 95 }).toBuffer())
    const webp = make.webp(make.vp8x(0x08, WIDTH, HEIGHT), picture, make.webpChunk('EXIF', make.exifBlock(6)))
    expect(await cornersOf(webp)).toBe('rgbw')
  })

  it('an EXIF block of 64 kB whose offsets form a loop costs nothing', async () => {
    const began = process.cpuUsage()
    expect(await cornersOf(make.jpegWithExif(jpeg, make.loopedExif(6)))).toBe('brwg')
    // Of the processor: how long it had to wait for one says nothing.
    const { user, system } = process.cpuUsage(began)
    expect((user + system) / 1000).toBeLessThan(500)
  })

  it('judges the picture, not its thumbnail', async () => {
    const thumbnail = await sharp({ create: { width: 64, height: 64, channels: 3, background: '#000' } })
      .jpeg()
      .toBuffer()
    expect(await cornersOf(make.jpegWithExif(jpeg, make.exifWithThumbnail(thumbnail)))).toBe('rgbw')
  })
})

describe('colour', () => {
  it('8-bit RGB comes out as it went in', async () => {
    expect((await frameOf(png)).data).toEqual(new Uint8Array(make.corners(WIDTH, HEIGHT)))
  })

  it('16 bit, palette and lossless WebP equal their 8-bit twin', async () => {
    const expected = (await frameOf(png)).data
    for (const twin of [
      make.cornersImage(WIDTH, HEIGHT).toColourspace('rgb16').png(),
      make.cornersImage(WIDTH, HEIGHT).png({ palette: true }),
      make.cornersImage(WIDTH, HEIGHT).webp({ lossless: true }),
    ]) {
      expect(maxDifference((await frameOf(await twin.toBuffer())).data, expected)).toBeLessThanOrEqual(1)
    }
  })

  it('grey becomes three equal channels, in 8 and 16 bit', async () => {
    for (const space of ['b-w', 'grey16']) {
      const frame = await frameOf(await make.cornersImage(WIDTH, HEIGHT).toColourspace(space).png().toBuffer())
      expect(frame.channels).toBe(3)
      const [r, g, b] = frame.data
      expect([g, b]).toEqual([r, r])
      expect(r).toBeGreaterThan(80)
    }
  })

  it('a profile is applied: Display P3 equals its sRGB twin, swapped channels come back in place', async () => {
    const plain = (await frameOf(png)).data
    const options = { quality: 100, chromaSubsampling: '4:4:4' }
    const p3 = await make.cornersImage(WIDTH, HEIGHT).withIccProfile('p3').jpeg(options).toBuffer()
    expect(maxDifference((await frameOf(p3)).data, plain)).toBeLessThanOrEqual(6)
    // The same profile with the tags of red and green exchanged: pixels written green mean red.
    const { icc } = await sharp(p3).metadata()
    const swapped = swapTags(icc!, 'rXYZ', 'gXYZ')
    const segment = make.jpegSegment(0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0\x01\x01', 'latin1'), swapped]))
    expect(await cornersOf(make.withJpegSegments(jpeg, segment))).toBe('grbw')
  })

  it('CMYK is not inverted, with its Adobe marker and without', async () => {
    const cmyk = await make.cornersImage(WIDTH, HEIGHT).toColourspace('cmyk').jpeg({ quality: 95 }).toBuffer()
    expect(await cornersOf(cmyk)).toBe('rgbw')
    const adobe = make.jpegSegments(cmyk).find(({ marker }) => marker === 0xee)!
    expect(adobe).toBeDefined()
    const without = Buffer.concat([cmyk.subarray(0, adobe.at), cmyk.subarray(adobe.at + adobe.length)])
    expect(await cornersOf(without)).toBe('rgbw')
    // YCCK is the same with another transform in the marker; these pixels were not written so, but must decode.
    const ycck = Buffer.from(cmyk)
    ycck[adobe.at + adobe.length - 1] = 2
    expect((await frameOf(ycck)).channels).toBe(3)
  })
})

describe('a JPEG over the limit', () => {
  const limits = { maxPixels: 5000 }

  it('comes back at the smallest reduction that is within it, in every orientation', async () => {
    // 96 x 80 pixels: a half is 48 x 40.
    for (const orientation of [1, 3, 6]) {
      const file = make.jpegWithExif(jpeg, make.exifBlock(orientation))
      const { frame } = await decodeImage(file, { limits: { ...limits, minSide: 20 } })
      expect([frame!.width, frame!.height]).toEqual(orientation === 6 ? [40, 48] : [48, 40])
      const whole = await frameOf(file)
      // The corner of the reduced image has the colour of the corner of the whole one.
      for (let c = 0; c < 3; c++) expect(Math.abs(frame!.data[c]! - whole.data[c]!)).toBeLessThan(40)
    }
  })

  it('of 48 megapixels is decoded at a half of its size', async () => {
    const size = { width: 8000, height: 6000, channels: 3 as const, background: '#a87' }
    const { frame } = await decodeImage(await sharp({ create: size }).jpeg({ quality: 50 }).toBuffer())
    expect([frame!.width, frame!.height]).toEqual([4000, 3000])
  })

  it('is refused where it is progressive, and no other type is reduced', async () => {
    const progressive = await make.cornersImage(WIDTH, HEIGHT).jpeg({ progressive: true }).toBuffer()
    for (const file of [progressive, png]) {
      await expect(decodeImage(file, { limits })).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' })
    }
  })
})

describe('transparency', () => {
  it('is composited on black, in 8 and 16 bit and grey', async () => {
    const expected = make.corners(WIDTH, HEIGHT).map((value) => Math.round(value / 2))
    for (const space of ['srgb', 'rgb16']) {
      const file = await make.cornersImage(WIDTH, HEIGHT).ensureAlpha(0.5).toColourspace(space).png().toBuffer()
      const frame = await frameOf(file)
      expect(frame.channels).toBe(3)
      expect(maxDifference(frame.data, expected)).toBeLessThanOrEqual(1)
    }
    const grey = await make.cornersImage(WIDTH, HEIGHT).toColourspace('b-w').ensureAlpha(0.5).png().toBuffer()
    expect((await frameOf(grey)).channels).toBe(3)
  })

  it('a fully transparent picture is answered without pixels', async () => {
    const { frame, reasons } = await decodeImage(await make.cornersImage().ensureAlpha(0).png().toBuffer())
    expect(frame).toBeUndefined()
    expect(reasons!.map(({ code }) => code)).toEqual(['transparent-image'])
  })

  it('a palette with transparent entries is composited too', async () => {
    const before = [make.pngChunk('PLTE', Buffer.from([200, 100, 50])), make.pngChunk('tRNS', Buffer.from([51]))]
    const file = make.png({ width: 64, height: 64, colour: 3, before })
    expect([...(await frameOf(file)).data.subarray(0, 3)]).toEqual([40, 20, 10])
  })
})

describe('decodeImage', () => {
  it('gives the SHA-256 of the bytes it judged', async () => {
    expect((await decodeImage(jpeg)).sha256).toBe(createHash('sha256').update(jpeg).digest('hex'))
  })

  it('takes limits, and names what is wrong with them', async () => {
    expect((await decodeImage(jpeg, { limits: { minSide: 90 } })).reasons![0]).toMatchObject({
      code: 'image-too-small',
      value: HEIGHT,
      bound: 90,
    })
    await expect(decodeImage(png, { limits: { maxPixels: 5000 } })).rejects.toMatchObject({ code: 'IMAGE_TOO_LARGE' })
    await expect(decodeImage(jpeg, { limits: { maxPixel: 5000 } as never })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('did you mean "maxPixels"'),
    })
    await expect(decodeImage(jpeg, { limits: { maxAspect: 0 } })).rejects.toMatchObject({ code: 'OPTION_INVALID' })
  })

  it('does not begin to decode for a caller who has left', async () => {
    await expect(decodeImage(jpeg, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'ABORTED' })
  })

  it("leaves sharp's process-wide settings alone", async () => {
    // memory, files, items: the limits only, for how full the cache is changes.
    const settings = () => {
      const { memory, files, items } = sharp.cache() as Record<'memory' | 'files' | 'items', { max: number }>
      return [memory.max, files.max, items.max, sharp.concurrency(), sharp.simd()]
    }
    const before = settings()
    await decodeImage(jpeg)
    expect(settings()).toEqual(before)
  })
})

describe('loadSharp', () => {
  const withVersion = (version: string) => async () => ({ default: { versions: { sharp: version } } as never })

  it('refuses versions with known holes', async () => {
    for (const version of ['0.35.3', '0.34.9', '0.9.10']) {
      await expect(loadSharp(withVersion(version))).rejects.toMatchObject({
        code: 'RUNTIME_MISSING',
        message: expect.stringContaining(`found ${version}; required 0.35.4`),
      })
    }
    for (const version of ['0.35.4', '0.36.0', '1.0.0']) expect(await loadSharp(withVersion(version))).toBeDefined()
  })

  it('says what to run where sharp is missing', async () => {
    const failing = () => Promise.reject(new Error("Cannot find package 'sharp'"))
    await expect(loadSharp(failing)).rejects.toMatchObject({
      code: 'RUNTIME_MISSING',
      hint: expect.stringContaining('npm install'),
    })
  })
})

/** Exchanges where two tags of an ICC profile point to. */
function swapTags(profile: Buffer, a: string, b: string): Buffer {
  const copy = Buffer.from(profile)
  const count = copy.readUInt32BE(128)
  const entry = (name: string): number => {
    for (let i = 0; i < count; i++) {
      if (copy.toString('latin1', 132 + i * 12, 136 + i * 12) === name) return 132 + i * 12
    }
    throw new Error(`no tag ${name}`)
  }
  const [first, second] = [entry(a), entry(b)]
  copy.write(b, first, 'latin1')
  copy.write(a, second, 'latin1')
  return copy
}
