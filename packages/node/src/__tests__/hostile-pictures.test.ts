/** Broken files, bombs and disguises: each row has the answer that was decided for it. */
import { deflateSync } from 'node:zlib'
import { type DecodedImage, isLivenessError } from '@unspoof/core'
import {
  BOMBS,
  BROKEN,
  box,
  DISGUISES,
  jpeg,
  losslessWebp,
  lossyWebp,
  plainPng,
  progressive,
} from '@unspoof/test-utils/images/hostile-files'
import * as make from '@unspoof/test-utils/images/make'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import { decodeImage } from '../image/decode.ts'
import { MAX_SCANS } from '../image/jpeg.ts'

/** Milliseconds of the processor: a busy machine makes wait, but not work more. */
function cpuMsSince(began: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(began)
  return (user + system) / 1000
}

/** `ok` = decoded, `retry <reason>` = answered without pixels, else the error code. */
async function answer(bytes: Uint8Array): Promise<{ says: string; image?: DecodedImage; ms: number; message: string }> {
  const began = process.cpuUsage()
  try {
    const image = await decodeImage(bytes)
    const codes = (image.reasons ?? []).map(({ code }) => code)
    if (codes.length > 0) expect(image.frame).toBeUndefined()
    const says = codes.length > 0 ? `retry ${codes.join(' ')}` : 'ok'
    return { says, image, ms: cpuMsSince(began), message: '' }
  } catch (error) {
    if (!isLivenessError(error)) throw error
    return { says: error.code, ms: cpuMsSince(began), message: error.message + error.hint }
  }
}

describe('broken files', () => {
  it.each(BROKEN)('%s', async (_name, bytes, says) => {
    expect((await answer(await bytes())).says).toBe(says)
  })

  it('never fails in another way, wherever a file is cut or a byte is changed', async () => {
    const random = make.randomBytes(1200, 7)
    for (const [f, file] of [jpeg, progressive, plainPng, lossyWebp, losslessWebp].entries()) {
      for (let i = 0; i < 40; i++) {
        const at = random.readUInt16LE((f * 40 + i) * 4) % file.length
        await answer(file.subarray(0, at))
        await answer(make.damage(file, (copy) => copy.writeUInt8(random[(f * 40 + i) * 4 + 2]!, at)))
      }
    }
  })

  it('a lossy WebP with flipped bytes is judged as what it decodes to', async () => {
    const { says } = await answer(make.damage(lossyWebp, (copy) => copy.fill(0x55, 400, 420)))
    expect(['ok', 'IMAGE_CORRUPT']).toContain(says)
  })

  it('a palette index out of range is judged', async () => {
    const palette = make.pngChunk('PLTE', Buffer.from([255, 0, 0, 0, 255, 0]))
    const lines = make.scanLines(Buffer.alloc(64 * 64, 1), 64)
    const file = make.png({ width: 64, height: 64, colour: 3, lines, before: [palette] })
    expect((await answer(file)).says).toBe('ok')
    lines[5] = 9
    expect((await answer(make.png({ width: 64, height: 64, colour: 3, lines, before: [palette] }))).says).toBe('ok')
  })

  it('thousands of extra scans are refused before they keep the decoder busy', async () => {
    const bomb = make.withExtraScans(progressive, MAX_SCANS + 1)
    const { says, ms } = await answer(bomb)
    expect(says).toBe('IMAGE_CORRUPT')
    // The decoder would need seconds.
    expect(ms).toBeLessThan(500)
  })

  it('two JPEGs in one file: the first is judged, the rest is told', async () => {
    const { image } = await answer(Buffer.concat([jpeg, jpeg]))
    const alone = await answer(jpeg)
    expect(image!.notes!.map(({ code }) => code)).toEqual(['trailing-data'])
    expect(image!.frame!.data).toEqual(alone.image!.frame!.data)
    expect(alone.image!.notes).toEqual([])
  })

  it('an ICC profile that is cut, of the wrong class or a bomb leaves the pixels as sRGB', async () => {
    const expected = (await answer(plainPng)).image!.frame!.data
    const iccp = (profile: Buffer) =>
      make.pngChunk('iCCP', Buffer.concat([Buffer.from('x\0\0', 'latin1'), deflateSync(profile)]))
    const p3 = (await sharp(await make.noiseImage().withIccProfile('p3').jpeg().toBuffer()).metadata()).icc!
    const wrongClass = make.damage(p3, (copy) => copy.write('abst', 12, 'latin1'))
    for (const profile of [p3.subarray(0, p3.length / 2), wrongClass, Buffer.alloc(100_000_000)]) {
      const { image, ms } = await answer(make.withPngChunk(plainPng, iccp(profile)))
      expect(image!.frame!.data).toEqual(expected)
      expect(ms).toBeLessThan(2000)
    }
  })
})

