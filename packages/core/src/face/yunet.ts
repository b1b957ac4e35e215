/** YuNet (OpenCV Zoo's face detector): decoding as OpenCV's FaceDetectorYN does it. */
import type { DetectorCard } from '../model/card.ts'
import type { Tensor } from '../model/runtime.ts'
import type { Detection } from './nms.ts'
import { checkScores, detection, rowsOf } from './outputs.ts'

/**
 * The detections with a score of at least `scoreThreshold`, overlapping ones included. The score is the geometric mean of the
 * class and the objectness head; boxes are offsets from the cell's corner in strides; the mouth is the middle of its corners.
 * @throws LivenessError MODEL_OUTPUT
 */
export function decodeYuNet(
  outputs: Readonly<Record<string, Tensor>>,
  card: DetectorCard,
  strides: readonly number[],
  scoreThreshold: number,
): Detection[] {
  const found: Detection[] = []
  for (const stride of strides) {
    const columns = Math.floor(card.input.width / stride)
    const rows = Math.floor(card.input.height / stride)
    const head = (name: string, values: number): Float32Array =>
      rowsOf(outputs, `${name}_${stride}`, rows * columns, values, card)
    const classes = head('cls', 1)
    const objects = head('obj', 1)
    const boxes = head('bbox', 4)
    const points = head('kps', 10)
    checkScores(classes, `cls_${stride}`, card)
    checkScores(objects, `obj_${stride}`, card)
    for (let i = 0; i < rows * columns; i++) {
      const score = Math.sqrt(unit(classes[i]!) * unit(objects[i]!))
      if (!(score >= scoreThreshold)) continue
      const column = i % columns
      const row = Math.floor(i / columns)
      const x = (k: number): number => (column + points[10 * i + 2 * k]!) * stride
      const y = (k: number): number => (row + points[10 * i + 2 * k + 1]!) * stride
      const face = detection(
        (column + boxes[4 * i]!) * stride,
        (row + boxes[4 * i + 1]!) * stride,
        Math.exp(boxes[4 * i + 2]!) * stride,
        Math.exp(boxes[4 * i + 3]!) * stride,
        {
          rightEye: { x: x(0), y: y(0) },
          leftEye: { x: x(1), y: y(1) },
          nose: { x: x(2), y: y(2) },
          mouth: { x: (x(3) + x(4)) / 2, y: (y(3) + y(4)) / 2 },
        },
        score,
        card.input,
      )
      if (face !== undefined) found.push(face)
    }
  }
  return found
}

function unit(value: number): number {
  return Math.max(0, Math.min(1, value))
}
