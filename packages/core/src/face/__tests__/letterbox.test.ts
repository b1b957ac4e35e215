import { describe, expect, it } from 'vitest'
import { createFrame, type Frame } from '../../image/frame.ts'
import { letterbox, place } from '../letterbox.ts'

const input = {
  name: 'input',
  width: 4,
  height: 4,
  layout: 'nhwc',
  colour: 'rgb',
  scale: 1,
  mean: [0, 0, 0],
  std: [1, 1, 1],
  letterbox: 'centre',
} as const

/** A frame whose red is `red(x, y)`, green 100, blue 200. */
function frameOf(width: number, height: number, red: (x: number, y: number) => number, channels: 3 | 4 = 3): Frame {
  const data = new Uint8Array(width * height * channels).fill(255)
  for (let i = 0; i < width * height; i++) data.set([red(i % width, Math.floor(i / width)), 100, 200], i * channels)
  return createFrame({ data, width, height, channels })
}

function red(values: Float32Array): number[] {
  return Array.from(values).filter((_, i) => i % 3 === 0)
}

function whole(frame: Frame, wanted: Parameters<typeof letterbox>[1]): Float32Array {
  return letterbox(frame, wanted, place({ x: 0, y: 0, width: frame.width, height: frame.height }, wanted))
}

describe('place', () => {
  it('keeps the aspect ratio, in the middle or at the top left', () => {
    const region = { x: 10, y: 20, width: 80, height: 40 }
    expect(place(region, input)).toEqual({ originX: 10, originY: 0, step: 20 })
    expect(place(region, { ...input, letterbox: 'top-left' })).toEqual({ originX: 10, originY: 20, step: 20 })
  })
})

describe('letterbox', () => {
  it('copies pixels where the sizes are the same', () => {
    const frame = frameOf(4, 4, (x, y) => 10 * y + x)
    expect(red(whole(frame, input))).toEqual([0, 1, 2, 3, 10, 11, 12, 13, 20, 21, 22, 23, 30, 31, 32, 33])
  })

  it('averages where the frame is shrunk', () => {
    const frame = frameOf(8, 8, (x) => (x % 2 === 0 ? 0 : 200))
    expect(red(whole(frame, input))).toEqual(new Array(16).fill(100))
  })

  it('interpolates with half-pixel centres where the frame is enlarged', () => {
    const frame = frameOf(2, 2, (x) => x * 100)
    expect(red(whole(frame, input)).slice(0, 4)).toEqual([0, 25, 75, 100])
  })

  it('is black, then normalised, where the frame ends', () => {
    const frame = frameOf(4, 2, () => 50)
    const values = red(whole(frame, { ...input, mean: [20, 0, 0], std: [2, 1, 1] }))
    expect(values).toEqual([-10, -10, -10, -10, 15, 15, 15, 15, 15, 15, 15, 15, -10, -10, -10, -10])
  })

  it('orders channels and layouts as the card says, and does not read alpha', () => {
    const frame = frameOf(4, 4, () => 50, 4)
    expect([...whole(frame, input).slice(0, 3)]).toEqual([50, 100, 200])
    expect([...whole(frame, { ...input, colour: 'bgr' }).slice(0, 3)]).toEqual([200, 100, 50])
    const planes = whole(frame, { ...input, layout: 'nchw' })
    expect([planes[0], planes[15], planes[16], planes[47]]).toEqual([50, 50, 100, 200])
  })

  it('reads a frame of one pixel and one that is very long', () => {
    // Thinner than a sample: nothing of it is seen, and nothing else either.
    expect([
      ...new Set(
        whole(
          frameOf(1000, 1, () => 7),
          input,
        ),
      ),
    ]).toEqual([0])
  })
})
