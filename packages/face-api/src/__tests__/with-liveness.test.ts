import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { boxFromCorners, canonicalFace, type Face, iou, type Liveness } from '@unspoof/core'
import { createLiveness, type NodeInput } from '@unspoof/node'
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest'
import { type HumanResult, type LivenessResult, type WithLiveness, withLiveness } from '../index.ts'

const PICTURE = fileURLToPath(new URL('../../../../fixtures/astronaut.jpg', import.meta.url))
const SIZE = { width: 400, height: 400 }

/** As face-api.js has them: classes with getters, private fields behind an underscore. */
class FaceDetection {
  constructor(
    readonly _score: number,
    readonly _box: { x: number; y: number; width: number; height: number },
    readonly _dims: { width: number; height: number },
  ) {}
  get score(): number {
    return this._score
  }
  get box() {
    return this._box
  }
  get imageDims() {
    return this._dims
  }
}

describe('withLiveness', { timeout: 120_000 }, () => {
  let liveness: Liveness<NodeInput>
  let own: LivenessResult
  let face: Face

  beforeAll(async () => {
    liveness = await createLiveness()
    own = await liveness.check(PICTURE)
    face = own.face!
  })
  afterAll(() => liveness?.close())

  /** The landmarks of another library, consistent with our own key points. */
  function landmarks68(scale = 1): { positions: { x: number; y: number }[] } {
    const { rightEye, leftEye, nose, mouth } = face.keyPoints!
    const at = ({ x, y }: { x: number; y: number }, dx = 0, dy = 0) => ({ x: (x + dx) * scale, y: (y + dy) * scale })
    const positions = Array.from({ length: 68 }, () => ({ x: 0, y: 0 }))
    for (let i = 0; i < 6; i++) {
      const angle = (i * Math.PI) / 3
      positions[36 + i] = at(rightEye, 8 * Math.cos(angle), 3 * Math.sin(angle))
      positions[42 + i] = at(leftEye, 8 * Math.cos(angle), 3 * Math.sin(angle))
    }
    positions[30] = at(nose)
    positions[48] = at(mouth, -14)
    positions[54] = at(mouth, 14)
    positions[62] = at(mouth, 0, -4)
    positions[66] = at(mouth, 0, 4)
    return { positions }
  }

  function mesh(width: number, height: number): { x: number; y: number }[] {
    const { rightEye, leftEye, nose, mouth } = face.keyPoints!
    const points = Array.from({ length: 478 }, () => ({ x: 0, y: 0 }))
    const put = (indices: number[], { x, y }: { x: number; y: number }): void => {
      for (const [i, index] of indices.entries())
        points[index] = { x: (x + [-9, 9, 0, 0][i]!) / width, y: (y + [0, 0, -3, 3][i]!) / height }
    }
    put([33, 133, 159, 145], rightEye)
    put([362, 263, 386, 374], leftEye)
    put([61, 291, 13, 14], mouth)
    points[1] = { x: nose.x / width, y: nose.y / height }
    return points
  }

  const box = () => ({
    x: face.detectorBox.x,
    y: face.detectorBox.y,
    width: face.detectorBox.width,
    height: face.detectorBox.height,
  })
  const scaled = (by: number) => ({
    x: box().x * by,
    y: box().y * by,
    width: box().width * by,
    height: box().height * by,
  })

  it('gives face-api results the number of our own detector, and keeps their type', async () => {
    const result = { detection: new FaceDetection(0.9, box(), SIZE), landmarks: landmarks68(), age: 44 }
    const [judged, ...others] = await withLiveness([result], PICTURE, { liveness, size: SIZE })
    const [asGiven] = await withLiveness([result], PICTURE, { liveness, size: SIZE, refine: false })
    expect(asGiven!.liveness.liveProbability).toBeCloseTo(own.liveProbability!, 4)
    expect(others).toEqual([])
    expectTypeOf(judged!).toEqualTypeOf<WithLiveness<typeof result>>()
    expect(judged!.age).toBe(44)
    expect(judged!.detection).toBe(result.detection)
    expect({ ...judged!.liveness, timings: own.timings }).toEqual(own)
    expect('liveness' in result).toBe(false)
  })

  it('scales the results of resizeResults back', async () => {
    const shown = {
      detection: new FaceDetection(0.9, scaled(2.5), { width: 1000, height: 1000 }),
      landmarks: landmarks68(2.5),
    }
    const [judged] = await withLiveness([shown], PICTURE, { liveness, size: SIZE, refine: false })
    expect(judged!.liveness.liveProbability).toBeCloseTo(own.liveProbability!, 4)
  })

  it('finds boxes without landmarks again with our own detector', async () => {
    const detection = new FaceDetection(0.9, { ...box(), x: box().x - 12, width: box().width * 1.3 }, SIZE)
    const [withBox] = await withLiveness([{ detection }], PICTURE, { liveness, size: SIZE })
    const [bare] = await withLiveness([detection], PICTURE, { liveness, size: SIZE })
    const [plain] = await withLiveness([box()], PICTURE, { liveness })
    for (const judged of [withBox!, bare!, plain!])
      expect(judged.liveness.liveProbability).toBeCloseTo(own.liveProbability!, 6)
    expect(bare).toBeInstanceOf(FaceDetection)
    expect(bare!.score).toBe(0.9) // getters still work
    const [asItIs] = await withLiveness([box()], PICTURE, { liveness, refine: false })
    expect(asItIs!.liveness.face!.box).toMatchObject(box())
    const [nobody] = await withLiveness([{ x: 300, y: 300, width: 90, height: 90 }], PICTURE, { liveness })
    expect(nobody!.liveness.face!.box.x).toBe(300) // nothing of ours is there: judged as it is
  })

  it('takes human, MediaPipe and single results, and promises of them', async () => {
    const points = mesh(SIZE.width, SIZE.height)
    const human: HumanResult & { canvas: string } = {
      face: [
        {
          box: [1, 1, 2, 2],
          boxRaw: [box().x / 400, box().y / 400, box().width / 400, box().height / 400],
          score: 1,
          meshRaw: points.map(({ x, y }) => [x, y, 0] as const),
        },
      ],
      canvas: 'kept',
    }
    const fromHuman = await withLiveness(Promise.resolve(human), PICTURE, { liveness, size: SIZE, refine: false })
    expect(fromHuman).toMatchObject({ canvas: 'kept' })

    const { rightEye, leftEye, nose, mouth } = face.keyPoints!
    const keypoints = [rightEye, leftEye, nose, mouth].map(({ x, y }) => ({ x: x / 400, y: y / 400 }))
    const b = box()
    const detections = [
      {
        boundingBox: { originX: b.x, originY: b.y, width: b.width, height: b.height },
        categories: [{ score: 0.8 }],
        keypoints,
      },
    ]
    const fromDetector = await withLiveness({ detections }, PICTURE, { liveness, size: SIZE, refine: false })
    const fromLandmarker = await withLiveness({ faceLandmarks: [points] }, PICTURE, {
      liveness,
      size: SIZE,
      refine: false,
    })
    const single = await withLiveness(
      { detection: new FaceDetection(0.9, box(), SIZE), landmarks: landmarks68() },
      PICTURE,
      { liveness, size: SIZE, refine: false },
    )
    const found = [
      fromHuman.face[0]!.liveness,
      fromDetector.detections[0]!.liveness,
      fromLandmarker.liveness[0]!,
      single.liveness,
    ]
    for (const result of found) expect(result.liveProbability).toBeCloseTo(own.liveProbability!, 4)
    const [shape] = found
    expect(iou(shape!.face!.box, canonicalFace(face.keyPoints!))).toBeGreaterThan(0.999)
  })

  it('takes the faces of the browser’s own FaceDetector, in Node as well', async () => {
    const { rightEye, leftEye, nose, mouth } = face.keyPoints!
    const around = ({ x, y }: { x: number; y: number }) => [
      { x: x - 3, y },
      { x: x + 3, y },
    ]
    const faces = [
      {
        boundingBox: box(),
        landmarks: [
          { type: 'eye', locations: around(leftEye) },
          { type: 'eye', locations: around(rightEye) },
          { type: 'nose', locations: [nose] },
          { type: 'mouth', locations: around(mouth) },
        ],
      },
      { boundingBox: box(), landmarks: null },
      { boundingBox: box(), landmarks: [{ type: 'eye', locations: [] }] },
    ]
    const found = await withLiveness(Promise.resolve(faces), PICTURE, { liveness, refine: false })
    expect(found[0]!.liveness.liveProbability).toBeCloseTo(own.liveProbability!, 4)
    expect(found[0]!.boundingBox).toEqual(box())
    // Without landmarks the box is judged.
    for (const { liveness: judged } of found.slice(1))
      expect(iou(judged.face!.box, box() as never)).toBeGreaterThan(0.99)
  })

  it('takes the detections of a MediaPipe result one by one', async () => {
    const { rightEye, leftEye, nose, mouth } = face.keyPoints!
    const { x, y, width, height } = box()
    const detection = {
      boundingBox: { originX: x, originY: y, width, height, angle: 0 },
      categories: [{ score: 0.9, index: -1, categoryName: '', displayName: '' }],
      keypoints: [rightEye, leftEye, nose, mouth].map((point) => ({
        x: point.x / 400,
        y: point.y / 400,
        label: '',
        score: 0,
      })),
    }
    const [found] = await withLiveness([detection], PICTURE, { liveness, size: SIZE, refine: false })
    expect(found!.liveness.liveProbability).toBeCloseTo(own.liveProbability!, 4)
    expect(found!.categories[0]!.score).toBe(0.9)
  })

  it('passes nothing found on', async () => {
    expect(await withLiveness([], PICTURE, { liveness })).toEqual([])
    expect(await withLiveness(undefined, PICTURE, { liveness })).toBeUndefined()
    expect(await withLiveness({ detections: [] }, PICTURE, { liveness, size: SIZE })).toEqual({ detections: [] })
  })

  it('refuses what it does not understand', async () => {
    const refuses = async (results: unknown, options: object = {}): Promise<unknown> =>
      withLiveness(results as never, PICTURE, { liveness, ...options } as never).then(
        () => 'judged',
        (error) => error.code,
      )
    expect(await refuses([[1, 2, 3, 4]])).toBe('INPUT_INVALID')
    expect(await refuses([{ x1: 1, y1: 2, x2: 3, y2: 4 }])).toBe('INPUT_INVALID')
    expect(await refuses([{ x: 1, y: 2, width: Number.NaN, height: 4 }])).toBe('INPUT_INVALID')
    expect(await refuses([{ x: 1, y: 2, width: -5, height: 4 }])).toBe('INPUT_INVALID')
    expect(await refuses(['face'])).toBe('INPUT_INVALID')
    expect(await refuses({ faceLandmarks: [mesh(400, 400)] })).toBe('INPUT_INVALID') // relative, and no size
    expect(await refuses({ faceLandmarks: [[{ x: 0, y: 0 }]] }, { size: SIZE })).toBe('INPUT_INVALID')
    expect(await refuses([box()], { faces: 'all' })).toBe('OPTION_INVALID')
    expect(boxFromCorners(1, 2, 3, 4)).toMatchObject({ width: 2 })
  })

  it('says in Node that a liveness must be passed', async () => {
    const error = await withLiveness([box()], await readFile(PICTURE)).catch((thrown) => thrown)
    expect(error.code).toBe('RUNTIME_MISSING')
    expect(error.message).toContain('@unspoof/node')
  })
})
