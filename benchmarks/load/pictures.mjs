/** Pictures for the load: a face as a webcam sends it, the largest that is allowed, and some that are broken. */
import { readFile } from 'node:fs/promises'
import sharp from 'sharp'

const FACE = new URL('../../fixtures/astronaut.jpg', import.meta.url)

/** JPEG of 640 x 480 with the noise of a sensor, about 110 kB. */
export async function webcamPictures(count, random) {
  const face = await readFile(FACE)
  const { data, info } = await sharp(face)
    .resize(640, 480, { fit: 'cover' })
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  const raw = { width: info.width, height: info.height, channels: info.channels }
  return Promise.all(
    Array.from({ length: count }, async () => {
      const noisy = Uint8Array.from(data, (value) =>
        Math.max(0, Math.min(255, Math.round(value + (random() + random() - 1) * 8))),
      )
      return { body: await sharp(noisy, { raw }).jpeg({ quality: 92 }).toBuffer() }
    }),
  )
}

/** 15.9 megapixels, the dearest to decode: a progressive JPEG and an interlaced PNG. */
export async function largePictures() {
  const large = sharp(await readFile(FACE)).resize(4608, 3456, { fit: 'cover' })
  return [
    { body: await large.clone().jpeg({ quality: 80, progressive: true }).toBuffer() },
    { body: await large.clone().blur(4).png({ progressive: true, compressionLevel: 6 }).toBuffer(), type: 'image/png' },
  ]
}

/** Each is refused with a code of its own, and none may end a worker. */
export function hostilePictures({ body }) {
  const flipped = Buffer.from(body)
  for (let i = 700; i < flipped.length; i += 97) flipped[i] ^= 0x55
  return [
    { body: body.subarray(0, body.length >> 1) },
    { body: flipped },
    { body: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>') },
    { body: Buffer.alloc(50_000, 0xa5) },
    { body: Buffer.from('GIF89a') },
  ]
}
