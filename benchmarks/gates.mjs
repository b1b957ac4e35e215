// Derives the bounds of the quality gates from the live people that the default model refuses (docs/benchmarks/quality.md).
//
//   npm run build && node benchmarks/gates.mjs path/to/index.csv [--every 10]
//
// Takes every n-th live image whose face the model calls live, changes it in one way at a time (cut around the face, nearer, without
// colour, darker, brighter, coarser), and judges it again without gates. For each signal it prints how many are refused in each slice,
// and the bound: the value beyond which more than a fifth is refused, over at least 20 faces.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  calibratedLogit,
  createFaceDetector,
  loadModel,
  loadPadModel,
  measureQuality,
  parseDetectorCard,
  sigmoid,
} from '@unspoof/core'
import { bundledModel, DEFAULT_DETECTORS, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { createNodeRuntime, decodeImage } from '@unspoof/node'
import sharp from 'sharp'

const MAX_REFUSED = 0.2
const MIN_FACES = 20

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: 'string', default: '10' } },
})
const [indexPath] = positionals
if (indexPath === undefined) {
  console.error('usage: node benchmarks/gates.mjs path/to/index.csv [--every n]')
  process.exit(2)
}

const runtime = createNodeRuntime()
const detector = createFaceDetector({
  models: await Promise.all(
    DEFAULT_DETECTORS.map((id) => loadModel({ source: bundledModel(id), runtime, parse: parseDetectorCard })),
  ),
})
const model = await loadPadModel({ source: bundledModel(DEFAULT_PAD_MODEL), runtime })
const { threshold } = model.card.operatingPoints.balanced

/** The largest face of an image with its signals and whether the model calls it live. */
async function judge(bytes) {
  const { frame } = await decodeImage(bytes)
  if (frame === undefined) return undefined
  const faces = await detector.detect(frame)
  if (faces.length === 0) return undefined
  const face = faces.reduce((a, b) => (b.box.width > a.box.width ? b : a))
  const { margins } = await model.score(frame, [face.box])
  const live = sigmoid(calibratedLogit(margins[0], model.card.calibration)) >= threshold
  return { frame, face, live, signals: measureQuality(frame, face) }
}

/** A window of the image in which the face takes a share of the width, at most the whole image. */
function framed(bytes, { frame, face: { box } }, share, ratio) {
  const width = box.width / share
  const height = width * ratio
  const left = Math.max(0, Math.round(box.x + box.width / 2 - width / 2))
  const top = Math.max(0, Math.round(box.y + box.height / 2 - height / 2))
  return sharp(bytes)
    .rotate()
    .extract({
      left,
      top,
      width: Math.min(frame.width - left, Math.round(width)),
      height: Math.min(frame.height - top, Math.round(height)),
    })
    .jpeg({ quality: 92 })
}

const CHANGES = {
  'as it is': (bytes) => sharp(bytes).rotate().jpeg({ quality: 95 }),
  'face .5 of the width, 3:4': (bytes, face) => framed(bytes, face, 0.5, 4 / 3),
  'face .7': (bytes, face) => framed(bytes, face, 0.7, 4 / 3),
  'face .9': (bytes, face) => framed(bytes, face, 0.9, 4 / 3),
  'cut, margin .5': (bytes, face) => framed(bytes, face, 1 / 2, 1),
  'cut, margin .25': (bytes, face) => framed(bytes, face, 1 / 1.5, 1),
  'cut, margin .1': (bytes, face) => framed(bytes, face, 1 / 1.2, 1),
  'cut, margin 0': (bytes, face) => framed(bytes, face, 1, 1),
  grey: (bytes) => sharp(bytes).rotate().grayscale().jpeg({ quality: 92 }),
  'infrared-like': (bytes) => sharp(bytes).rotate().grayscale().linear(1.2, 20).jpeg({ quality: 85 }),
  'half as bright': (bytes) => sharp(bytes).rotate().linear(0.5, 0).jpeg({ quality: 90 }),
  'brighter by a third': (bytes) => sharp(bytes).rotate().linear(1.35, 30).jpeg({ quality: 90 }),
  'quality 15': (bytes) => sharp(bytes).rotate().jpeg({ quality: 15 }),
}

const [header, ...lines] = (await readFile(indexPath, 'utf8')).trim().split('\n')
const column = Object.fromEntries(header.split(',').map((name, i) => [name, i]))
const lives = lines.map((line) => line.split(',')).filter((fields) => fields[column.label] === 'live')
const rows = []
let people = 0
for (const fields of lives.filter((_, i) => i % Number(values.every) === 0)) {
  const bytes = await readFile(join(dirname(indexPath), fields[column.path]))
  const base = await judge(bytes)
  if (base?.live !== true || base.signals.faceSide < 90) continue
  people++
  for (const [change, make] of Object.entries(CHANGES)) {
    const judged = await judge(await make(bytes, base).toBuffer())
    rows.push({
      change,
      ...(judged === undefined ? { live: undefined } : { live: judged.live, signals: judged.signals }),
    })
  }
}

console.log(
  `${DEFAULT_PAD_MODEL} at ${threshold}: ${people} live images, ${Object.keys(CHANGES).length} changes each\n`,
)
console.log('| change | refused | no face |\n|---|---|---|')
for (const change of Object.keys(CHANGES)) {
  const of = rows.filter((row) => row.change === change)
  console.log(
    `| ${change} | ${of.filter(({ live }) => live === false).length} of ${of.length} | ${of.filter(({ live }) => live === undefined).length} |`,
  )
}

/** Signals with the side on which refusals rise, and the changes that move them. */
const SIGNALS = {
  faceShare: ['above', /face|as it is/],
  surroundingsOutside: ['above', /cut|face|as it is/],
  outside: ['above', /cut|face|as it is/],
  chroma: ['below', /grey|infrared|as it is/],
  brightness: ['above', /bright|as it is/],
  flatness: ['above', /./],
}
for (const [name, [side, changes]] of Object.entries(SIGNALS)) {
  const judged = rows.filter(({ change, signals }) => signals !== undefined && changes.test(change))
  // From the side where nothing is refused towards the bound.
  const sorted = judged.toSorted((a, b) => (side === 'above' ? 1 : -1) * (a.signals[name] - b.signals[name]))
  console.log(`\n| ${name} | n | refused |\n|---|---|---|`)
  for (let i = 0; i < 10; i++) {
    const slice = sorted.slice(Math.floor((i * sorted.length) / 10), Math.floor(((i + 1) * sorted.length) / 10))
    if (slice.length === 0) continue
    const [from, to] = [slice[0], slice.at(-1)].map(({ signals }) => signals[name].toFixed(3))
    console.log(`| ${from} to ${to} | ${slice.length} | ${slice.filter(({ live }) => !live).length} |`)
  }
  console.log(`Bound of ${name}: ${boundOf(sorted, name)?.toFixed(3) ?? 'none'}`)
}

/** The first value from which on more than a fifth is refused, in this window and in all that lies beyond it. */
function boundOf(sorted, name) {
  for (let i = 0; i + MIN_FACES <= sorted.length; i++) {
    const isTooMany = (slice) => slice.filter(({ live }) => !live).length > MAX_REFUSED * slice.length
    if (isTooMany(sorted.slice(i, i + MIN_FACES)) && isTooMany(sorted.slice(i))) return sorted[i].signals[name]
  }
  return undefined
}

await detector.close()
await model.close()
