/** Camera clips and picture series made from the redistributable picture in fixtures/. */
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'

export const ASTRONAUT = fileURLToPath(new URL('../../../fixtures/astronaut.jpg', import.meta.url))

export interface ClipOptions {
  readonly width?: number
  readonly height?: number
  /** Frames of the loop; the browser plays it again and again. A prime number: frames taken at an even pace then differ. @default 97 */
  readonly frames?: number
  /** How many times as wide the picture is at the end as at the start. @default 1.06 */
  readonly zoom?: number
}

/**
 * A clip for `--use-file-for-fake-video-capture`: JPEG after JPEG. The person sways and comes closer, so no two frames are equal.
 * @returns the path of a .mjpeg file in a temporary folder
 */
export async function makeClip(options: ClipOptions = {}): Promise<string> {
  const { width = 640, height = 480, frames = 97, zoom = 1.06 } = options
  const source = sharp(await readFile(ASTRONAUT))
  const parts: Buffer[] = []
  for (let i = 0; i < frames; i++) {
    const phase = (2 * Math.PI * i) / frames
    // A window of the picture around the face, of the camera's shape.
    const side = 330 / (1 + ((zoom - 1) * (1 - Math.cos(phase))) / 2)
    const windowHeight = Math.min(398, Math.round((side * height) / width))
    const windowWidth = Math.round((windowHeight * width) / height)
    const left = clamp(185 - windowWidth / 2 + 6 * Math.sin(phase), 0, 400 - windowWidth)
    const top = clamp(125 - windowHeight / 2 + 3 * Math.sin(2 * phase), 0, 400 - windowHeight)
    const frame = source.clone().extract({ left, top, width: windowWidth, height: windowHeight })
    parts.push(await frame.resize(width, height).jpeg({ quality: 92 }).toBuffer())
  }
  const path = join(await mkdtemp(join(tmpdir(), 'unspoof-clip-')), 'camera.mjpeg')
  await writeFile(path, Buffer.concat(parts))
  return path
}

/** Different pictures of the same face: scaled, cut, turned, darker, brighter, noisy, more and less compressed. JPEG bytes. */
export async function makePictures(count: number): Promise<Buffer[]> {
  const original = await readFile(ASTRONAUT)
  const pictures: Buffer[] = []
  for (let i = 0; i < count; i++) {
    const left = (i * 7) % 40
    const top = (i * 5) % 20
    const cut = sharp(original).extract({ left, top, width: 340 + ((i * 11) % 20), height: 340 + ((i * 13) % 30) })
    const turned = sharp(await cut.png().toBuffer()).rotate((i % 7) * 3 - 9, { background: '#777' })
    const scaled = sharp(await turned.png().toBuffer()).resize({ width: 360 + ((i * 53) % 700) })
    const toned = scaled.modulate({ brightness: 0.75 + (i % 6) * 0.1, saturation: 0.6 + (i % 5) * 0.2 })
    pictures.push(
      await toned.jpeg({ quality: 70 + ((i * 9) % 29), chromaSubsampling: i % 2 === 0 ? '4:2:0' : '4:4:4' }).toBuffer(),
    )
  }
  return pictures
}

function clamp(value: number, min: number, max: number): number {
  return Math.round(Math.max(min, Math.min(max, value)))
}
