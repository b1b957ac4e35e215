import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { box, iou } from '../../image/box.ts'
import { type Detection, suppress, suppressWeighted } from '../nms.ts'

function at(x: number, y: number, side: number, score: number): Detection {
  const point = { x: x + side / 2, y: y + side / 2 }
  const keyPoints = { rightEye: point, leftEye: point, nose: point, mouth: point }
  return { box: box(x, y, side, side), keyPoints, score }
}

const detections = fc.array(
  fc
    .tuple(
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.double({ min: 1, max: 60, noNaN: true }),
      fc.double({ min: 0.01, max: 1, noNaN: true }),
    )
    .map((values) => at(...values)),
  { maxLength: 40 },
)

describe('suppress', () => {
  it('keeps the best of overlapping detections and all others', () => {
    const found = suppress([at(0, 0, 10, 0.6), at(1, 1, 10, 0.9), at(50, 50, 10, 0.7)], 0.3, 20)
    expect(found.map(({ score }) => score)).toEqual([0.9, 0.7])
  })

  it('leaves no two that overlap, best first, and none that was not there', () => {
    fc.assert(
      fc.property(detections, (all) => {
        const kept = suppress(all, 0.3, 20)
        expect(kept.length).toBeLessThanOrEqual(20)
        kept.forEach((a, i) => {
          expect(all).toContain(a)
          for (const b of kept.slice(i + 1)) {
            expect(iou(a.box, b.box)).toBeLessThanOrEqual(0.3)
            expect(a.score).toBeGreaterThanOrEqual(b.score)
          }
        })
      }),
    )
  })
})

describe('suppressWeighted', () => {
  it('averages corners and key points by score, and keeps the best score', () => {
    const [face, ...others] = suppressWeighted([at(0, 0, 10, 0.3), at(1, 2, 12, 0.9)], 0.3, 20)
    expect(others).toEqual([])
    expect(face!.score).toBe(0.9)
    expect(face!.box.x).toBeCloseTo(0.75, 9)
    expect(face!.box.y).toBeCloseTo(1.5, 9)
    expect(face!.box.width).toBeCloseTo(11.5, 9)
    expect(face!.keyPoints.nose.x).toBeCloseTo((5 * 0.3 + 7 * 0.9) / 1.2, 9)
  })

  it('answers a single detection unchanged', () => {
    const [face] = suppressWeighted([at(3, 4, 10, 0.7)], 0.3, 20)
    expect(face!.box.x).toBeCloseTo(3, 9)
    expect(face!.box.height).toBeCloseTo(10, 9)
  })

  it('stays within the bounds of what it averages', () => {
    fc.assert(
      fc.property(detections, (all) => {
        for (const { box: mean, score } of suppressWeighted(all, 0.3, 20)) {
          expect(mean.x).toBeGreaterThanOrEqual(Math.min(...all.map((d) => d.box.x)) - 1e-6)
          expect(mean.width).toBeLessThanOrEqual(160)
          expect(all.some((d) => d.score === score)).toBe(true)
        }
      }),
    )
  })
})

describe('both', () => {
  it('answer at most the limit for ten thousand detections, in time', () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      at((i % 100) * 30, Math.floor(i / 100) * 30, 20, 0.5 + i / 1e5),
    )
    const started = process.cpuUsage()
    expect(suppress(many, 0.3, 20)).toHaveLength(20)
    expect(suppressWeighted(many, 0.3, 20)).toHaveLength(20)
    const { user, system } = process.cpuUsage(started)
    expect((user + system) / 1000).toBeLessThan(2000)
  })

  it('answer nothing for nothing', () => {
    expect(suppress([], 0.3, 20)).toEqual([])
    expect(suppressWeighted([], 0.3, 20)).toEqual([])
  })
})
