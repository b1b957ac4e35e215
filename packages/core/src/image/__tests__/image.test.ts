/** Rectangles, borders, orientation, colour, tensors and jitter, by example and by property. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { picture } from '../../__tests__/vectors/picture.ts'
import type { CardCrop } from '../../model/card.ts'
import { BLACK, borderMap } from '../border.ts'
import { type Box, box, iou } from '../box.ts'
import { lumaOf } from '../colour.ts'
import { cropRect, cropResize, resizeRect } from '../crop.ts'
import { createFrame } from '../frame.ts'
import { jitterBoxes } from '../jitter.ts'
import { resize } from '../resize.ts'
import { packTensor } from '../tensor.ts'

const SQUARE: CardCrop = { scale: 1.5, square: true, border: 'reflect101', down: 'area', up: 'lanczos4' }
const CLAMPED: CardCrop = { scale: 2.7, square: false, border: 'clamp', down: 'linear', up: 'linear' }
const refused = expect.objectContaining({ code: 'INPUT_INVALID' })

describe('borderMap', () => {
  it('mirrors without repeating the edge, as often as needed', () => {
    expect([...borderMap(-3, 10, 4, 'reflect101')]).toEqual([3, 2, 1, 0, 1, 2, 3, 2, 1, 0])
  })

  it('mirrors the part inside, not the frame', () => {
    // Crop 8..12 of a frame that ends at 10: pixels 8 and 9 are inside, so 10 is 8 again and 11 is 9.
    expect([...borderMap(8, 4, 10, 'reflect101')]).toEqual([8, 9, 8, 9])
    expect([...borderMap(9, 3, 10, 'reflect101')]).toEqual([9, 9, 9])
  })

  it('repeats the edge or is black', () => {
    expect([...borderMap(-2, 6, 3, 'replicate')]).toEqual([0, 0, 0, 1, 2, 2])
    expect([...borderMap(-2, 6, 3, 'constant')]).toEqual([BLACK, BLACK, 0, 1, 2, BLACK])
  })
})

describe('cropRect', () => {
  const frame = { width: 640, height: 480 }

  it('truncates toward zero, negative corners too', () => {
    expect(cropRect(frame, box(-8.9, 10.9, 50.9, 60.9), SQUARE)).toEqual({ x: -28, y: -5, width: 90, height: 90 })
  })

  it('keeps the sides of a crop that is not square', () => {
    const crop: CardCrop = { ...SQUARE, square: false, scale: 2 }
    expect(cropRect(frame, box(100, 100, 50, 61), crop)).toEqual({ x: 75, y: 69, width: 100, height: 122 })
  })

  it('has a side of at least one pixel', () => {
    expect(cropRect(frame, box(10.2, 10.2, 0.3, 0.4), SQUARE)).toEqual({ x: 10, y: 10, width: 1, height: 1 })
  })

  it('lies inside the frame where the border rule is clamp, whatever the box', () => {
    fc.assert(
      fc.property(
        anyBox(640, 480),
        fc.double({ min: 0.5, max: 4, noNaN: true }),
        fc.boolean(),
        (face, scale, square) => {
          const rect = cropRect(frame, face, { ...CLAMPED, scale, square })
          expect(rect.x).toBeGreaterThanOrEqual(0)
          expect(rect.y).toBeGreaterThanOrEqual(0)
          expect(rect.width).toBeGreaterThan(0)
          expect(rect.height).toBeGreaterThan(0)
          expect(rect.x + rect.width).toBeLessThanOrEqual(640)
          expect(rect.y + rect.height).toBeLessThanOrEqual(480)
          if (square) expect(Math.abs(rect.width - rect.height)).toBeLessThanOrEqual(1)
        },
      ),
    )
  })

  it.each([
    box(640, 10, 20, 20),
    box(-30, 10, 30, 20),
    box(10, 480, 20, 20),
    box(10, -21, 20, 20),
    box(0, 0, 5000, 10),
    box(0, 0, 10, 1e12),
  ])('refuses a box beside the frame or far larger than it: $x, $y, $width, $height', (face) => {
    expect(() => cropRect(frame, face, SQUARE)).toThrow(refused)
    expect(() => cropResize(picture({ kind: 'noise', seed: 1 }, 640, 480), face, CLAMPED, 8, 8)).toThrow(refused)
  })
})

/** Boxes that share at least two pixels with a frame on each axis, and are at most 1.5 times its size. */
function anyBox(width: number, height: number): fc.Arbitrary<Box> {
  const unit = fc.double({ min: 0, max: 1, noNaN: true })
  const span = (limit: number) =>
    fc.tuple(unit, unit).map(([size, place]) => {
      const side = 2 + size * 1.5 * (limit - 2)
      return [2 - side + place * (limit - 4 + side), side] as const
    })
  return fc.tuple(span(width), span(height)).map(([[x, w], [y, h]]) => box(x, y, w, h))
}

