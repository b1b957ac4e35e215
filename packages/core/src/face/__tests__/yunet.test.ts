import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../model/runtime.ts'
import { createYuNetDecoder } from '../yunet.ts'
import { tensor, yunet } from './cards.ts'

const decoder = createYuNetDecoder(yunet, yunet.decoder.strides)

/** 64 x 96 input: 8 x 12, 4 x 6 and 2 x 3 cells. */
function empty(): Record<string, Tensor> {
  return Object.fromEntries(decoder.heads.map(({ name, rows, columns }) => [name, tensor(rows, columns)]))
}

describe('createYuNetDecoder', () => {
  it('wants twelve heads with one row a cell', () => {
    expect(decoder.heads).toHaveLength(12)
    expect(decoder.heads.map(({ rows }) => rows)).toEqual([96, 96, 96, 96, 24, 24, 24, 24, 6, 6, 6, 6])
  })

  it('scores by the geometric mean and decodes from the corner of the cell', () => {
    const outputs = empty()
    // Stride 16, row 5, column 2.
    const i = 5 * 4 + 2
    outputs.cls_16!.data[i] = 0.9
    outputs.obj_16!.data[i] = 0.4
    outputs.bbox_16!.data.set([0.25, -0.5, Math.log(2), Math.log(3)], 4 * i)
    outputs.kps_16!.data.set([0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1.5], 10 * i)
    const [face, ...others] = decoder.decode(outputs, 0.5)
    expect(others).toEqual([])
    expect(face!.score).toBeCloseTo(0.6, 6)
    // Centre (36, 72), 32 x 48.
    expect(face!.box.x).toBeCloseTo(20, 4)
    expect(face!.box.y).toBeCloseTo(48, 4)
    expect(face!.box.width).toBeCloseTo(32, 4)
    expect(face!.box.height).toBeCloseTo(48, 4)
    expect(face!.keyPoints).toEqual({
      rightEye: { x: 32, y: 80 },
      leftEye: { x: 48, y: 80 },
      nose: { x: 40, y: 88 },
      mouth: { x: 40, y: 100 },
    })
  })

  it('clamps heads to 0..1 before the score', () => {
    const outputs = empty()
    outputs.cls_8!.data.set([1.7, 1.7])
    outputs.obj_8!.data.set([0.81, -0.81])
    const found = decoder.decode(outputs, 0.1)
    expect(found).toHaveLength(1)
    expect(found[0]!.score).toBeCloseTo(0.9, 6)
  })

  it('drops boxes whose exponential overflows', () => {
    const outputs = empty()
    outputs.cls_32!.data.fill(1)
    outputs.obj_32!.data.fill(1)
    outputs.bbox_32!.data.fill(1000)
    expect(decoder.decode(outputs, 0.5)).toEqual([])
  })

  it.each(['cls_8', 'obj_32'])('refuses NaN in %s', (name) => {
    const outputs = empty()
    outputs[name]!.data[5] = Number.NaN
    expect(() => decoder.decode(outputs, 0.5)).toThrow(expect.objectContaining({ code: 'MODEL_OUTPUT' }))
  })

  it('refuses a missing head', () => {
    const { kps_16: _, ...outputs } = empty()
    expect(() => decoder.decode(outputs, 0.5)).toThrow(expect.objectContaining({ code: 'MODEL_OUTPUT' }))
  })
})
