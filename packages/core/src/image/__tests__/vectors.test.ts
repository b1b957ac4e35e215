/** Resizing and cropping against OpenCV's bytes for pictures made here. */
import { describe, expect, it } from 'vitest'
import { bytesOf, picture, vectors } from '../../__tests__/vectors/picture.ts'
import { box } from '../box.ts'
import { cropResize } from '../crop.ts'
import { resize } from '../resize.ts'
import { countDifferences } from './compare.ts'

describe.each([3, 4] as const)('OpenCV vectors, %i channels', (channels) => {
  it.each(
    vectors.resizes.map((v, i) => ({ ...v, name: `${i}: ${v.kind} ${v.size} to ${v.target}, ${v.interpolation}` })),
  )('resizes $name', ({ size, target, interpolation, expected, ...kind }) => {
    const { data } = resize(picture(kind, ...size, channels), ...target, interpolation)
    const { worst, share } = countDifferences(data, bytesOf(expected))
    expect(worst).toBeLessThanOrEqual(1)
    expect(share).toBeLessThanOrEqual(0.001)
  })

  it.each(vectors.crops.map((v, i) => ({ ...v, name: `${i}: ${v.kind} ${v.size}, box ${v.box}, ${v.crop.border}` })))(
    'crops $name',
    ({ size, target, box: b, crop, expected, ...kind }) => {
      const { data } = cropResize(picture(kind, ...size, channels), box(...b), crop, ...target)
      const { worst, share } = countDifferences(data, bytesOf(expected))
      expect(worst).toBeLessThanOrEqual(1)
      expect(share).toBeLessThanOrEqual(0.001)
    },
  )
})

it('has vectors of every interpolation and border rule', () => {
  expect(new Set(vectors.resizes.map((v) => v.interpolation))).toEqual(new Set(['area', 'linear', 'cubic', 'lanczos4']))
  expect(new Set(vectors.crops.map((v) => v.crop.border))).toEqual(
    new Set(['reflect101', 'constant', 'replicate', 'clamp']),
  )
})
