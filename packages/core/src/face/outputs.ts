/** Reading a detector's outputs: shapes are checked, and what is not a finite box is no detection. */
import { LivenessError } from '../errors.ts'
import { type Box, box } from '../image/box.ts'
import type { DetectorCard } from '../model/card.ts'
import type { Tensor } from '../model/runtime.ts'
import type { KeyPoints } from './face.ts'
import type { Detection } from './nms.ts'

/** No face is wider or higher than this many inputs; what a detector draws beyond is noise. */
const MAX_INPUTS = 4

/**
 * The values of an output that must be 1 x `rows` x `columns`.
 * @throws LivenessError MODEL_OUTPUT when it is missing, has another shape or starts with no number at all.
 */
export function rowsOf(
  outputs: Readonly<Record<string, Tensor>>,
  name: string,
  rows: number,
  columns: number,
  card: DetectorCard,
): Float32Array {
  const tensor = Object.hasOwn(outputs, name) ? outputs[name] : undefined
  const fits =
    tensor !== undefined &&
    tensor.data.length === rows * columns &&
    tensor.dims.length === 3 &&
    tensor.dims[0] === 1 &&
    tensor.dims[1] === rows &&
    tensor.dims[2] === columns
  if (!fits) {
    const received = tensor === undefined ? 'nothing' : tensor.dims.join(' x ')
    throw new LivenessError(
      'MODEL_OUTPUT',
      `Detector ${card.id}: expected 1 x ${rows} x ${columns} for output "${name}" but received ${received}.`,
    )
  }
  return tensor.data
}

/** @throws LivenessError MODEL_OUTPUT for scores that are not numbers: the network is broken, not the picture empty. */
export function checkScores(scores: Float32Array, name: string, card: DetectorCard): void {
  for (const score of scores) {
    if (Number.isNaN(score)) {
      throw new LivenessError('MODEL_OUTPUT', `Detector ${card.id}: output "${name}" holds NaN.`)
    }
  }
}

/** From centre, size and key points in input pixels; undefined unless all of it is finite and of a possible size. */
export function detection(
  centreX: number,
  centreY: number,
  width: number,
  height: number,
  keyPoints: KeyPoints,
  score: number,
  input: DetectorCard['input'],
): Detection | undefined {
  const { rightEye, leftEye, nose, mouth } = keyPoints
  for (const point of [rightEye, leftEye, nose, mouth, { x: centreX, y: centreY }]) {
    // Also false for NaN.
    if (!(Math.abs(point.x) <= input.width * MAX_INPUTS && Math.abs(point.y) <= input.height * MAX_INPUTS)) return
  }
  if (!(width > 0 && height > 0 && width <= input.width * MAX_INPUTS && height <= input.height * MAX_INPUTS)) return
  const bounds: Box = box(centreX - width / 2, centreY - height / 2, width, height)
  return { box: bounds, keyPoints, score }
}
