/** The boxes whose crops are averaged: the face, and the face slightly moved and scaled. */
import { invalid } from '../validate.ts'
import { type Box, box as makeBox } from './box.ts'

/**
 * Shift in shares of the box's sides and factor of its size, most useful first: a detector's boxes of one face vary by about this.
 * The two pairs mirror each other, so that the mean box of k = 3 and k = 5 is nearly the face itself.
 */
const JITTER = [
  { x: 0, y: 0, scale: 1 },
  { x: 0.04, y: 0.03, scale: 1.06 },
  { x: -0.04, y: -0.03, scale: 0.94 },
  { x: -0.04, y: 0.03, scale: 1.06 },
  { x: 0.04, y: -0.03, scale: 0.94 },
] as const

/**
 * `count` boxes around a face, always the same; the first is the box itself.
 * @throws LivenessError OPTION_INVALID unless `count` is an integer from 1 to 5.
 */
export function jitterBoxes(face: Box, count: number): Box[] {
  if (!Number.isInteger(count) || count < 1 || count > JITTER.length) {
    throw invalid('crops', `an integer from 1 to ${JITTER.length}`, count)
  }
  return JITTER.slice(0, count).map(({ x, y, scale }) => {
    if (scale === 1) return face
    const width = face.width * scale
    const height = face.height * scale
    return makeBox(
      face.x + face.width * x + (face.width - width) / 2,
      face.y + face.height * y + (face.height - height) / 2,
      width,
      height,
    )
  })
}
