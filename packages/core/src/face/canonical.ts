/** The canonical face: the same box for the same face, whichever detector found its key points. */
import { type Box, box } from '../image/box.ts'
import type { KeyPoints } from './face.ts'

/**
 * Sizes in multiples of the distance between the eyes (`eyes`), from their middle to the mouth (`mouth`) and of how far the
 * nose lies beside that middle (`nose`, which tells a turned head). Fitted by models/convert/fit_canonical.py so that the box agrees
 * with the one YuNet draws.
 */
const WIDTH = { eyes: 1.841, mouth: 0.259, nose: 0.916 }
const HEIGHT = { eyes: 0.839, mouth: 1.956, nose: 0.396 }
/** The centre: this far from the eyes to the mouth, and against the nose by this much of its offset. */
const CENTRE = { mouth: 0.302, nose: -1.218 }
/** A nose farther to the side, in multiples of eyes + mouth, is an error of the detector. */
const MAX_NOSE = 0.5
/** Pixels. Key points that fall together give no smaller box. */
const MIN_SIDE = 1

/**
 * The box of a face from its eyes, nose and mouth, in frame pixels. PAD models are sensitive to scale and every detector draws
 * its box differently, so crops are cut from this box. It moves, grows and turns with the face: an ellipse in the face's own
 * axes is bounded by an upright box. Never degenerate: its sides are at least one pixel.
 * @throws LivenessError INPUT_INVALID when a key point is not finite.
 */
export function canonicalFace({ rightEye, leftEye, nose, mouth }: KeyPoints): Box {
  const middle = { x: (rightEye.x + leftEye.x) / 2, y: (rightEye.y + leftEye.y) / 2 }
  const across = { x: leftEye.x - rightEye.x, y: leftEye.y - rightEye.y }
  const down = { x: mouth.x - middle.x, y: mouth.y - middle.y }
  const eyesLength = Math.hypot(across.x, across.y)
  const mouthLength = Math.hypot(down.x, down.y)

  // The face's own x axis: along the eyes and square to the line to the mouth. A profile has hardly any distance between the
  // eyes, so the longer of the two counts for more.
  const axis = unit(across.x + down.y, across.y - down.x)
  const limit = MAX_NOSE * (eyesLength + mouthLength)
  const beside = clamp((nose.x - middle.x) * axis.x + (nose.y - middle.y) * axis.y, limit)

  const size = (factors: typeof WIDTH): number =>
    factors.eyes * eyesLength + factors.mouth * mouthLength + factors.nose * Math.abs(beside)
  const faceWidth = size(WIDTH)
  const faceHeight = size(HEIGHT)
  const width = Math.max(MIN_SIDE, Math.hypot(faceWidth * axis.x, faceHeight * axis.y))
  const height = Math.max(MIN_SIDE, Math.hypot(faceWidth * axis.y, faceHeight * axis.x))
  const centreX = middle.x + CENTRE.mouth * down.x + CENTRE.nose * beside * axis.x
  const centreY = middle.y + CENTRE.mouth * down.y + CENTRE.nose * beside * axis.y
  return box(centreX - width / 2, centreY - height / 2, width, height)
}

function unit(x: number, y: number): { readonly x: number; readonly y: number } {
  const length = Math.hypot(x, y)
  return length > 0 ? { x: x / length, y: y / length } : { x: 1, y: 0 }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value))
}
