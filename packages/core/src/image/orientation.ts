/** EXIF orientation. */
import { LivenessError } from '../errors.ts'
import { describe } from '../validate.ts'
import { createFrame, type Frame } from './frame.ts'

/**
 * Turns stored pixels upright. Values are those of the EXIF tag: 1 upright, 2 mirrored left to right, 3 turned by 180 degrees,
 * 4 mirrored top to bottom, 5 transposed, 6 stored turned left (turned right here), 7 transversed, 8 stored turned right.
 * @returns the frame itself for 1, a new one else
 * @throws LivenessError INPUT_INVALID unless `orientation` is an integer from 1 to 8.
 */
export function applyOrientation(frame: Frame, orientation: number): Frame {
  if (!Number.isInteger(orientation) || orientation < 1 || orientation > 8) {
    throw new LivenessError(
      'INPUT_INVALID',
      `Expected an integer from 1 to 8 for orientation but received ${describe(orientation)}.`,
    )
  }
  if (orientation === 1) return frame
  const { data, width, height, channels } = frame
  const turned = orientation >= 5
  const outWidth = turned ? height : width
  const outHeight = turned ? width : height
  // Where the upright picture's first pixel is stored, and how far apart its neighbours to the right and below are.
  const fromRight = orientation === 2 || orientation === 3 || orientation === 7 || orientation === 8
  const fromBottom = orientation === 3 || orientation === 4 || orientation === 6 || orientation === 7
  const alongX = (fromRight ? -1 : 1) * channels
  const alongY = (fromBottom ? -1 : 1) * width * channels
  const start = ((fromBottom ? height - 1 : 0) * width + (fromRight ? width - 1 : 0)) * channels
  const right = turned ? alongY : alongX
  const below = turned ? alongX : alongY
  const out = new Uint8ClampedArray(data.length)
  let to = 0
  for (let y = 0; y < outHeight; y++) {
    let from = start + y * below
    for (let x = 0; x < outWidth; x++, from += right) {
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!
    }
  }
  return createFrame({ data: out, width: outWidth, height: outHeight, channels })
}
