// What averaging over jittered crops buys and costs, and how much the frames of one video repeat each other (docs/benchmarks/stability.md).
//
//   npm run build && node benchmarks/stability.mjs path/to/index.csv [set ...]
//
// For k = 1, 3, 5 crops: AUC, errors at the balanced operating point, how many pictures are `unstable`, and the change of the
// log-odds when the face's box grows or shrinks by 20 %. Then, for sets whose file names begin with a video's number and an
// underscore, the intraclass correlation of the log-odds within a video (Kish's design effect uses it).
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import {
  box,
  calibratedLogit,
  createFaceDetector,
  DEFAULTS,
  decide,
  jitterBoxes,
  loadModel,
  loadPadModel,
  parseDetectorCard,
  sigmoid,
} from '@unspoof/core'
import { auc } from '@unspoof/evaluation'
import { bundledModel, DEFAULT_DETECTORS, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { createNodeRuntime, decodeImage } from '@unspoof/node'

const [indexPath, ...wanted] = process.argv.slice(2)
if (indexPath === undefined) {
  console.error('usage: node benchmarks/stability.mjs path/to/index.csv [set ...]')
  process.exit(2)
}
const runtime = createNodeRuntime()
const detector = createFaceDetector({
  models: await Promise.all(
    DEFAULT_DETECTORS.map((id) => loadModel({ source: bundledModel(id), runtime, parse: parseDetectorCard })),
  ),
})
const model = await loadPadModel({ source: bundledModel(DEFAULT_PAD_MODEL), runtime })
const { calibration, operatingPoints } = model.card
const { threshold } = operatingPoints.balanced

/** Log-odds of each box. */
async function logitsOf(frame, boxes) {
  const { margins } = await model.score(frame, boxes)
  return margins.map((margin) => calibratedLogit(margin, calibration))
}

const scaled = ({ x, y, width, height }, factor) =>
  box(x + (width * (1 - factor)) / 2, y + (height * (1 - factor)) / 2, width * factor, height * factor)

const [header, ...lines] = (await readFile(indexPath, 'utf8')).trim().split('\n')
const column = Object.fromEntries(header.split(',').map((name, i) => [name, i]))
const rows = []
for (const line of lines) {
  const fields = line.split(',')
  const set = fields[column.set]
  if (wanted.length > 0 && !wanted.includes(set)) continue
  const path = fields[column.path]
  const { frame } = await decodeImage(await readFile(join(dirname(indexPath), path)))
  const faces = frame === undefined ? [] : await detector.detect(frame)
  if (faces.length === 0) continue
  const face = faces.reduce((a, b) => (b.box.width > a.box.width ? b : a))
  const logits = await logitsOf(frame, jitterBoxes(face.box, 5))
  const resized = await logitsOf(frame, [scaled(face.box, 1.2), scaled(face.box, 1 / 1.2)])
  rows.push({ set, video: basename(path).split('_')[0], truth: fields[column.label], logits, resized })
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]

console.log(`${DEFAULT_PAD_MODEL} ${model.variant}, threshold ${threshold}\n`)
console.log(
  '| set | k | AUC | live refused | attacks accepted | unstable (live, attack) | change under 20 % of size, median |',
)
console.log('|---|---|---|---|---|---|---|')
for (const set of new Set(rows.map((row) => row.set))) {
  const inSet = rows.filter((row) => row.set === set)
  for (const k of [1, 3, 5]) {
    const score = (row) => mean(row.logits.slice(0, k))
    const verdicts = inSet.map((row) => ({
      truth: row.truth,
      verdict: decide({ logits: row.logits.slice(0, k), threshold, minStability: DEFAULTS.minStability, reasons: [] })
        .verdict,
    }))
    const count = (truth, verdict) => verdicts.filter((v) => v.truth === truth && v.verdict === verdict).length
    const n = (truth) => inSet.filter((row) => row.truth === truth).length
    const presentations = inSet.map((row) => ({ label: row.truth, score: sigmoid(score(row)) }))
    const area = n('live') > 0 && n('spoof') > 0 ? auc(presentations).toFixed(4) : ''
    const change =
      k === 1
        ? median(inSet.map((row) => Math.max(...row.resized.map((l) => Math.abs(l - row.logits[0]))))).toFixed(2)
        : ''
    console.log(
      `| ${set} | ${k} | ${area} | ${count('live', 'spoof')} of ${n('live')} | ${count('spoof', 'live')} of ${n('spoof')} | ${count('live', 'retry')}, ${count('spoof', 'retry')} | ${change} |`,
    )
  }
}

/** One-way intraclass correlation of the clipped log-odds within videos, for one class of one set. */
function correlation(inClass) {
  const groups = byVideo(inClass).filter((group) => group.length > 1)
  if (groups.length < 2) return undefined
  const clipped = groups.map((group) => group.map((row) => Math.max(-6, Math.min(6, row.logits[0]))))
  const n = clipped.flat().length
  const grand = mean(clipped.flat())
  const between = clipped.reduce((sum, g) => sum + g.length * (mean(g) - grand) ** 2, 0) / (clipped.length - 1)
  const within =
    clipped.reduce((sum, g) => sum + g.reduce((s, v) => s + (v - mean(g)) ** 2, 0), 0) / (n - clipped.length)
  const size = (n - clipped.reduce((sum, g) => sum + g.length ** 2, 0) / n) / (clipped.length - 1)
  return { icc: (between - within) / (between + (size - 1) * within), videos: clipped.length, frames: n }
}

/** Object.groupBy, which Node 20 does not have. */
function byVideo(rows) {
  const groups = new Map()
  for (const row of rows) groups.set(row.video, [...(groups.get(row.video) ?? []), row])
  return [...groups.values()]
}

console.log('\n| set | class | videos | frames | intraclass correlation |\n|---|---|---|---|---|')
for (const set of ['phone-replay']) {
  for (const truth of ['live', 'spoof']) {
    const found = correlation(rows.filter((row) => row.set === set && row.truth === truth))
    if (found) console.log(`| ${set} | ${truth} | ${found.videos} | ${found.frames} | ${found.icc.toFixed(2)} |`)
  }
}
await detector.close()
await model.close()
