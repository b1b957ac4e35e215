import { describe, expect, it } from 'vitest'
import { box } from '../../image/box.ts'
import { type Candidate, facesThatCount, hasPlausiblePose } from '../choose.ts'
import type { Face, KeyPoints } from '../face.ts'

const face = (side: number, keyPoints?: KeyPoints): Face => {
  const at = box(0, 0, side, side)
  return { box: at, detectorBox: at, keyPoints, score: 0.8 }
}
const candidate = (side: number, score: number): Candidate => ({ face: face(side), score })
const sides = (candidates: readonly Candidate[]): number[] => candidates.map(({ face }) => face.box.width)

describe('facesThatCount', () => {
  it('takes the largest and leaves a much smaller one in the background', () => {
    expect(sides(facesThatCount([candidate(40, 0.9), candidate(100, 0.95)]))).toEqual([100])
    expect(facesThatCount([])).toEqual([])
  })

  it('takes several of a comparable size', () => {
    expect(sides(facesThatCount([candidate(50, 0.9), candidate(100, 0.9), candidate(49, 0.9)]))).toEqual([100, 50])
  })

  it('takes a small one that is clearly more of a face than a doubtful large one', () => {
    expect(sides(facesThatCount([candidate(300, 0.66), candidate(80, 0.93)]))).toEqual([300, 80])
    expect(sides(facesThatCount([candidate(300, 0.8), candidate(80, 0.93)]))).toEqual([300])
  })
})

describe('hasPlausiblePose', () => {
  const turned = (degrees: number): KeyPoints => {
    const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)]
    const at = (x: number, y: number) => ({ x: x * cos - y * sin, y: x * sin + y * cos })
    return { rightEye: at(-20, -10), leftEye: at(20, -10), nose: at(0, 5), mouth: at(0, 25) }
  }

  it.each([
    [0, true],
    [39, true],
    [-41, false],
    [84, false],
  ])('at a roll of %i degrees: %s', (degrees, plausible) => {
    expect(hasPlausiblePose(face(100, turned(degrees)))).toBe(plausible)
  })

  it('holds for faces without landmarks', () => {
    expect(hasPlausiblePose(face(100))).toBe(true)
  })
})
