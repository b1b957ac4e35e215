/** What libjpeg warns of, one by one: where no pixel changes, the answer is that of a browser; where some are made up, it is an error. */
import { hasChromium, launchChromium } from '@unspoof/test-utils/chromium'
import { cornersImage, damage, jpegSegment, jpegSegments, withJpegSegments } from '@unspoof/test-utils/images/make'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { decodeImage } from '../image/decode.ts'

const plain = await cornersImage(96, 80).jpeg({ quality: 95 }).toBuffer()
const scan = jpegSegments(plain).find(({ marker }) => marker === 0xda)!

const HARMLESS: Readonly<Record<string, Buffer>> = {
  // Samsung phones write this.
  'the spectral selection 0, 0, 0 of a sequential scan': damage(plain, (copy) => {
    const end = jpegSegments(copy).find(({ marker }) => marker === 0xda)!.at + scan.length
    copy.fill(0, end - 3, end)
  }),
  'an unknown version of JFIF': withJpegSegments(withoutJfif(plain), jfif(9)),
  'an unknown colour transform of Adobe': withJpegSegments(withoutJfif(plain), adobe(7)),
}

const DAMAGED: Readonly<Record<string, Buffer>> = {
  'a premature end of the data': Buffer.concat([plain.subarray(0, plain.length - 60), plain.subarray(-2)]),
  'a missing end': plain.subarray(0, plain.length - 2),
}

function jfif(major: number): Buffer {
  return jpegSegment(0xe0, Buffer.from([...Buffer.from('JFIF\0', 'latin1'), major, 2, 0, 0, 1, 0, 1, 0, 0]))
}

function adobe(transform: number): Buffer {
  return jpegSegment(0xee, Buffer.from([...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0, transform]))
}

function withoutJfif(file: Buffer): Buffer {
  const segment = jpegSegments(file).find(({ marker }) => marker === 0xe0)
  if (segment === undefined) return file
  return Buffer.concat([file.subarray(0, segment.at), file.subarray(segment.at + segment.length)])
}

it.each(Object.entries(DAMAGED))('%s is an error', async (_, file) => {
  await expect(decodeImage(file)).rejects.toMatchObject({ code: 'IMAGE_CORRUPT' })
})

it.each(Object.entries(HARMLESS))('%s changes no pixel', async (_, file) => {
  const [whole, repaired] = await Promise.all([decodeImage(plain), decodeImage(file)])
  expect(repaired.frame!.data).toEqual(whole.frame!.data)
  expect(repaired.sha256).not.toBe(whole.sha256)
})

describe.skipIf(!hasChromium)('in Chromium', { timeout: 120_000 }, () => {
  let browser: Awaited<ReturnType<typeof launchChromium>>
  beforeAll(async () => {
    browser = await launchChromium()
  })
  afterAll(() => browser?.close())

  it.each(Object.entries(HARMLESS))('%s shows the same image', async (_, file) => {
    const page = await browser.newPage()
    const pixels = await page.evaluate<number[]>(`(async () => {
      const blob = await (await fetch('data:image/jpeg;base64,${file.toString('base64')}')).blob()
      const bitmap = await createImageBitmap(blob, { colorSpaceConversion: 'none' })
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')
      context.drawImage(bitmap, 0, 0)
      return [...context.getImageData(0, 0, bitmap.width, bitmap.height).data]
    })()`)
    await page.close()
    const { data, width, height } = (await decodeImage(file)).frame!
    expect(pixels.length).toBe(4 * width * height)
    let sum = 0
    for (let i = 0; i < width * height; i++) {
      for (let c = 0; c < 3; c++) sum += Math.abs(pixels[4 * i + c]! - data[3 * i + c]!)
    }
    // The two smooth the halved colours at edges in their own ways.
    expect(sum / (3 * width * height)).toBeLessThan(1)
  })
})