describe('cropResize', () => {
  const frame = picture({ kind: 'smooth', seed: 5 }, 97, 71)

  it('is the whole frame, byte for byte, where crop and target are the frame', () => {
    const { data } = resizeRect(frame, { x: 0, y: 0, width: 97, height: 71 }, 'constant', 'area', 97, 71)
    expect([...data]).toEqual([...frame.data])
  })

  it('keeps a flat picture flat for every box and rule', () => {
    const flat = createFrame({ data: new Uint8Array(97 * 71 * 3).fill(77), width: 97, height: 71 })
    const rule = fc.record({
      // Less than 1 could shrink the crop off the frame.
      scale: fc.double({ min: 1, max: 4, noNaN: true }),
      square: fc.boolean(),
      border: fc.constantFrom('reflect101', 'replicate', 'clamp'),
      down: fc.constantFrom('area', 'linear'),
      up: fc.constantFrom('lanczos4', 'linear', 'cubic'),
    })
    fc.assert(
      fc.property(anyBox(97, 71), rule, (face, crop) => {
        const { data } = cropResize(flat, face, crop as CardCrop, 17, 13)
        expect(data.every((value) => value === 77)).toBe(true)
      }),
      { numRuns: 200 },
    )
  })

  it('is black where the frame ends and the rule is constant', () => {
    const crop: CardCrop = { ...SQUARE, border: 'constant', scale: 1, down: 'area', up: 'linear' }
    const { data } = cropResize(frame, box(-20, 0, 40, 40), crop, 20, 20)
    const row = data.subarray(0, 20 * 3)
    expect(row.subarray(0, 30).every((value) => value === 0)).toBe(true)
    expect(row.subarray(30).some((value) => value > 0)).toBe(true)
  })

  it('writes into the buffer it is given, and refuses one that does not fit', () => {
    const out = new Uint8ClampedArray(16 * 16 * 3)
    const face = box(20, 20, 30, 30)
    expect(cropResize(frame, face, SQUARE, 16, 16, out).data).toBe(out)
    expect([...out]).toEqual([...cropResize(frame, face, SQUARE, 16, 16).data])
    expect(() => cropResize(frame, face, SQUARE, 17, 16, out)).toThrow(refused)
  })

  it.each([0, -1, 1.5, Number.NaN, 20_000])('refuses the target size %d', (side) => {
    expect(() => resize(frame, side, 16, 'area')).toThrow(refused)
    expect(() => resize(frame, 16, side, 'linear')).toThrow(refused)
  })

  it('refuses a rectangle beside the frame', () => {
    expect(() => resizeRect(frame, { x: 97, y: 0, width: 5, height: 5 }, 'replicate', 'linear', 5, 5)).toThrow(refused)
  })
})

describe('packTensor', () => {
  const pixels = createFrame({ data: Uint8Array.from([10, 20, 30, 40, 50, 60]), width: 2, height: 1 })
  const plain = { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] } as const
  const rgba = createFrame({ data: Uint8Array.from([10, 20, 30, 9, 40, 50, 60, 9]), width: 2, height: 1 })

  it.each([
    { layout: 'nchw', colour: 'rgb', expected: [10, 40, 20, 50, 30, 60] },
    { layout: 'nchw', colour: 'bgr', expected: [30, 60, 20, 50, 10, 40] },
    { layout: 'nhwc', colour: 'rgb', expected: [10, 20, 30, 40, 50, 60] },
    { layout: 'nhwc', colour: 'bgr', expected: [30, 20, 10, 60, 50, 40] },
  ] as const)('$layout $colour', ({ layout, colour, expected }) => {
    const out = new Float32Array(8).fill(-1)
    packTensor(pixels, { ...plain, layout, colour }, out, 1)
    expect([...out]).toEqual([-1, ...expected, -1])
    packTensor(rgba, { ...plain, layout, colour }, out, 1)
    expect([...out]).toEqual([-1, ...expected, -1])
  })

  it('takes mean and std in the order of the channels it writes', () => {
    const out = new Float32Array(6)
    packTensor(pixels, { layout: 'nchw', colour: 'bgr', scale: 0.5, mean: [1, 2, 3], std: [2, 4, 8] }, out)
    expect([...out]).toEqual([(15 - 1) / 2, (30 - 1) / 2, (10 - 2) / 4, (25 - 2) / 4, (5 - 3) / 8, (20 - 3) / 8])
  })

  it.each([1, -1])('refuses room that is too short (offset %d)', (offset) => {
    const format = { ...plain, layout: 'nchw', colour: 'rgb' } as const
    expect(() => packTensor(pixels, format, new Float32Array(6), offset)).toThrow(refused)
  })
})

describe('colour', () => {
  const rgba = createFrame({ data: Uint8Array.from([10, 20, 30, 9, 255, 255, 255, 9]), width: 2, height: 1 })

  it('weighs luma', () => {
    const luma = lumaOf(rgba, new Float64Array(2))
    expect(luma[0]).toBeCloseTo(0.299 * 10 + 0.587 * 20 + 0.114 * 30, 12)
    expect(luma[1]).toBeCloseTo(255, 12)
  })
})

describe('jitterBoxes', () => {
  const face = box(100, 50, 80, 100)

  it.each([1, 3, 5])('makes %i boxes, the first the face itself, the others near it', (count) => {
    const boxes = jitterBoxes(face, count)
    expect(boxes).toHaveLength(count)
    expect(boxes[0]).toBe(face)
    expect(boxes).toEqual(jitterBoxes(face, count))
    expect(new Set(boxes.map(({ x, y, width }) => `${x} ${y} ${width}`)).size).toBe(count)
    for (const other of boxes.slice(1)) {
      expect(iou(face, other)).toBeGreaterThan(0.8)
      expect(iou(face, other)).toBeLessThan(1)
    }
  })

  it('does not move the mean box', () => {
    for (const count of [3, 5]) {
      const boxes = jitterBoxes(face, count)
      const mean = (pick: (b: Box) => number) => boxes.reduce((sum, b) => sum + pick(b), 0) / count
      expect(mean((b) => b.x + b.width / 2)).toBeCloseTo(140, 9)
      expect(mean((b) => b.y + b.height / 2)).toBeCloseTo(100, 9)
      expect(mean((b) => b.width)).toBeCloseTo(80, 9)
    }
  })

  it.each([0, 6, 2.5])('refuses %d', (count) => {
    expect(() => jitterBoxes(face, count)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }))
  })
})
