import { describe, expect, it } from 'vitest'
import { type Box, box } from '../../image/box.ts'
import { cropResize } from '../../image/crop.ts'
import { createFrame, type Frame } from '../../image/frame.ts'
import { syntheticFrame } from '../../testing/pictures.ts'
import { flatnessOf } from '../flatness.ts'
import { QUALITY_BOUNDS, qualityReasons } from '../gates.ts'
import { measureQuality } from '../measure.ts'

const CUBIC = { scale: 1, square: true, border: 'replicate', down: 'area', up: 'cubic' } as const

const IN_BOUNDS = { faceShare: 0.1, surroundingsOutside: 0, chroma: 30 }

function whole({ width, height }: Frame) {
  return box(0, 0, width, height)
}

/** What is said of the detail of an image that is all face: what is near, cut out and grey is another gate's. */
function judge(frame: Frame) {
  const signals = measureQuality(frame, {
    box: whole(frame),
    detectorBox: whole(frame),
    score: 1,
    keyPoints: undefined,
  })
  return { detail: signals.detail, codes: qualityReasons({ ...signals, ...IN_BOUNDS }, 64).map(({ code }) => code) }
}

describe('detail', () => {
  it.each([64, 128, 300])('is there in a face of %i pixels', (side) => {
    expect(judge(syntheticFrame('noise', side, side)).codes).not.toContain('blurred')
  })

  it.each([12, 16])('is missing in a face of %i pixels that was enlarged, however strong its edges are', (side) => {
    const tiny = syntheticFrame('noise', side, side)
    const { detail, codes } = judge(cropResize(tiny, whole(tiny), CUBIC, 160, 160))
    expect(detail).toBeLessThan(QUALITY_BOUNDS.minDetail)
    expect(codes).toEqual(['blurred'])
  })

  it('is a number where there is nothing to see, and nothing is said twice', () => {
    const grey = createFrame({ data: new Uint8Array(128 * 128 * 3).fill(128), width: 128, height: 128 })
    expect(judge(grey)).toEqual({ detail: 0, codes: ['low-contrast', 'blurred'] })
  })
})

describe('flatness', () => {
  const flatnessIn = (frame: Frame): number => flatnessOf(frame, whole(frame))

  it('is 1 where all pixels are equal and 0 in noise', () => {
    expect(flatnessIn(createFrame({ data: new Uint8Array(64 * 64 * 3).fill(90), width: 64, height: 64 }))).toBe(1)
    expect(flatnessIn(syntheticFrame('noise', 64, 64))).toBe(0)
  })

  it('counts what differs by two grey levels as even, and not what differs by three', () => {
    const stripes = (step: number): Frame =>
      createFrame({
        data: Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => 100 + ((i / 3) % 2 < 1 ? step : 0)),
        width: 64,
        height: 64,
      })
    expect(flatnessIn(stripes(2))).toBe(1)
    expect(flatnessIn(stripes(3))).toBe(0)
  })

  it('is 0 and not NaN for a face outside the frame or on its edge', () => {
    const frame = syntheticFrame('noise', 64, 64)
    expect(flatnessOf(frame, box(200, 200, 50, 50))).toBe(0)
    expect(flatnessOf(frame, box(-10, -10, 200, 200))).toBe(0)
  })
})

describe('gates', () => {
  const frame = syntheticFrame('noise', 400, 400)
  const codesAt = (face: Box, of = frame): string[] => {
    const signals = measureQuality(of, { box: face, detectorBox: face, score: 1, keyPoints: undefined })
    return qualityReasons(signals, 40).map(({ code }) => code)
  }

  it('pass a face with its surroundings', () => {
    expect(codesAt(box(130, 130, 140, 140))).toEqual([])
  })

  it('answer face-too-close where the face fills the frame', () => {
    expect(codesAt(box(20, 20, 350, 350))).toEqual(['face-too-close', 'face-cropped'])
  })

  it('answer face-cropped where only the surroundings are missing', () => {
    // 240 of 400 pixels: .36 of the area, and .69 of a square of 480 pixels is inside.
    expect(codesAt(box(80, 80, 240, 240))).toEqual([])
    const cut = syntheticFrame('noise', 260, 300)
    expect(codesAt(box(10, 10, 200, 240), cut)).toEqual(['face-cropped'])
  })

  it('answer no-colour for grey images, with a tint as well', () => {
    const grey = (tint: number): Frame => {
      const data = new Uint8Array(400 * 400 * 3)
      for (let i = 0; i < data.length; i += 3) {
        data[i] = frame.data[i]!
        data[i + 1] = Math.max(0, frame.data[i]! - tint)
        data[i + 2] = Math.max(0, frame.data[i]! - 2 * tint)
      }
      return createFrame({ data, width: 400, height: 400 })
    }
    expect(codesAt(box(130, 130, 140, 140), grey(0))).toEqual(['no-colour'])
    expect(codesAt(box(130, 130, 140, 140), grey(5))).toEqual(['no-colour'])
  })
})
