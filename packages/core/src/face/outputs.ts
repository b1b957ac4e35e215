/** Reading a detector's outputs: shapes are checked, and what is not a finite box is no detection. */
import { LivenessError } from '../errors.ts'
import { box } from '../image/box.ts'
import type { DetectorCard } from '../model/card.ts'
import type { Tensor } from '../model/runtime.ts'
import type { KeyPoints, Point } from './face.ts'
import type { Detection } from './nms.ts'

/** An output of a detector: 1 x `rows` x `columns`. */
export interface Head {
  readonly name: string
  readonly rows: number
  readonly columns: number
}

/** How the outputs of one detector become detections. */
export interface Decoder {
  /** What the network must answer. */
  readonly heads: readonly Head[]
  /**
   * The detections with a score of at least `threshold`, in input pixels, overlapping ones included, in any order.
   * @throws LivenessError MODEL_OUTPUT
   */
  decode(outputs: Readonly<Record<string, Tensor>>, threshold: number): Detection[]
}

/** No face is wider or higher than this many inputs; what a detector draws beyond is noise. */
const MAX_INPUTS = 4

/** @throws LivenessError MODEL_OUTPUT when the output is missing or has another shape. */
export function valuesOf(
  outputs: Readonly<Record<string, Tensor>>,
  { name, rows, columns }: Head,
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

/**
 * The values of an output that holds scores.
 * @throws LivenessError MODEL_OUTPUT also when there is NaN in it: the network is broken, not the picture empty.
 */
export function scoresOf(outputs: Readonly<Record<string, Tensor>>, head: Head, card: DetectorCard): Float32Array {
  const scores = valuesOf(outputs, head, card)
  for (let i = 0; i < scores.length; i++) {
    if (Number.isNaN(scores[i])) {
      throw new LivenessError('MODEL_OUTPUT', `Detector ${card.id}: output "${head.name}" holds NaN.`)
    }
  }
  return scores
}

/** From centre, size and key points in input pixels; undefined unless all of it is finite and of a possible size. */
export function detection(
  centre: Point,
  { width, height }: { readonly width: number; readonly height: number },
  keyPoints: KeyPoints,
  score: number,
  input: DetectorCard['input'],
): Detection | undefined {
  const { rightEye, leftEye, nose, mouth } = keyPoints
  const maxX = input.width * MAX_INPUTS
  const maxY = input.height * MAX_INPUTS
  for (const { x, y } of [centre, rightEye, leftEye, nose, mouth]) {
    // Also refuses NaN.
    if (!(Math.abs(x) <= maxX && Math.abs(y) <= maxY)) return
  }
  if (!(width > 0 && height > 0 && width <= maxX && height <= maxY)) return
  return { box: box(centre.x - width / 2, centre.y - height / 2, width, height), keyPoints, score }
}
