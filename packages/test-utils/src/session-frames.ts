/** Frames for a session, made of a picture of a real face. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import sharp from 'sharp'

/** What a session asks for. */
export interface Started {
  readonly id: string
  readonly nonce: string
  readonly challenge: { readonly kind: string }
  readonly capture: {
    readonly frames: number
    readonly holdFrames: number
    readonly intervalMs: number
    readonly width: number
    readonly height: number
  }
}

export interface Film {
  readonly meta: {
    readonly version: 1
    readonly nonce: string
    readonly frames: { readonly index: number; readonly timeMs: number; readonly digest: string }[]
  }
  readonly frames: readonly Uint8Array<ArrayBuffer>[]
}

/**
 * A real face that comes closer, a little elsewhere and with other noise in every frame. Resolves when the last frame's time has come,
 * for the server's clock must agree: call it when the session has just started.
 */
export async function film({ nonce, capture }: Started): Promise<Film> {
  const began = performance.now()
  const picture = await readFile(new URL('../../../fixtures/astronaut.jpg', import.meta.url))
  const { width, height } = await sharp(picture).metadata()
  const shots = await Promise.all(
    Array.from({ length: capture.frames }, async (_, index) => {
      const zoom = 1 + 0.4 * Math.min(1, Math.max(0, index - capture.holdFrames) / 4)
      const side = Math.round((Math.min(width, height) * 0.9) / zoom)
      // Around the face, which is in the upper middle of the picture.
      const left = Math.min(width - side, Math.max(0, Math.round(width * 0.44 - side / 2 + 7 * Math.sin(index * 1.7))))
      const top = Math.min(height - side, Math.max(0, Math.round(height * 0.25 - side / 3 + 6 * Math.cos(index * 1.3))))
      const { data, info } = await sharp(picture)
        .extract({ left, top, width: side, height: Math.round((side * 3) / 4) })
        .resize(capture.width, capture.height)
        .removeAlpha()
        .raw()
        .toBuffer({ resolveWithObject: true })
      for (let i = 0; i < data.length; i++)
        data[i] = Math.max(0, Math.min(255, data[i]! + (Math.random() + Math.random() - 1) * 5))
      const jpeg = await sharp(data, { raw: { width: info.width, height: info.height, channels: 3 } })
        .jpeg({ quality: 92 })
        .toBuffer()
      return { jpeg, index, timeMs: Math.round(200 + index * (capture.intervalMs + 4) + Math.random() * 6) }
    }),
  )
  const frames = shots.map(({ jpeg, index, timeMs }) => ({
    index,
    timeMs,
    digest: createHash('sha256').update(`${nonce}.${index}.${timeMs}.`).update(jpeg).digest('hex'),
  }))
  await new Promise((resolve) => setTimeout(resolve, began + frames.at(-1)!.timeMs - performance.now()))
  return { meta: { version: 1, nonce, frames }, frames: shots.map(({ jpeg }) => new Uint8Array(jpeg)) }
}

/** As a browser sends it. */
export function formOf({ meta, frames }: Film): FormData {
  const form = new FormData()
  form.append('meta', JSON.stringify(meta))
  for (const jpeg of frames) form.append('frames', new Blob([jpeg], { type: 'image/jpeg' }), 'frame.jpg')
  return form
}
