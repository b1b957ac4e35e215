// How many images without a face are answered live, and how many live faces the second look and the gates lose (docs/benchmarks/quality.md).
//
//   npm run build && node benchmarks/not-faces.mjs path/to/images [--enlarge 700] [--drawings 200] [--index path/to/index.csv --every 10] [--first-look]
//
// Judges every image of the folder, drawings that it makes itself, and every n-th live image of the index, at the balanced point.
// --enlarge makes images of the folder at least so wide first: small ones stop at the gate for small faces. --first-look believes
// the detector, as it was before there was a second look.
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { createFaceDetector, loadModel, parseDetectorCard, seededRandom } from '@unspoof/core'
import { bundledModel, DEFAULT_DETECTORS } from '@unspoof/models'
import { createLiveness, createNodeRuntime } from '@unspoof/node'
import sharp from 'sharp'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    enlarge: { type: 'string' },
    drawings: { type: 'string', default: '200' },
    index: { type: 'string' },
    every: { type: 'string', default: '10' },
    'first-look': { type: 'boolean', default: false },
  },
})
const [folder] = positionals
if (folder === undefined) {
  console.error(
    'usage: node benchmarks/not-faces.mjs folder [--enlarge px] [--drawings n] [--index csv --every n] [--first-look]',
  )
  process.exit(2)
}

const runtime = createNodeRuntime()
const models = await Promise.all(
  DEFAULT_DETECTORS.map((id) => loadModel({ source: bundledModel(id), runtime, parse: parseDetectorCard })),
)
const found = createFaceDetector({ models })
// A detector without confirm() is believed.
const detector = values['first-look'] ? { ...found, confirm: undefined } : found
const liveness = await createLiveness({ detectors: detector })

/** Verdicts, and the first reason of each retry, counted. */
async function count(images) {
  const counts = new Map()
  let n = 0
  for await (const image of images) {
    const { verdict, reasons } = await liveness.check(image)
    const key = verdict === 'retry' ? `retry ${reasons[0]?.code}` : verdict
    counts.set(key, (counts.get(key) ?? 0) + 1)
    n++
  }
  const cells = [...counts].sort((a, b) => b[1] - a[1]).map(([key, times]) => `${key} ${times}`)
  return `${n} | ${counts.get('live') ?? 0} | ${cells.join(', ')}`
}

async function* things() {
  for (const name of (await readdir(folder)).sort()) {
    const image = sharp(join(folder, name))
    const { width = 0 } = await image.metadata()
    const wanted = Number(values.enlarge ?? 0)
    yield await (width < wanted ? image.resize({ width: wanted }) : image).jpeg({ quality: 92 }).toBuffer()
  }
}

async function* drawings() {
  const random = seededRandom(7)
  const colour = (...rgb) => `rgb(${rgb.map((value) => Math.round(value + (random() - 0.5) * 100)).join(',')})`
  for (let i = 0; i < Number(values.drawings); i++) {
    const [cx, cy, r] = [640 * (0.35 + 0.3 * random()), 480 * (0.42 + 0.16 * random()), 70 + 100 * random()]
    const [eyeX, eyeY, eye] = [r * (0.35 + 0.1 * random()), r * (0.25 + 0.1 * random()), r * (0.08 + 0.08 * random())]
    const white =
      random() < 0.5
        ? [-1, 1].map(
            (s) => `<ellipse cx="${cx + s * eyeX}" cy="${cy - eyeY}" rx="${eye * 1.8}" ry="${eye * 1.2}" fill="#fff"/>`,
          )
        : []
    const pupils = [-1, 1].map(
      (s) => `<circle cx="${cx + s * eyeX}" cy="${cy - eyeY}" r="${eye}" fill="${colour(60, 50, 50)}"/>`,
    )
    const mouth = `<rect x="${cx - r * 0.35}" y="${cy + r * 0.55}" width="${r * 0.7}" height="${6 + 12 * random()}" fill="${colour(120, 50, 50)}"/>`
    const nose = `<rect x="${cx - r * 0.1}" y="${cy}" width="${r * 0.2}" height="${r * 0.25}" fill="${colour(170, 120, 100)}"/>`
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="640" height="480"><rect width="640" height="480" fill="${colour(150, 160, 160)}"/><ellipse cx="${cx}" cy="${cy}" rx="${r}" ry="${r * (1.1 + 0.3 * random())}" fill="${colour(205, 165, 130)}"/>${white.join('')}${pupils.join('')}${nose}${mouth}</svg>`
    const image = sharp(Buffer.from(svg))
    yield await (random() < 0.3 ? image.blur(0.5 + 2 * random()) : image)
      .jpeg({ quality: 75 + Math.round(20 * random()) })
      .toBuffer()
  }
}

async function* lives() {
  const [header, ...lines] = (await readFile(values.index, 'utf8')).trim().split('\n')
  const column = Object.fromEntries(header.split(',').map((name, i) => [name, i]))
  const rows = lines.map((line) => line.split(',')).filter((fields) => fields[column.label] === 'live')
  for (const [i, fields] of rows.entries()) {
    if (i % Number(values.every) === 0) yield await readFile(join(dirname(values.index), fields[column.path]))
  }
}

console.log('| images | n | live | verdicts |\n|---|---|---|---|')
console.log(`| without a face | ${await count(things())} |`)
console.log(`| drawings | ${await count(drawings())} |`)
if (values.index !== undefined) console.log(`| live faces | ${await count(lives())} |`)
await liveness.close()
