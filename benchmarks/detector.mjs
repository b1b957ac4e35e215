/**
 * How often the built-in face detector finds the face that YuNet found, how well their canonical faces agree, how often it sees
 * a face where there is none (in what lies beside the faces of these pictures), and how long it takes.
 *
 *     npm run build && node benchmarks/detector.mjs path/to/index.csv --yunet path/to/yunet.onnx [--every 1]
 *
 * The index has one row a picture: path, set, label, attack, width, height, face_x, face_y, face_w, face_h, face_score; faces are
 * YuNet's. Rows whose picture has another size than the index says are skipped. YuNet runs through its card of the registry.
 */
import { readFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { box, canonicalFace, createFaceDetector, createFrame, iou, loadModel, parseDetectorCard } from '@unspoof/core'
import { bundledModel, DEFAULT_DETECTORS, registry } from '@unspoof/models'
import { createNodeRuntime, decodeImage } from '@unspoof/node'

/** Sides of faces that count, in pixels. */
const MIN_SIDE = 64
/** A found face is the same face when the two canonical boxes overlap by at least this. */
const SAME_FACE = 0.3
/** Width and height a background must have, in pixels. */
const MIN_BACKGROUND = 100

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { yunet: { type: 'string' }, every: { type: 'string', default: '1' } },
})
const [index] = positionals
if (index === undefined || values.yunet === undefined) {
  console.error('usage: node benchmarks/detector.mjs index.csv --yunet yunet.onnx [--every n]')
  process.exit(2)
}

const runtime = createNodeRuntime()
const load = (source) => loadModel({ source, runtime, parse: parseDetectorCard })
const models = await Promise.all(DEFAULT_DETECTORS.map((id) => load(bundledModel(id))))
const blazeFace = createFaceDetector({ models })
const shortRange = createFaceDetector({ models: [models[0]] })
const yuNet = createFaceDetector({
  models: [
    await load({
      location: 'the registry',
      card: async () => registry['yunet-2023mar-640'].card,
      read: () => readFile(values.yunet),
    }),
  ],
})

const lines = (await readFile(index, 'utf8')).trim().split('\n').slice(1)
const rows = []
const backgrounds = { pictures: 0, withFace: 0 }
let skipped = 0
for (const line of lines.filter((_, i) => i % Number(values.every) === 0)) {
  const [path, set, , , width, height, ...face] = line.split(',')
  const { frame } = await decodeImage(await readFile(join(dirname(index), path)))
  if (frame.width !== Number(width) || frame.height !== Number(height)) {
    skipped++
    continue
  }
  const [x, y, w, h] = face.map(Number)
  if (Math.max(w, h) < MIN_SIDE) continue
  const wanted = box(x, y, w, h)
  const references = await yuNet.detect(frame)
  const reference = nearest(references, wanted)
  const began = performance.now()
  const found = await blazeFace.detect(frame)
  const milliseconds = performance.now() - began
  const timed = performance.now()
  const inShortRange = (await shortRange.detect(frame)).length > 0
  const shortMilliseconds = performance.now() - timed
  const match = nearest(found, reference?.box ?? wanted)
  for (const background of besideFaces(frame, [wanted, ...[...references, ...found].map((face) => face.detectorBox)])) {
    backgrounds.pictures++
    if ((await blazeFace.detect(background)).length > 0) backgrounds.withFace++
  }
  rows.push({
    path,
    set,
    found: found.length > 0,
    same: match !== undefined && iou(match.box, reference?.box ?? wanted) >= SAME_FACE,
    overlap:
      match === undefined || reference === undefined ? undefined : iou(match.box, canonicalFace(reference.keyPoints)),
    withIndex: match === undefined ? undefined : iou(match.box, wanted),
    scale: match === undefined ? undefined : Math.max(match.box.width, match.box.height) / Math.max(w, h),
    milliseconds,
    shortMilliseconds: inShortRange ? shortMilliseconds : undefined,
  })
}

console.log(`${cpus()[0]?.model.trim()}, Node ${process.versions.node}, one thread`)
console.log(
  `${rows.length} faces of at least ${MIN_SIDE} pixels; ${skipped} rows skipped, their picture has another size\n`,
)
console.log('set            n  found  same  IoU: median   p10    p5  <.85  <.70  <.50 | with index  scale (sd of log)')
for (const set of [...new Set(rows.map((row) => row.set))].sort()) {
  report(
    set,
    rows.filter((row) => row.set === set),
  )
}
report('all', rows)
const times = rows.map((row) => row.shortMilliseconds).filter((value) => value !== undefined)
console.log(
  `\nmilliseconds a frame: short range ${at(times, 0.5).toFixed(2)} (p10 ${at(times, 0.1).toFixed(2)}, p90 ${at(times, 0.9).toFixed(2)}), all of it ${at(
    rows.map((row) => row.milliseconds),
    0.5,
  ).toFixed(2)}`,
)
console.log(`backgrounds with a face seen in them: ${backgrounds.withFace} of ${backgrounds.pictures}`)
for (const row of rows.filter(({ same }) => !same))
  console.log(`not the same face: ${basename(row.path)} (${row.set})${row.found ? '' : ', none found'}`)

function report(name, some) {
  const count = (test) => String(some.filter(test).length)
  const overlaps = some.map(({ overlap }) => overlap).filter((value) => value !== undefined)
  const withIndex = some.map((row) => row.withIndex).filter((value) => value !== undefined)
  const scales = some.filter((row) => row.same).map(({ scale }) => Math.log(scale))
  const mean = scales.reduce((sum, value) => sum + value, 0) / scales.length
  const deviation = Math.sqrt(scales.reduce((sum, value) => sum + (value - mean) ** 2, 0) / scales.length)
  const below = (bound) => String(overlaps.filter((value) => value < bound).length).padStart(5)
  console.log(
    `${name.padEnd(13)}${String(some.length).padStart(4)}${count((row) => row.found).padStart(7)}${count((row) => row.same).padStart(6)}` +
      `        ${at(overlaps, 0.5).toFixed(3)} ${at(overlaps, 0.1).toFixed(3)} ${at(overlaps, 0.05).toFixed(3)} ${below(0.85)} ${below(0.7)} ${below(0.5)}` +
      ` |      ${at(withIndex, 0.5).toFixed(3)}  ${Math.exp(mean).toFixed(3)} (${deviation.toFixed(3)})`,
  )
}

/** What lies left and right of all faces, a quarter of a face away. */
function* besideFaces(frame, faces) {
  const left = Math.floor(Math.min(...faces.map(({ x, width }) => x - width / 4)))
  const right = Math.ceil(Math.max(...faces.map(({ x, width }) => x + width * 1.25)))
  for (const [start, end] of [
    [0, left],
    [right, frame.width],
  ]) {
    const width = end - start
    if (width < MIN_BACKGROUND || frame.height < MIN_BACKGROUND) continue
    const data = new Uint8Array(width * frame.height * frame.channels)
    for (let y = 0; y < frame.height; y++) {
      const from = (y * frame.width + start) * frame.channels
      data.set(frame.data.subarray(from, from + width * frame.channels), y * width * frame.channels)
    }
    yield createFrame({ data, width, height: frame.height })
  }
}

function nearest(faces, wanted) {
  return faces.toSorted((a, b) => iou(b.box, wanted) - iou(a.box, wanted))[0]
}

function at(numbers, share) {
  return numbers.toSorted((a, b) => a - b)[Math.floor(share * (numbers.length - 1))] ?? Number.NaN
}
