import { describe, expect, it } from 'vitest'
import { blazeFaceAnchors, createBlazeFaceDecoder } from '../blazeface.ts'
import { fullRange, noFaces, putFace, shortRange, tensor } from './cards.ts'

describe('blazeFaceAnchors', () => {
  it('makes 896 anchors for the short range: 16 x 16 x 2, then 8 x 8 x 6', () => {
    const anchors = blazeFaceAnchors(shortRange.decoder, 128, 128)
    expect(anchors.length / 2).toBe(896)
    // Two a cell, then the next column; the last of the first level lies in the last corner.
    expect([...anchors.slice(0, 6)]).toEqual([4, 4, 4, 4, 12, 4])
    expect([...anchors.slice(2 * 511, 2 * 512)]).toEqual([124, 124])
    expect([...anchors.slice(2 * 512, 2 * 513)]).toEqual([8, 8])
    expect([...anchors.slice(2 * 518, 2 * 519)]).toEqual([24, 8])
    expect([...anchors.slice(-2)]).toEqual([120, 120])
  })

  it('makes 2304 anchors for the full range: 48 x 48', () => {
    const anchors = blazeFaceAnchors(fullRange.decoder, 192, 192)
    expect(anchors.length / 2).toBe(2304)
    expect([...anchors.slice(0, 2), ...anchors.slice(-2)]).toEqual([2, 2, 190, 190])
  })
})

describe('createBlazeFaceDecoder', () => {
  const decoder = createBlazeFaceDecoder(shortRange, shortRange.decoder)
  const face = [3, -2, 40, 50, -8, -10, 9, -11, 1, 2, 2, 14, -20, 0, 20, 0]

  it('adds offsets to the anchor and turns the logit into a score', () => {
    const outputs = noFaces(896)
    putFace(outputs, 518, Math.log(0.9 / 0.1), face)
    const found = decoder.decode(outputs, 0.5)
    expect(found).toHaveLength(1)
    expect(found[0]!.score).toBeCloseTo(0.9, 6)
    // Anchor (24, 8): centre (27, 6), 40 x 50.
    expect(found[0]!.box).toEqual({ x: 7, y: -19, width: 40, height: 50 })
    expect(found[0]!.keyPoints).toEqual({
      rightEye: { x: 16, y: -2 },
      leftEye: { x: 33, y: -3 },
      nose: { x: 25, y: 10 },
      mouth: { x: 26, y: 22 },
    })
  })

  it('reads regressor units other than input pixels', () => {
    const relative = { ...shortRange.decoder, unit: 128 }
    const outputs = noFaces(896)
    putFace(
      outputs,
      518,
      3,
      face.map((value) => value / 128),
    )
    const [found] = createBlazeFaceDecoder(shortRange, relative).decode(outputs, 0.5)
    expect(found!.box.width).toBeCloseTo(40, 4)
    expect(found!.keyPoints.mouth.y).toBeCloseTo(22, 4)
  })

  it('takes scores at the threshold and none below', () => {
    const outputs = noFaces(896)
    putFace(outputs, 0, 0, face)
    putFace(outputs, 1, -1e-3, face)
    expect(decoder.decode(outputs, 0.5)).toHaveLength(1)
  })

  it('clips logits, so that infinite ones are scores of 0 and 1', () => {
    const outputs = noFaces(896)
    putFace(outputs, 0, Infinity, face)
    putFace(outputs, 1, -Infinity, face)
    expect(decoder.decode(outputs, 0.5).map((f) => f.score)).toEqual([1])
  })

  it.each([
    ['NaN in the box', [Number.NaN, ...face.slice(1)]],
    ['an infinite size', [0, 0, Infinity, ...face.slice(3)]],
    ['a negative size', [0, 0, -40, ...face.slice(3)]],
    ['a point far outside', [...face.slice(0, 8), 1e30, ...face.slice(9)]],
    ['NaN in a key point', [...face.slice(0, 4), Number.NaN, ...face.slice(5)]],
  ])('drops a face with %s', (_, values) => {
    const outputs = noFaces(896)
    putFace(outputs, 3, 5, values)
    putFace(outputs, 600, 4, face)
    expect(decoder.decode(outputs, 0.5)).toHaveLength(1)
  })

  it('refuses NaN among the scores', () => {
    const outputs = noFaces(896)
    outputs.scores.data[100] = Number.NaN
    expect(() => decoder.decode(outputs, 0.5)).toThrow(expect.objectContaining({ code: 'MODEL_OUTPUT' }))
  })

  it.each([
    ['missing', { scores: tensor(896, 1) }],
    ['of fewer rows', { boxes: tensor(895, 16), scores: tensor(896, 1) }],
    ['of other columns', { boxes: tensor(896, 15), scores: tensor(896, 1) }],
    ['of data that do not fit the shape', { boxes: tensor(896, 16, new Float32Array(16)), scores: tensor(896, 1) }],
    ['named like a method', { toString: tensor(896, 16), scores: tensor(896, 1) }],
  ])('refuses boxes that are %s', (_, outputs) => {
    expect(() => decoder.decode(outputs, 0.5)).toThrow(expect.objectContaining({ code: 'MODEL_OUTPUT' }))
  })
})
