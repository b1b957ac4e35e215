// How the default model's errors depend on each quality signal: the data behind QUALITY_BOUNDS (docs/benchmarks/quality.md).
//
//   npm run build && node benchmarks/quality.mjs path/to/index.csv [--upside-down]
//
// Each picture's largest face is measured and judged with one crop and without gates. For each signal the pictures are sorted
// and cut at the quantiles below; a row gives the error rates at the balanced operating point in each slice.
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  calibratedLogit,
  createFaceDetector,
  createFrame,
  loadModel,
  loadPadModel,
  measureQuality,
  parseDetectorCard,
  QUALITY_BOUNDS,
  sigmoid,
} from '@unspoof/core'
import { bundledModel, DEFAULT_DETECTORS, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { createNodeRuntime, decodeImage } from '@unspoof/node'

const QUANTILES = [0, 0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99, 1]
const SIGNALS = {
  faceSide: (s) => s.faceSide,
  faceShare: (s) => s.faceShare,
  outside: (s) => s.outside,
  brightness: (s) => s.brightness,
  contrast: (s) => s.contrast,
  sharpness: (s) => s.sharpness,
  detail: (s) => s.detail,
  'abs(roll)': (s) => Math.abs(s.roll ?? 0),
  'abs(yaw)': (s) => Math.abs(s.yaw ?? 0),
}

const indexPath = process.argv[2]
const upsideDown = process.argv[3] === '--upside-down'
if (indexPath === undefined) {
  console.error('usage: node benchmarks/quality.mjs path/to/index.csv [--upside-down]')
  process.exit(2)
}

const runtime = createNodeRuntime()
const detectors = await Promise.all(
  DEFAULT_DETECTORS.map((id) => loadModel({ source: bundledModel(id), runtime, parse: parseDetectorCard })),
)
const detector = createFaceDetector({ models: detectors })
const model = await loadPadModel({ source: bundledModel(DEFAULT_PAD_MODEL), runtime })
const { threshold } = model.card.operatingPoints.balanced

/** Turned by 180 degrees: the pixels from the last to the first. */
function turned({ data, width, height, channels }) {
  const pixels = new Uint8Array(data.length)
  for (let from = 0, to = data.length - channels; to >= 0; from += channels, to -= channels)
    for (let c = 0; c < channels; c++) pixels[to + c] = data[from + c]
  return createFrame({ data: pixels, width, height, channels })
}

const [header, ...lines] = (await readFile(indexPath, 'utf8')).trim().split('\n')
const column = Object.fromEntries(header.split(',').map((name, i) => [name, i]))
const rows = []
let faceless = 0
for (const line of lines) {
  const fields = line.split(',')
  const bytes = await readFile(join(dirname(indexPath), fields[column.path]))
  const decoded = (await decodeImage(bytes)).frame
  const frame = upsideDown && decoded !== undefined ? turned(decoded) : decoded
  const faces = frame === undefined ? [] : await detector.detect(frame)
  if (faces.length === 0) {
    faceless++
    continue
  }
  const face = faces.reduce((a, b) => (b.box.width > a.box.width ? b : a))
  const { margins } = await model.score(frame, [face.box])
  const live = sigmoid(calibratedLogit(margins[0], model.card.calibration)) >= threshold
  rows.push({ truth: fields[column.label], live, signals: measureQuality(frame, face) })
}

console.log(`${DEFAULT_PAD_MODEL} at ${threshold}: ${rows.length} faces judged, no face in ${faceless} pictures`)
const upright = rows.filter(({ signals }) => Math.abs(signals.roll ?? 0) <= QUALITY_BOUNDS.maxRoll)
const accepted = (truth) => {
  const of = upright.filter((row) => row.truth === truth)
  return `${of.filter((row) => row.live).length} of ${of.length}`
}
console.log(`${upright.length} not tilted, accepted of them: live ${accepted('live')}, attacks ${accepted('spoof')}\n`)
for (const [name, signalOf] of Object.entries(SIGNALS)) {
  const sorted = [...rows].sort((a, b) => signalOf(a.signals) - signalOf(b.signals))
  console.log(`| ${name} | n | live refused | attacks accepted |\n|---|---|---|---|`)
  for (let i = 1; i < QUANTILES.length; i++) {
    const slice = sorted.slice(Math.floor(QUANTILES[i - 1] * sorted.length), Math.floor(QUANTILES[i] * sorted.length))
    if (slice.length === 0) continue
    const range = `${signalOf(slice[0].signals).toFixed(2)} to ${signalOf(slice.at(-1).signals).toFixed(2)}`
    const bona = slice.filter((r) => r.truth === 'live')
    const attacks = slice.filter((r) => r.truth === 'spoof')
    console.log(
      `| ${range} | ${slice.length} | ${bona.filter((r) => !r.live).length} of ${bona.length} | ${attacks.filter((r) => r.live).length} of ${attacks.length} |`,
    )
  }
  console.log()
}
await detector.close()
await model.close()
