/** Frames for a session, made of a picture of a real face. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import sharp from 'sharp'

/** What a session asks for. */
export interface Started {
  readonly id: string
  readonly nonce: string
  readonly capture: {
    readonly holdFrames: number
    readonly intervalMs: number
    readonly width: number
    readonly height: number
  }
}

export interface Film {
  readonly meta: {
    readonly version: 2
    readonly nonce: string
  }
  readonly frames: readonly Uint8Array<ArrayBuffer>[]
}

/** What the client of the protocol posts for each step, and what it is answered. */
export interface Commit {
  readonly version: 2
  readonly nonce: string
  readonly step: number
  readonly frames: { readonly timeMs: number; readonly digest: string }[]
}
export interface Committed {
  readonly step: { readonly kind: string; readonly frames: number } | null
}

/**
 * A real face that comes closer, a little elsewhere and with other noise in every frame. Takes as long as a camera does, since the
 * server's clock must agree: call it when the session has just started.
 */
export async function film({ nonce, capture }: Started, commit: (body: Commit) => Promise<Committed>): Promise<Film> {
  const began = performance.now() - 100
  const all: Uint8Array<ArrayBuffer>[] = []
  let asked: Committed['step'] | undefined
  for (let step = 0; asked !== null; step++) {
    const count = asked?.frames ?? capture.holdFrames
    const frames: Commit['frames'] = []
    // Nobody can read an instruction and move within 400 ms.
    if (step > 0) await until(performance.now() + 500)
    for (let i = 0; i < count; i++) {
      const next = performance.now() + capture.intervalMs + 6 * Math.random()
      const timeMs = Math.round(performance.now() - began)
      const jpeg = await shoot(capture, all.length, step === 0 ? 1 : 1 + 0.4 * Math.min(1, i / 2))
      const digest = createHash('sha256').update(`${nonce}.${all.length}.${timeMs}.`).update(jpeg).digest('hex')
      frames.push({ timeMs, digest })
      all.push(jpeg)
      await until(next)
    }
    asked = (await commit({ version: 2, nonce, step, frames })).step
    if (asked === undefined) throw new Error('The answer to a commit names no step.')
  }
  return { meta: { version: 2, nonce }, frames: all }
}

async function shoot(
  size: { readonly width: number; readonly height: number },
  index: number,
  zoom: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const image = await readFile(new URL('../../../fixtures/astronaut.jpg', import.meta.url))
  const { width, height } = await sharp(image).metadata()
  const side = Math.round((Math.min(width, height) * 0.9) / zoom)
  // Around the face, which is in the upper middle of the image.
  const left = Math.min(width - side, Math.max(0, Math.round(width * 0.44 - side / 2 + 7 * Math.sin(index * 1.7))))
  const top = Math.min(height - side, Math.max(0, Math.round(height * 0.25 - side / 3 + 6 * Math.cos(index * 1.3))))
  const { data, info } = await sharp(image)
    .extract({ left, top, width: side, height: Math.round((side * 3) / 4) })
    .resize(size.width, size.height)
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  for (let i = 0; i < data.length; i++)
    data[i] = Math.max(0, Math.min(255, data[i]! + (Math.random() + Math.random() - 1) * 5))
  const jpeg = sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } }).jpeg({ quality: 92 })
  return new Uint8Array(await jpeg.toBuffer())
}

function until(time: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, time - performance.now())))
}

/** As a browser sends it. */
export function formOf({ meta, frames }: Film): FormData {
  const form = new FormData()
  form.append('meta', JSON.stringify(meta))
  for (const jpeg of frames) form.append('frames', new Blob([jpeg], { type: 'image/jpeg' }), 'frame.jpg')
  return form
}
