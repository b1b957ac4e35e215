// Tiny faces that were enlarged, beside real ones: the data behind `minDetail` of QUALITY_BOUNDS (docs/benchmarks/quality.md).
//
//   npm run build && node benchmarks/enlarged.mjs path/to/index.csv
//
// Every third picture is also shrunk until its face has some pixels, and enlarged again. Pictures whose face another gate refuses do not count. The bound is
// the largest that refuses at most 0.25 % of the real faces in one half; counts are of the other. A person, a video and copies of a picture stay in one half.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  createFaceDetector,
  loadModel,
  lumaGrid,
  measureQuality,
  parseDetectorCard,
  perceptualHash,
  QUALITY_BOUNDS,
  qualityReasons,
} from '@unspoof/core'
import { nearDuplicates } from '@unspoof/evaluation'
import { bundledModel, DEFAULT_DETECTORS } from '@unspoof/models'
import { createNodeRuntime, decodeImage } from '@unspoof/node'
import sharp from 'sharp'

const MIN_SIDE = 64
const REFUSED = 0.0025
/** Pixels of the face, how many times it is enlarged, and how. */
const VARIANTS = [
  [20, 8, 'linear'],
  [20, 8, 'cubic'],
  [20, 8, 'lanczos3'],
  [20, 8, 'nearest'],
  [32, 5, 'cubic'],
  [40, 4, 'cubic'],
  [70, 1, 'cubic'],
  [100, 1, 'cubic'],
]

const indexPath = process.argv[2]
if (indexPath === undefined) {
  console.error('usage: node benchmarks/enlarged.mjs path/to/index.csv')
  process.exit(2)
}

const runtime = createNodeRuntime()
const detectors = await Promise.all(
  DEFAULT_DETECTORS.map((id) => loadModel({ source: bundledModel(id), runtime, parse: parseDetectorCard })),
)
const detector = createFaceDetector({ models: detectors })

/** Undefined without a face, or where another gate refuses it. */
async function look(frame) {
  const faces = frame === undefined ? [] : await detector.detect(frame)
  if (faces.length === 0) return undefined
  const face = faces.reduce((a, b) => (b.box.width > a.box.width ? b : a))
  const signals = measureQuality(frame, face)
  const others = qualityReasons({ ...signals, detail: Number.POSITIVE_INFINITY }, MIN_SIDE)
  return others.length > 0 ? undefined : signals
}

async function enlarged({ data, width, height, channels }, factor, times, kernel) {
  const small = [width, height].map((side) => Math.max(8, Math.round(side * factor)))
  const [w, h] = small.map((side) => side * times)
  const tiny = await sharp(data, { raw: { width, height, channels } })
    .removeAlpha()
    .resize(...small, { fit: 'fill' })
    .png()
    .toBuffer()
  const picture = sharp(tiny).resize(w, h, { fit: 'fill', kernel })
  return (await decodeImage(await picture.jpeg({ quality: 90 }).toBuffer())).frame
}

function subjectOf(path) {
  const [set, ...rest] = path.split('/')
  const name = rest.at(-1)
  if (set.startsWith('nuaa')) return set + name.slice(0, 4)
  if (set === 'phone-replay') return set + name.split('_')[0]
  return set === 'phone-photos' ? set + name.slice(0, 6) : path
}

const [header, ...lines] = (await readFile(indexPath, 'utf8')).trim().split('\n')
const column = Object.fromEntries(header.split(',').map((name, i) => [name, i]))
const pictures = []
for (const [i, line] of lines.entries()) {
  const path = line.split(',')[column.path]
  const { frame } = await decodeImage(await readFile(join(dirname(indexPath), path)))
  const signals = await look(frame)
  if (signals === undefined) continue
  const picture = { subject: subjectOf(path), hash: perceptualHash(lumaGrid(frame)), details: { real: signals.detail } }
  pictures.push(picture)
  if (i % 3 !== 0) continue
  for (const [side, times, kernel] of VARIANTS) {
    const factor = side / signals.faceSide
    if (factor > 0.9 || Math.min(frame.width, frame.height) * factor * times < MIN_SIDE) continue
    const seen = await look(await enlarged(frame, factor, times, kernel))
    if (seen !== undefined) picture.details[`${side} px x ${times}, ${kernel}`] = seen.detail
  }
}
// Copies take the subject of the first of them.
for (const group of nearDuplicates(pictures)) for (const copy of group) copy.subject = group[0].subject
const halfOf = ({ subject }) => createHash('sha256').update(subject).digest()[0] % 2

const detailsOf = (name, half) =>
  pictures.filter((picture) => halfOf(picture) === half && name in picture.details).map(({ details }) => details[name])
const fitted = detailsOf('real', 0).sort((a, b) => a - b)
const bound = fitted[Math.floor(REFUSED * fitted.length)]
console.log(`fitted on ${fitted.length} real faces: ${bound.toFixed(4)}; in use: ${QUALITY_BOUNDS.minDetail}\n`)
console.log('| faces | n | called blurred |\n|---|---|---|')
for (const name of ['real', ...VARIANTS.map(([side, times, kernel]) => `${side} px x ${times}, ${kernel}`)]) {
  const details = detailsOf(name, 1)
  console.log(`| ${name} | ${details.length} | ${details.filter((d) => d < QUALITY_BOUNDS.minDetail).length} |`)
}
