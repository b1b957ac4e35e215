import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { iou } from '../../image/box.ts'
import { canonicalFace } from '../canonical.ts'
import type { KeyPoints, Point } from '../face.ts'

/** A frontal face with 100 pixels between the eyes. */
const frontal: KeyPoints = {
  rightEye: { x: 450, y: 400 },
  leftEye: { x: 550, y: 400 },
  nose: { x: 500, y: 460 },
  mouth: { x: 500, y: 505 },
}

function map(points: KeyPoints, move: (point: Point) => Point): KeyPoints {
  const { rightEye, leftEye, nose, mouth } = points
  return { rightEye: move(rightEye), leftEye: move(leftEye), nose: move(nose), mouth: move(mouth) }
}

function rotate(points: KeyPoints, degrees: number): KeyPoints {
  const c = Math.cos((degrees * Math.PI) / 180)
  const s = Math.sin((degrees * Math.PI) / 180)
  return map(points, ({ x, y }) => ({ x: 500 + (x - 500) * c - (y - 450) * s, y: 450 + (x - 500) * s + (y - 450) * c }))
}

const coordinate = fc.double({ min: -5000, max: 20_000, noNaN: true })
const point = fc.record({ x: coordinate, y: coordinate })
const anyPoints = fc.record({ rightEye: point, leftEye: point, nose: point, mouth: point })

describe('canonicalFace', () => {
  it('encloses eyes, nose and mouth of a frontal face, higher than wide and centred', () => {
    const face = canonicalFace(frontal)
    expect(face.x + face.width / 2).toBeCloseTo(500, 9)
    expect(face.height / face.width).toBeGreaterThan(1.2)
    expect(face.height / face.width).toBeLessThan(1.5)
    expect(face.x).toBeLessThan(440)
    expect(face.y).toBeLessThan(370)
    expect(face.y + face.height).toBeGreaterThan(540)
  })

  it('moves and grows with the face', () => {
    fc.assert(
      fc.property(
        anyPoints,
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: -1000, max: 1000, noNaN: true }),
        (points, scale, shift) => {
          const before = canonicalFace(points)
          fc.pre(Math.min(before.width, before.height) * Math.min(scale, 1) > 1.01)
          const after = canonicalFace(map(points, ({ x, y }) => ({ x: x * scale + shift, y: y * scale - shift })))
          const tolerance = 1e-6 * (Math.abs(shift) + 20_000 * scale)
          expect(Math.abs(after.x - (before.x * scale + shift))).toBeLessThan(tolerance)
          expect(Math.abs(after.y - (before.y * scale - shift))).toBeLessThan(tolerance)
          expect(Math.abs(after.width - before.width * scale)).toBeLessThan(tolerance)
          expect(Math.abs(after.height - before.height * scale)).toBeLessThan(tolerance)
        },
      ),
    )
  })

  it('turns with the face: sides change places at 90 degrees, nothing changes at 180', () => {
    const upright = canonicalFace(frontal)
    const lying = canonicalFace(rotate(frontal, 90))
    const upsideDown = canonicalFace(rotate(frontal, 180))
    expect(lying.width).toBeCloseTo(upright.height, 6)
    expect(lying.height).toBeCloseTo(upright.width, 6)
    expect(upsideDown.width).toBeCloseTo(upright.width, 6)
    expect(upsideDown.height).toBeCloseTo(upright.height, 6)
  })

  it('changes by little when the head tilts by little', () => {
    for (let roll = -180; roll < 180; roll += 5) {
      expect(iou(canonicalFace(rotate(frontal, roll)), canonicalFace(rotate(frontal, roll + 5)))).toBeGreaterThan(0.9)
    }
  })

  it('is mirrored with the face', () => {
    fc.assert(
      fc.property(anyPoints, (points) => {
        const { rightEye, leftEye, nose, mouth } = map(points, ({ x, y }) => ({ x: -x, y }))
        const face = canonicalFace(points)
        const mirrored = canonicalFace({ rightEye: leftEye, leftEye: rightEye, nose, mouth })
        expect(mirrored.x).toBeCloseTo(-face.x - face.width, 5)
        expect(mirrored.y).toBeCloseTo(face.y, 5)
      }),
    )
  })

  it('keeps the size of a head that turns to the side', () => {
    const upright = canonicalFace(frontal)
    for (const yaw of [15, 30, 45, 60]) {
      const squeeze = Math.cos((yaw * Math.PI) / 180)
      // The nose stands out of the face by half the distance between the eyes.
      const ahead = 50 * Math.sin((yaw * Math.PI) / 180)
      const turned = map(frontal, ({ x, y }) => ({ x: 500 + (x - 500) * squeeze, y }))
      const face = canonicalFace({ ...turned, nose: { x: 500 + ahead, y: 460 } })
      expect(face.height / upright.height).toBeGreaterThan(0.85)
      expect(face.width / upright.width).toBeGreaterThan(0.75)
      expect(face.width / upright.width).toBeLessThan(1.1)
    }
  })

  it('is never degenerate', () => {
    fc.assert(
      fc.property(anyPoints, (points) => {
        const face = canonicalFace(points)
        expect(face.width).toBeGreaterThanOrEqual(1)
        expect(face.height).toBeGreaterThanOrEqual(1)
        expect([face.x, face.y, face.width, face.height].every(Number.isFinite)).toBe(true)
      }),
    )
    const { width, height } = canonicalFace(map(frontal, () => ({ x: 7, y: 7 })))
    expect([width, height]).toEqual([1, 1])
  })

  it('does not follow a nose that is far off', () => {
    const near = canonicalFace({ ...frontal, nose: { x: 700, y: 460 } })
    const far = canonicalFace({ ...frontal, nose: { x: 9000, y: 460 } })
    expect(far).toEqual(near)
  })

  it('refuses points that are not finite', () => {
    expect(() => canonicalFace({ ...frontal, mouth: { x: Number.NaN, y: 0 } })).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID' }),
    )
  })
})
