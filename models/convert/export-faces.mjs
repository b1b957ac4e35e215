/**
 * Prints the canonical face of each picture as our own detector sees it, so that a training recipe crops exactly what
 * production will crop.
 *
 *     npm run build && node models/convert/export-faces.mjs path/to/index.csv > faces.csv
 *     npm run build && node models/convert/export-faces.mjs path/to/folder > faces.csv
 *     npm run build && node models/convert/export-faces.mjs path/to/index.csv --yunet path/to/yunet.onnx > yunet.csv
 *
 * Columns: path (as in the index, or from the folder), width, height, faces (how many were found), then x, y, box_width,
 * box_height of the canonical box in pixels of the upright picture, the detector's score, and x and y of right eye, left eye,
 * nose and mouth. With an index (columns path, face_x, face_y, face_w, face_h, where the face columns may be missing) it is
 * the face that overlaps the index's most, else the best one. Columns are empty where no face was found.
 */
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { parseArgs } from 'node:util'
import { box, createFaceDetector, iou, loadModel, parseDetectorCard } from '@unspoof/core'
import { bundledModel, DEFAULT_DETECTORS, registry } from '@unspoof/models'
import { createNodeRuntime, decodeImage } from '@unspoof/node'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { yunet: { type: 'string' } } })
const [target] = positionals
if (target === undefined) {
  console.error('usage: node models/convert/export-faces.mjs index.csv|folder [--yunet yunet.onnx]')
  process.exit(2)
}
const isFolder = (await stat(target)).isDirectory()
const root = isFolder ? target : dirname(target)
const pictures = isFolder ? await listFolder(target) : await readIndex(target)

const runtime = createNodeRuntime()
const sources = values.yunet === undefined ? DEFAULT_DETECTORS.map(bundledModel) : [yuNetSource(values.yunet)]
const models = sources.map((source) => loadModel({ source, runtime, parse: parseDetectorCard }))
const detector = createFaceDetector({ models: await Promise.all(models) })

console.log(
  'path,width,height,faces,x,y,box_width,box_height,score,right_eye_x,right_eye_y,left_eye_x,left_eye_y,nose_x,nose_y,mouth_x,mouth_y',
)
for (const { path, wanted } of pictures) {
  const { frame } = await decodeImage(await readFile(join(root, path)))
  if (frame === undefined) throw new Error(`${path} is an animation`)
  const faces = await detector.detect(frame)
  const face = wanted === undefined ? faces[0] : faces.toSorted((a, b) => iou(b.box, wanted) - iou(a.box, wanted))[0]
  const points =
    face === undefined
      ? []
      : ['rightEye', 'leftEye', 'nose', 'mouth'].flatMap((name) => [face.keyPoints[name].x, face.keyPoints[name].y])
  const numbers =
    face === undefined ? [] : [face.box.x, face.box.y, face.box.width, face.box.height, face.score, ...points]
  const cells = Array.from({ length: 13 }, (_, i) =>
    numbers[i] === undefined ? '' : numbers[i].toFixed(i === 4 ? 4 : 2),
  )
  console.log([path, frame.width, frame.height, faces.length, ...cells].join(','))
}
await detector.close()

function yuNetSource(path) {
  return { location: path, card: async () => registry['yunet-2023mar-640'].card, read: () => readFile(path) }
}

async function listFolder(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && /\.(jpe?g|png|webp)$/i.test(entry.name))
    .map((entry) => ({ path: relative(folder, join(entry.parentPath, entry.name)), wanted: undefined }))
    .sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function readIndex(file) {
  const [head, ...lines] = (await readFile(file, 'utf8')).trim().split('\n')
  const columns = head.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    const cell = (name) => cells[columns.indexOf(name)]
    const sides = ['face_x', 'face_y', 'face_w', 'face_h'].map((name) => Number(cell(name) || Number.NaN))
    return { path: cell('path'), wanted: sides.every(Number.isFinite) ? box(...sides) : undefined }
  })
}
