/** The bundled face detector on real pictures, over the real runtime. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  createFaceDetector,
  createFrame,
  type Face,
  type FaceDetector,
  type Frame,
  iou,
  loadModel,
  type ModelSource,
  parseDetectorCard,
} from '@unspoof/core'
import { bundledModel, DEFAULT_DETECTORS, registry } from '@unspoof/models'
import { createNodeRuntime, decodeImage } from '@unspoof/node'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const repository = fileURLToPath(new URL('..', import.meta.url))
const shared = join(repository, '..', 'shared')
const runtime = createNodeRuntime()

async function detectorOf(...sources: ModelSource[]): Promise<FaceDetector> {
  const models = sources.map((source) => loadModel({ source, runtime, parse: parseDetectorCard }))
  return createFaceDetector({ models: await Promise.all(models) })
}

async function decode(bytes: Uint8Array): Promise<Frame> {
  const { frame } = await decodeImage(bytes)
  if (frame === undefined) throw new Error('The picture was not decoded.')
  return frame
}

/** Where the face of fixtures/astronaut.jpg is, in its pixels, found by looking at it. */
const EYES = { left: 163, right: 208, y: 103 }

let picture: Buffer
let detector: FaceDetector

beforeAll(async () => {
  picture = await readFile(join(repository, 'fixtures', 'astronaut.jpg'))
  detector = await detectorOf(...DEFAULT_DETECTORS.map(bundledModel))
})

afterAll(() => detector.close())

describe.each(DEFAULT_DETECTORS)('%s alone', (id) => {
  it('finds the one face of the picture and its eyes', async () => {
    const alone = await detectorOf(bundledModel(id))
    const [face, ...others] = await alone.detect(await decode(picture))
    expect(others).toEqual([])
    expect(face!.score).toBeGreaterThan(0.7)
    const { rightEye, leftEye, nose, mouth } = face!.keyPoints!
    for (const [x, y, point] of [
      [EYES.left, EYES.y, rightEye],
      [EYES.right, EYES.y, leftEye],
    ] as const) {
      expect(Math.hypot(point.x - x, point.y - y)).toBeLessThan(10)
    }
    expect(nose.y).toBeGreaterThan(EYES.y + 10)
    expect(mouth.y).toBeGreaterThan(nose.y + 10)
    await alone.close()
  })
})

describe('the default detectors', () => {
  it('answer the same canonical face for enlarged, shrunk and mirrored pictures', async () => {
    const [face] = await detector.detect(await decode(picture))
    for (const size of [200, 300, 600, 1200]) {
      const frame = await decode(await sharp(picture).resize(size, size).png().toBuffer())
      const [other] = await detector.detect(frame)
      expect(iou(scaled(other!, 400 / size), face!.box)).toBeGreaterThan(0.85)
    }
    const [mirrored] = await detector.detect(await decode(await sharp(picture).flop().png().toBuffer()))
    const { x, width } = mirrored!.box
    expect(iou({ ...mirrored!.box, x: 400 - x - width }, face!.box)).toBeGreaterThan(0.85)
  })

  it('find a face that fills the frame', async () => {
    const close = await sharp(picture).extract({ left: 140, top: 60, width: 95, height: 115 }).resize(760, 920).png()
    const faces = await detector.detect(await decode(await close.toBuffer()))
    expect(faces).toHaveLength(1)
    expect(faces[0]!.box.height).toBeGreaterThan(700)
  })

  it('find a face of 5 % of a large frame', async () => {
    const small = await sharp(picture).resize(270).toBuffer()
    const large = await sharp({ create: { width: 1600, height: 1200, channels: 3, background: '#667788' } })
      .composite([{ input: small, left: 700, top: 300 }])
      .png()
      .toBuffer()
    const faces = await detector.detect(await decode(large))
    expect(faces).toHaveLength(1)
    const { x, y, width } = faces[0]!.box
    expect(width).toBeLessThan(90)
    expect(x).toBeGreaterThan(700 + 80)
    expect(y).toBeGreaterThan(300 + 20)
  })

  it('find two people', async () => {
    const twice = await sharp({ create: { width: 800, height: 400, channels: 3, background: '#000000' } })
      .composite([
        { input: picture, left: 0, top: 0 },
        { input: picture, left: 400, top: 0 },
      ])
      .png()
      .toBuffer()
    const faces = await detector.detect(await decode(twice))
    expect(faces).toHaveLength(2)
    expect(Math.abs(faces[0]!.box.x - faces[1]!.box.x)).toBeGreaterThan(350)
  })

  it.each([
    ['black', () => new Uint8Array(640 * 480 * 3)],
    ['white', () => new Uint8Array(640 * 480 * 3).fill(255)],
    ['noise', () => Uint8Array.from({ length: 640 * 480 * 3 }, (_, i) => ((i * 2_654_435_761) >>> 13) & 255)],
    ['stripes', () => Uint8Array.from({ length: 640 * 480 * 3 }, (_, i) => (Math.floor(i / 60) % 2) * 255)],
  ])('find no face in a picture that is %s', async (_, data) => {
    expect(await detector.detect(createFrame({ data: data(), width: 640, height: 480 }))).toEqual([])
  })

  it('survive frames of one pixel and of extreme shape', async () => {
    for (const [width, height] of [
      [1, 1],
      [5000, 1],
      [1, 5000],
      [3, 2],
    ] as const) {
      expect(await detector.detect(createFrame({ data: new Uint8Array(width * height * 3), width, height }))).toEqual(
        [],
      )
    }
  })

  it('answer the same for calls that overlap', async () => {
    const frame = await decode(picture)
    const alone = await detector.detect(frame)
    expect(await Promise.all([1, 2, 3, 4].map(() => detector.detect(frame)))).toEqual([alone, alone, alone, alone])
  })
})

const index = join(shared, 'data', 'index.csv')
const yunet = join(shared, 'models', 'yunet-2023mar-640.onnx')

describe.skipIf(!existsSync(index) || !existsSync(yunet))('on pictures of many people', () => {
  it('BlazeFace finds what YuNet finds, and the canonical faces agree', async () => {
    const yuNet = await detectorOf({
      location: 'the registry',
      card: async () => registry['yunet-2023mar-640']!.card,
      read: () => readFile(yunet),
    })
    const rows = (await readFile(index, 'utf8')).trim().split('\n').slice(1)
    const overlaps: number[] = []
    let missed = 0
    for (const row of rows.filter((_, i) => i % 75 === 0)) {
      const frame = await decode(await readFile(join(shared, 'data', row.split(',')[0]!)))
      const [reference] = largest(await yuNet.detect(frame))
      if (reference === undefined || Math.max(reference.box.width, reference.box.height) < 64) continue
      const faces = await detector.detect(frame)
      const overlap = Math.max(0, ...faces.map((face) => iou(face.box, reference.box)))
      if (overlap < 0.3) missed++
      else overlaps.push(overlap)
    }
    expect(overlaps.length).toBeGreaterThan(30)
    expect(missed).toBeLessThanOrEqual(1)
    expect(overlaps.toSorted((a, b) => a - b)[Math.floor(overlaps.length / 2)]).toBeGreaterThan(0.85)
  })
})

function scaled({ box }: Face, factor: number): Face['box'] {
  const { x, y, width, height } = box
  return { ...box, x: x * factor, y: y * factor, width: width * factor, height: height * factor }
}

function largest(faces: readonly Face[]): Face[] {
  return faces.toSorted((a, b) => b.box.height - a.box.height)
}
