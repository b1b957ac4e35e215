import { describe, expect, it } from 'vitest'
import { createFrame, type Frame } from '../../image/frame.ts'
import { cropRotatedSquare, fromSquare, type RotatedSquare } from '../rotated-crop.ts'

const INPUT = {
  name: 'input',
  width: 8,
  height: 8,
  layout: 'nchw',
  colour: 'rgb',
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
} as const

/** Red grows to the right, green downwards; blue is 7. */
function ramp(width: number, height: number): Frame {
  const data = new Uint8Array(width * height * 3)
  for (let i = 0; i < width * height; i++) data.set([(i % width) * 4, Math.floor(i / width) * 4, 7], i * 3)
  return createFrame({ data, width, height })
}

function square(x: number, y: number, side: number, degrees: number): RotatedSquare {
  const angle = (degrees * Math.PI) / 180
  return { centre: { x, y }, side, axis: { x: Math.cos(angle), y: Math.sin(angle) } }
}

describe('cropRotatedSquare', () => {
  it('copies pixels where the square has the size of the input', () => {
    const out = cropRotatedSquare(ramp(32, 32), square(16, 16, 8, 0), INPUT)
    expect(Array.from(out.slice(0, 8))).toEqual([12, 13, 14, 15, 16, 17, 18, 19].map((x) => x * 4))
    expect(Array.from(out.slice(64, 72))).toEqual(Array(8).fill(12 * 4))
    expect(Array.from(out.slice(128, 132))).toEqual([7, 7, 7, 7])
  })

  it.each([0, 17, 90, -130])('shows at each pixel what lies where fromSquare says, turned by %d degrees', (degrees) => {
    for (const side of [5, 8, 16]) {
      const turned = square(15, 17, side, degrees)
      const out = cropRotatedSquare(ramp(40, 40), turned, INPUT)
      for (const [column, row] of [
        [0, 0],
        [7, 2],
        [3, 6],
      ] as const) {
        const { x, y } = fromSquare(turned, column + 0.5, row + 0.5, 8)
        expect(out[row * 8 + column]).toBeCloseTo((x - 0.5) * 4, 3)
        expect(out[64 + row * 8 + column]).toBeCloseTo((y - 0.5) * 4, 3)
      }
    }
  })

  it('is black outside the frame', () => {
    const out = cropRotatedSquare(ramp(8, 8), square(-20, -20, 8, 30), INPUT)
    expect(out.every((value) => value === 0)).toBe(true)
  })

  it('orders colours, layout and range as the card says', () => {
    const bgr = { ...INPUT, layout: 'nhwc', colour: 'bgr', scale: 1 / 7, mean: [1, 0, 0], std: [1, 2, 1] } as const
    const out = cropRotatedSquare(ramp(32, 32), square(16, 16, 8, 0), bgr)
    expect(out[0]).toBeCloseTo(0, 6)
    expect(out[1]).toBeCloseTo((12 * 4) / 7 / 2, 5)
    expect(out[2]).toBeCloseTo((12 * 4) / 7, 5)
  })
})