describe('bombs', () => {
  it.each(BOMBS)('%s', async (_name, bytes, says) => {
    const file = await bytes()
    const before = process.memoryUsage.rss()
    const result = await answer(file)
    expect(result.says).toBe(says)
    if (says !== 'ok') {
      // Decoding one of them takes at least 64 million pixels' time and memory.
      expect(result.ms).toBeLessThan(150)
      expect(process.memoryUsage.rss() - before).toBeLessThan(60e6)
    }
  })

  it('a JPEG of 24 megapixels is refused, one of 15.9 is decoded', async () => {
    const jpegOf = (width: number, height: number) =>
      sharp({ create: { width, height, channels: 3, background: '#abc' } })
        .jpeg({ progressive: true })
        .toBuffer()
    expect((await answer(await jpegOf(6000, 4000))).says).toBe('IMAGE_TOO_LARGE')
    const { says, ms } = await answer(await jpegOf(4600, 3456))
    expect(says).toBe('ok')
    // 400 ms is the goal; this only catches a decoder that works in vain.
    expect(ms).toBeLessThan(4000)
  })

  it('a text chunk that inflates to 200 MB is not inflated', async () => {
    const text = Buffer.concat([Buffer.from('x\0\0', 'latin1'), deflateSync(Buffer.alloc(200_000_000))])
    const file = make.withPngChunk(plainPng, make.pngChunk('zTXt', text))
    const before = process.memoryUsage.rss()
    expect((await answer(file)).says).toBe('ok')
    expect(process.memoryUsage.rss() - before).toBeLessThan(50e6)
  })

  it('more bytes than the limit are refused', async () => {
    expect((await answer(Buffer.concat([jpeg, Buffer.alloc(5 * 1024 * 1024)]))).says).toBe('BODY_TOO_LARGE')
  })
})

describe('disguises', () => {
  it.each(DISGUISES)('%s is refused by its bytes and named', async (_name, bytes, named) => {
    const { says, message } = await answer(await bytes())
    expect(says).toBe('IMAGE_TYPE')
    expect(message).toContain(`received ${named}.`)
  })

  it('tells owners of iPhones what to do about HEIC', async () => {
    expect((await answer(box('heic'))).message).toContain('Most Compatible')
  })

  it('an animated WebP is answered without decoding it', async () => {
    const frames = await Promise.all([1, 2].map((seed) => make.noiseImage(64, 64, seed).png().toBuffer()))
    const animated = await sharp(frames, { join: { animated: true } })
      .webp()
      .toBuffer()
    expect((await answer(animated)).says).toBe('retry animated-image')
  })

  it('an animation that hides its flag is still seen', async () => {
    const picture = make.webpPicture(lossyWebp)
    const frame = make.webpChunk('ANMF', Buffer.concat([Buffer.alloc(16), picture]))
    const hidden = make.webp(make.vp8x(0, 128, 128), picture, frame)
    expect((await answer(hidden)).says).toBe('retry animated-image')
  })

  it('an APNG whose default picture is no part of the animation is answered without decoding it', async () => {
    expect((await answer(make.withPngChunk(plainPng, make.animationControl()))).says).toBe('retry animated-image')
  })

  it('a WebP whose canvas and picture differ in size is refused', async () => {
    expect((await answer(make.webp(make.vp8x(0, 640, 480), make.webpPicture(lossyWebp)))).says).toBe('IMAGE_CORRUPT')
    expect((await answer(make.webp(make.vp8x(0, 128, 128), make.webpPicture(lossyWebp)))).says).toBe('ok')
  })

  it('an archive, a page or a script behind a JPEG is told, and nothing of it is repeated', async () => {
    for (const tail of ['PK\x03\x04', '<html><script>alert(1)</script>', '<?php system("id") ?>']) {
      const result = await answer(Buffer.concat([jpeg, Buffer.from(tail)]))
      expect(result.image!.notes!.map(({ code }) => code)).toEqual(['trailing-data'])
      expect(JSON.stringify(result.image!.notes)).not.toContain(tail)
    }
  })

  it('trailing bytes of PNG and WebP are told too', async () => {
    for (const file of [plainPng, lossyWebp]) {
      const { image } = await answer(Buffer.concat([file, Buffer.from('more')]))
      expect(image!.notes!.map(({ code }) => code)).toEqual(['trailing-data'])
    }
  })

  it('a script in a comment is not repeated by the error', async () => {
    const script = '<?php echo "secret-marker" ?>'
    const file = make.withJpegSegments(jpeg, make.jpegSegment(0xfe, Buffer.from(script)))
    expect((await answer(file)).says).toBe('ok')
    const { says, message } = await answer(file.subarray(0, -400))
    expect(says).toBe('IMAGE_CORRUPT')
    expect(message).not.toContain('secret-marker')
  })
})
