/** Whether frames are made of one still image: then one can be laid over the other, and nothing is left but noise. */
import { affineResidual } from './affine.ts'
import { type DepthFrame, eyesIn } from './depth-frame.ts'
import { faceGrid } from './grid.ts'
import { warpResidual } from './warp.ts'

export interface StillLikeness {
  /** What is left of the face before the movement when it is laid over the one after: the median over pairs, 0..1. */
  readonly moved: number
  /** The most that is left between frames of one position, first and last; undefined with fewer than two frames before or after. */
  readonly held: number | undefined
}

export function stillLikeness(
  before: readonly DepthFrame[],
  after: readonly DepthFrame[],
  movement: 'closer' | 'turned',
): StillLikeness {
  const residual = movement === 'closer' ? affine : warped
  const pairs: [DepthFrame, DepthFrame][] = [
    [before[0]!, after.at(-1)!],
    [before.at(-1)!, after[0]!],
    [before[before.length >> 1]!, after[after.length >> 1]!],
  ]
  const moved = pairs.map(([a, b]) => residual(a, b)).sort((a, b) => a - b)[1]!
  if (before.length < 2 || after.length < 2) return { moved, held: undefined }
  return { moved, held: Math.max(affine(before[0]!, before.at(-1)!), affine(after[0]!, after.at(-1)!)) }
}

function affine(a: DepthFrame, b: DepthFrame): number {
  return affineResidual(a.luma, faceGrid(eyesIn(a.mesh, a.luma)), b.luma, matches(a, b))
}

function warped(a: DepthFrame, b: DepthFrame): number {
  return warpResidual(a.luma, faceGrid(eyesIn(a.mesh, a.luma)), b.luma, matches(a, b))
}

/** Where each landmark lies in both frames' luma images: `x, y, x, y` by turns. */
function matches(a: DepthFrame, b: DepthFrame): Float64Array {
  const pairs = new Float64Array((a.mesh.length / 3) * 4)
  for (let i = 0, to = 0; i < a.mesh.length; i += 3, to += 4) {
    pairs[to] = a.mesh[i]! * a.luma.scale
    pairs[to + 1] = a.mesh[i + 1]! * a.luma.scale
    pairs[to + 2] = b.mesh[i]! * b.luma.scale
    pairs[to + 3] = b.mesh[i + 1]! * b.luma.scale
  }
  return pairs
}
