/** The images that attacks are made of. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { decodeImage } from '@unspoof/node'
import { models } from './sessions.mjs'
import { eyesOf } from './still.mjs'

/** The image of the short form: public domain. */
export const ASTRONAUT = fileURLToPath(new URL('../../../fixtures/astronaut.jpg', import.meta.url))

/** @returns rows of FOLDER/index.csv with absolute paths */
export async function readIndex(folder, file = 'index.csv') {
  const [head, ...lines] = (await readFile(join(folder, file), 'utf8')).trim().split('\n')
  const columns = head.split(',')
  return lines.map((text) => {
    const row = Object.fromEntries(text.split(',').map((value, i) => [columns[i], value]))
    return { ...row, path: join(folder, file, '..', row.path) }
  })
}

/** `n` images of one label with a large enough face, evenly from all sets. */
export async function pick(folder, label, n) {
  const rows = (await readIndex(folder)).filter((row) => row.label === label && Number(row.face_w) >= 90)
  return Array.from(
    { length: Math.min(n, rows.length) },
    (_, i) => rows[Math.floor(((i + 0.5) * rows.length) / n)].path,
  )
}

/** An image with its face's eyes; undefined where no face is found. */
export async function still(path) {
  const { detector } = await models()
  const { frame } = await decodeImage(await readFile(path))
  const [face] = frame === undefined ? [] : await detector.detect(frame)
  return face?.keyPoints === undefined ? undefined : { frame, face, eyes: eyesOf(face.keyPoints) }
}
