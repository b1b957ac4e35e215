import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFaceLandmarker, createFrame, createLiveness, decodeImage, type Face, type Frame } from '../index.ts'

/** MediaPipe's numbers: tip of the nose, outer corners of the right and the left eye, chin. */
const [NOSE, RIGHT_EYE, LEFT_EYE, CHIN] = [1, 33, 263, 152]

describe('createFaceLandmarker', () => {
  let landmarker: Awaited<ReturnType<typeof createFaceLandmarker>>
  let frame: Frame
  let face: Face
  beforeAll(async () => {
    landmarker = await createFaceLandmarker()
    const liveness = await createLiveness()
    const image = await readFile('fixtures/astronaut.jpg')
    frame = (await decodeImage(image)).frame!
    face = (await liveness.check(image)).face!
    await liveness.close()
  })
  afterAll(() => landmarker?.close())

  it('finds nose, eyes and chin of a photo', async () => {
    const { points, score } = (await landmarker.locate(frame, face))!
    expect(points).toHaveLength(landmarker.count * 3)
    expect(score).toBeGreaterThan(0.9)
    const at = (i: number): { x: number; y: number } => ({ x: points[i * 3]!, y: points[i * 3 + 1]! })
    const { nose, rightEye, leftEye, mouth } = face.keyPoints!
    expect(Math.hypot(at(NOSE).x - nose.x, at(NOSE).y - nose.y)).toBeLessThan(6)
    expect(at(RIGHT_EYE).x).toBeLessThan(rightEye.x)
    expect(at(LEFT_EYE).x).toBeGreaterThan(leftEye.x)
    expect(at(CHIN).y).toBeGreaterThan(mouth.y + 10)
  })

  it('finds the same places where the face is tilted in the frame', async () => {
    const upright = (await landmarker.locate(frame, face))!.points
    const quarter = turned(frame)
    const place = ({ x, y }: { x: number; y: number }): { x: number; y: number } => ({ x: frame.height - y, y: x })
    const points = face.keyPoints!
    const keyPoints = {
      rightEye: place(points.rightEye),
      leftEye: place(points.leftEye),
      nose: place(points.nose),
      mouth: place(points.mouth),
    }
    const found = (await landmarker.locate(quarter, { ...face, keyPoints }))!.points
    for (let i = 0; i < found.length; i += 3) {
      const expected = place({ x: upright[i]!, y: upright[i + 1]! })
      expect(Math.hypot(found[i]! - expected.x, found[i + 1]! - expected.y)).toBeLessThan(1)
    }
  })
})

/** A quarter turn clockwise. */
function turned({ data, width, height, channels }: Frame): Frame {
  const out = new Uint8Array(data.length)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const to = (x * height + height - 1 - y) * channels
      for (let c = 0; c < channels; c++) out[to + c] = data[(y * width + x) * channels + c]!
    }
  }
  return createFrame({ data: out, width: height, height: width })
}
