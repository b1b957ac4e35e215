/**
 * Times of the check in a page: headless Chromium, a 640 x 480 frame on a canvas; our models on the kernels, and beside them, in turns, on onnxruntime-web
 * with one thread.
 *
 *     npm run build && node benchmarks/web.mjs [--frames 200] [--others FOLDER] [--threads 2] [--model ID or FOLDER] [--quantile 0.1]
 *
 * `--others` is a folder with weights of others (`minifasnet-v2-se-128-int8.onnx`, `yunet-2023mar-640.onnx`), measured in the same run in turns on onnxruntime-web, so that the
 * ratios hold on a busy machine. `--threads` are onnxruntime-web's. CHROMIUM_PATH names the browser. All numbers are milliseconds: medians, unless `--quantile` says otherwise (0.1: the
 * least disturbed frames of a busy machine).
 */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { availableParallelism, cpus, tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { DEFAULT_DETECTORS, DEFAULT_PAD_MODEL, registry } from '@unspoof/models'
import { copyAssets } from '@unspoof/web/assets'
import { chromium } from 'playwright-core'
import sharp from 'sharp'

const { values } = parseArgs({
  options: {
    frames: { type: 'string', default: '200' },
    others: { type: 'string' },
    threads: { type: 'string', default: '1' },
    model: { type: 'string', default: DEFAULT_PAD_MODEL },
    quantile: { type: 'string', default: '0.5' },
  },
})
const frames = Number(values.frames)
const threads = Number(values.threads)
const quantile = Number(values.quantile)

/** Others, with the name of their file in the folder and the entry of the registry that runs it. */
const OTHERS = [
  { id: 'facenox-minifasnet-v2-se-128', file: 'minifasnet-v2-se-128-int8.onnx' },
  { id: 'yunet-2023mar-640', file: 'yunet-2023mar-640.onnx' },
]

const work = await mkdtemp(join(tmpdir(), 'unspoof-bench-'))
try {
  await main()
} finally {
  await rm(work, { recursive: true, force: true })
}

async function main() {
  const folders = values.others === undefined ? [] : await Promise.all(OTHERS.map((other) => modelFolder(other)))
  const isFolder = values.model.includes('/')
  const model = isFolder ? JSON.parse(await readFile(join(values.model, 'card.json'), 'utf8')).id : values.model
  const ours = { models: isFolder ? [] : [model], modelFolders: isFolder ? [values.model] : [] }
  const { runtime } = await copyAssets(join(work, 'site', 'unspoof'), ours)
  await copyAssets(join(work, 'site', 'onnxruntime'), {
    models: ours.models,
    modelFolders: [...ours.modelFolders, ...folders],
    runtime: 'onnxruntime',
  })
  const picture = await sharp(await readFile(new URL('../fixtures/astronaut.jpg', import.meta.url)))
    .resize(640, 480, { fit: 'cover' })
    .jpeg({ quality: 92 })
    .toBuffer()
  await writeFile(join(work, 'site', 'picture.jpg'), picture)
  const clip = join(work, 'camera.mjpeg')
  await writeFile(clip, await makeClip(picture))

  const server = await serve(join(work, 'site'))
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium',
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-video-capture=${clip}`,
      '--use-fake-ui-for-media-stream',
    ],
  })
  try {
    console.log(
      `${cpus()[0]?.model.trim()}, ${availableParallelism()} processors, Chromium ${browser.version()}, ${frames} frames`,
    )
    const page = await browser.newPage()
    await page.goto(server.url)
    const [detector] = DEFAULT_DETECTORS
    const own = { detectors: [detector], models: [model] }
    const setups = [
      { name: `${detector} + ${model}, ${runtime}`, assets: '/unspoof/', ...own },
      { name: `${detector} + ${model}, onnxruntime`, assets: '/onnxruntime/', ...own },
    ]
    if (folders.length > 0) {
      const [pad, face] = OTHERS
      const others = { detectors: [face.id], models: [pad.id] }
      setups.push({ name: `${face.id} + ${pad.id}, onnxruntime`, assets: '/onnxruntime/', ...others })
    }
    console.table(await page.evaluate(measureFrames, { setups, frames, threads, quantile }))
    console.table(await page.evaluate(measureCanvas, { frames, quantile }))
    console.table(await page.evaluate(measureStart, model))
  } finally {
    await browser.close()
    server.close()
  }
}

/** In the page: the setups take turns. */
async function measureFrames({ setups, frames, threads, quantile }) {
  const { createLiveness } = await import('/unspoof/unspoof.js')
  const bitmap = await createImageBitmap(await (await fetch('/picture.jpg')).blob())
  const canvas = document.createElement('canvas')
  canvas.width = bitmap.width
  canvas.height = bitmap.height
  canvas.getContext('2d').drawImage(bitmap, 0, 0)
  const running = []
  for (const { name, ...setup } of setups) {
    running.push({
      name,
      liveness: await createLiveness({ ...setup, threads, crops: 1, timeoutMs: 60_000 }),
      timings: [],
      page: [],
    })
  }
  // Ten frames of one, then ten of the next: a page runs one of them and finds the caches as it left them.
  for (let i = -10; i < frames; i += 10) {
    for (const { liveness, timings, page } of running) {
      for (let k = 0; k < 10; k++) {
        const began = performance.now()
        const pending = liveness.check(canvas)
        const blocked = performance.now() - began
        const result = await pending
        if (i < 0) continue // warming up
        timings.push(result.timings)
        page.push({ blocked, roundTrip: performance.now() - began })
      }
    }
  }
  const at = (list, key) =>
    Number(
      list
        .map((entry) => entry[key])
        .sort((a, b) => a - b)
        [Math.min(list.length - 1, Math.floor(list.length * quantile))].toFixed(2),
    )
  const rows = {}
  for (const { name, liveness, timings, page } of running) {
    const stages = ['decode', 'detect', 'quality', 'crop', 'model', 'total']
    rows[name] = Object.fromEntries(stages.map((stage) => [stage, at(timings, stage)]))
    Object.assign(rows[name], { 'round trip': at(page, 'roundTrip'), 'page blocked': at(page, 'blocked') })
    rows[name].threads = liveness.diagnostics().threads
    await liveness.close()
  }
  return rows
}

/** In the page: both crops of a face of 206 pixels to tensors by nothing but a canvas, beside which `crop` above stands; its pixels are the browser's own, not those the network was trained on. */
async function measureCanvas({ frames, quantile }) {
  const picture = await createImageBitmap(await (await fetch('/picture.jpg')).blob())
  const crops = [
    { from: 309, size: 128 },
    { from: 460, size: 80 },
  ].map(({ from, size }) => ({
    from,
    size,
    context: new OffscreenCanvas(size, size).getContext('2d', { willReadFrequently: true }),
    tensor: new Float32Array(3 * size * size),
  }))
  const times = []
  for (let i = -10; i < frames; i++) {
    const began = performance.now()
    for (const { from, size, context, tensor } of crops) {
      context.drawImage(picture, (640 - from) / 2, (480 - from) / 2, from, from, 0, 0, size, size)
      const { data } = context.getImageData(0, 0, size, size)
      const area = size * size
      for (let at = 0; at < area; at++) {
        tensor[at] = data[4 * at] / 255
        tensor[area + at] = data[4 * at + 1] / 255
        tensor[2 * area + at] = data[4 * at + 2] / 255
      }
    }
    if (i >= 0) times.push(performance.now() - began)
  }
  const ms = times.sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(times.length * quantile))]
  return { 'plain canvas, two crops to tensors': { crop: Number(ms.toFixed(2)) } }
}

/** In the page: from the click to the first local verdict, with the models loaded and without. */
async function measureStart(model) {
  const { createLiveness, createLivenessFlow } = await import('/unspoof/unspoof.js')
  const rows = {}
  const once = async (liveness) => {
    const began = performance.now()
    const flow = createLivenessFlow({ liveness: liveness ?? { models: [model] } })
    await flow.start()
    const { status, result } = flow.getSnapshot()
    flow.stop()
    return { 'ms to verdict': Math.round(performance.now() - began), status, frames: result?.sequence?.frames.read }
  }
  rows['cold (loads everything)'] = await once()
  await new Promise((resolve) => setTimeout(resolve, 6000)) // the flow keeps its models for a while
  const liveness = await createLiveness({ models: [model] })
  for (let i = 1; i <= 3; i++) rows[`warm ${i}`] = await once(liveness)
  await liveness.close()
  return rows
}

async function modelFolder({ id, file }) {
  const folder = join(work, id)
  const { card } = registry[id]
  await mkdir(folder)
  await writeFile(join(folder, 'card.json'), JSON.stringify(card))
  await copyFile(join(values.others, file), join(folder, card.files[0].name))
  return folder
}

/** The picture with a little movement, as the camera's file. */
async function makeClip(picture) {
  const parts = []
  for (let i = 0; i < 31; i++) {
    const left = 8 + Math.round(6 * Math.sin((2 * Math.PI * i) / 31))
    parts.push(
      await sharp(picture)
        .extract({ left, top: 8, width: 620, height: 465 })
        .resize(640, 480)
        .jpeg({ quality: 92 })
        .toBuffer(),
    )
  }
  return Buffer.concat(parts)
}

async function serve(root) {
  const types = {
    '.js': 'text/javascript',
    '.json': 'application/json',
    '.wasm': 'application/wasm',
    '.jpg': 'image/jpeg',
  }
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    response.setHeader(
      'content-type',
      types[extname(path)] ?? (path === '/' ? 'text/html' : 'application/octet-stream'),
    )
    if (path === '/') return response.end('<!doctype html><title>benchmark</title>')
    try {
      response.end(await readFile(join(root, path)))
    } catch {
      response.writeHead(404).end()
    }
  })
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://localhost:${server.address().port}/`, close: () => server.close() }
}
