// face-api's own weights, from its package to where the page fetches them.
import { cp, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const from = join(dirname(createRequire(import.meta.url).resolve('@vladmandic/face-api/package.json')), 'model')
const to = fileURLToPath(new URL('public/models/', import.meta.url))
await mkdir(to, { recursive: true })
for (const model of ['tiny_face_detector_model', 'face_landmark_68_model']) {
  for (const file of [`${model}-weights_manifest.json`, `${model}.bin`]) await cp(join(from, file), join(to, file))
}
