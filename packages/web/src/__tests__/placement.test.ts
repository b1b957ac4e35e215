import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Placement, placeFace } from '../flow/placement.ts'

const VIDEO = { width: 640, height: 480 }
/** The preview of a phone: 3 : 4, so the sides of the video are cut off. */
const DISPLAY = { width: 360, height: 480 }

/** A face around a point of the video. */
const face = (x: number, y: number, width = 180) => ({ x: x - width / 2, y: y - width / 2, width, height: width })

describe('placeFace', () => {
  it('fits a face in the middle of the oval, which is above the middle of the preview', () => {
    expect(placeFace(face(320, 216), VIDEO, DISPLAY, true)).toEqual({ fits: true, hint: undefined, x: 0, y: 0 })
  })

  it('points from the face to the oval as the person sees it', () => {
    const left = placeFace(face(220, 216), VIDEO, DISPLAY, false)
    expect(left).toMatchObject({ fits: false, hint: 'centre-face' })
    expect(left.x).toBeGreaterThan(0.4)
    expect(placeFace(face(220, 216), VIDEO, DISPLAY, true).x).toBeCloseTo(-left.x)
    expect(placeFace(face(320, 400), VIDEO, DISPLAY, true).y).toBeLessThan(-0.4)
  })

  it('says what is wrong with the size', () => {
    expect(placeFace(face(320, 216, 80), VIDEO, DISPLAY, true).hint).toBe('face-too-small')
    expect(placeFace(face(320, 216, 340), VIDEO, DISPLAY, true).hint).toBe('face-too-close')
  })

  it('gives a face that fits more room than one that comes', () => {
    const at = (dx: number, last?: Placement) => placeFace(face(320 + dx, 216), VIDEO, DISPLAY, false, last)
    const edge = 0.45 * 0.27 * 480
    expect(at(edge).fits).toBe(false)
    const near = at(edge - 20)
    expect(near.fits).toBe(true)
    expect(at(edge, near).fits).toBe(true)
    expect(at(1.3 * edge, near).fits).toBe(false)
  })

  it('waits until the person holds still', () => {
    const last = placeFace(face(290, 216), VIDEO, DISPLAY, false)
    expect(last.fits).toBe(true)
    expect(placeFace(face(340, 216), VIDEO, DISPLAY, false, last).hint).toBe('moving')
  })

  it('does not depend on the resolution of the video or on the size of the preview', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        fc.double({ min: 0.1, max: 0.6, noNaN: true }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 6 }),
        (x, y, width, finer, larger) => {
          const once = placeFace(face(640 * x, 480 * y, 480 * width), VIDEO, DISPLAY, true)
          const scaled = placeFace(
            face(640 * x * finer, 480 * y * finer, 480 * width * finer),
            { width: 640 * finer, height: 480 * finer },
            { width: 360 * larger, height: 480 * larger },
            true,
          )
          expect(scaled.x).toBeCloseTo(once.x, 6)
          expect(scaled.y).toBeCloseTo(once.y, 6)
        },
      ),
    )
  })
})
