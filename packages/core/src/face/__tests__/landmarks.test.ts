import { describe, expect, it } from 'vitest'
import { createFrame } from '../../image/frame.ts'
import type { LandmarksCard } from '../../model/card.ts'
import type { RuntimeSession, Tensor } from '../../model/runtime.ts'
import type { Face } from '../face.ts'
import { createFaceLandmarker } from '../landmarks.ts'

const card: LandmarksCard = {
  schema: 1,
  id: 'two-points',
  version: '1',
  task: 'face-landmarks',
  title: 'test',
  files: [],
  licence: 'Apache-2.0',
  provenance: 'made for this test',
  input: {
    name: 'input',
    width: 8,
    height: 8,
    layout: 'nchw',
    colour: 'rgb',
    scale: 1,
    mean: [0, 0, 0],
    std: [1, 1, 1],
  },
  crop: { scale: 4, down: 0.5 },
  output: { landmarks: 'landmarks', count: 2, presence: 'presence' },
}

function session(landmarks: number[], presence: number, dims = [1, 2, 3]): RuntimeSession {
  const tensor = (data: number[], shape: number[]): Tensor => ({ data: Float32Array.from(data), dims: shape })
  return {
    inputs: [{ name: 'input', dims: [1, 3, 8, 8], type: 'float32' }],
    outputs: [
      { name: 'landmarks', dims, type: 'float32' },
      { name: 'presence', dims: [1, 1], type: 'float32' },
    ],
    run: async () => ({ landmarks: tensor(landmarks, dims), presence: tensor([presence], [1, 1]) }),
    close: async () => {},
  }
}

const frame = createFrame({ data: new Uint8Array(64 * 64 * 3), width: 64, height: 64 })
const box = { x: 0, y: 0, width: 1, height: 1 } as Face['box']

function face(...[rightEye, leftEye, mouth]: [number, number][]): Face {
  const [r, l, m] = [rightEye!, leftEye!, mouth!].map(([x, y]) => ({ x, y }))
  return { box, detectorBox: box, score: 1, keyPoints: { rightEye: r!, leftEye: l!, mouth: m!, nose: m! } }
}

describe('createFaceLandmarker', () => {
  it('puts the corners of the input at the corners of the square around an upright face', async () => {
    const landmarker = createFaceLandmarker({ card, session: session([0, 0, 4, 8, 8, -2], 0) })
    const found = await landmarker.locate(frame, face([20, 20], [30, 20], [25, 30]))
    // Side 40 about (25, 25).
    expect(Array.from(found!.points)).toEqual([5, 5, 20, 45, 45, -10])
    expect(found!.score).toBe(0.5)
  })

  it('turns them with the face', async () => {
    const landmarker = createFaceLandmarker({ card, session: session([0, 0, 0, 8, 0, 0], 9) })
    // A quarter turn clockwise: the eyes one above the other, the mouth to their left.
    const found = await landmarker.locate(frame, face([30, 20], [30, 30], [20, 25]))
    const expected = [45, 5, 0, 45, 45, 0]
    for (const [i, value] of expected.entries()) expect(found!.points[i]).toBeCloseTo(value, 9)
  })

  it('finds nothing in a face without key points, with key points on one place, and where the network answers NaN', async () => {
    const landmarker = createFaceLandmarker({ card, session: session([0, 0, 0, 8, 0, 0], 9) })
    const plain = face([20, 20], [30, 20], [25, 30])
    expect(await landmarker.locate(frame, { ...plain, keyPoints: undefined })).toBeUndefined()
    expect(await landmarker.locate(frame, face([20, 20], [20, 20], [20, 20]))).toBeUndefined()
    for (const broken of [session([Number.NaN, 0, 0, 8, 0, 0], 9), session([0, 0, 0, 8, 0, 0], Number.NaN)]) {
      expect(await createFaceLandmarker({ card, session: broken }).locate(frame, plain)).toBeUndefined()
    }
  })

  it('refuses a network with other outputs, and work after close', async () => {
    expect(() => createFaceLandmarker({ card, session: session([0, 0, 0], 9, [1, 1, 3]) })).toThrow(
      expect.objectContaining({ code: 'CARD_INVALID' }),
    )
    const landmarker = createFaceLandmarker({ card, session: session([0, 0, 0], 9) })
    const plain = face([20, 20], [30, 20], [25, 30])
    await expect(landmarker.locate(frame, plain)).rejects.toMatchObject({ code: 'MODEL_OUTPUT' })
    await landmarker.close()
    await expect(landmarker.locate(frame, plain)).rejects.toMatchObject({ code: 'CLOSED' })
  })
})
