import { describe, expect, it } from 'vitest'
import { box } from '../../image/box.ts'
import { cropResize } from '../../image/crop.ts'
import { createFrame, type Frame } from '../../image/frame.ts'
import { syntheticFrame } from '../../testing/pictures.ts'
import { QUALITY_BOUNDS, qualityReasons } from '../gates.ts'
import { measureQuality } from '../measure.ts'

const CUBIC = { scale: 1, square: true, border: 'replicate', down: 'area', up: 'cubic' } as const

function whole({ width, height }: Frame) {
  return box(0, 0, width, height)
}

/** What is said of a picture that is all face. */
function judge(frame: Frame) {
  const signals = measureQuality(frame, {
    box: whole(frame),
    detectorBox: whole(frame),
    score: 1,
    keyPoints: undefined,
  })
  return { detail: signals.detail, codes: qualityReasons(signals, 64).map(({ code }) => code) }
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
