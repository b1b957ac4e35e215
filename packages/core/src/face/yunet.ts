/** YuNet (OpenCV Zoo's face detector): decoding as OpenCV's FaceDetectorYN does it. */
import type { DetectorCard } from '../model/card.ts'
import type { Point } from './face.ts'
import type { Detection } from './nms.ts'
import { type Decoder, detection, type Head, scoresOf, valuesOf } from './outputs.ts'

/**
 * Four heads a stride, one row a cell. The score is the geometric mean of the class and the objectness head; boxes and points
 * are offsets from the cell's corner in strides; the mouth is the middle of its corners.
 */
export function createYuNetDecoder(card: DetectorCard, strides: readonly number[]): Decoder {
  const levels = strides.map((stride) => {
    const cellsAcross = Math.floor(card.input.width / stride)
    const rows = cellsAcross * Math.floor(card.input.height / stride)
    const head = (name: string, columns: number): Head => ({ name: `${name}_${stride}`, rows, columns })
    return {
      stride,
      cellsAcross,
      rows,
      classes: head('cls', 1),
      objects: head('obj', 1),
      boxes: head('bbox', 4),
      points: head('kps', 10),
    }
  })
  return {
    heads: levels.flatMap(({ classes, objects, boxes, points }) => [classes, objects, boxes, points]),
    decode(outputs, threshold) {
      const found: Detection[] = []
      for (const { stride, cellsAcross, rows, ...heads } of levels) {
        const classes = scoresOf(outputs, heads.classes, card)
        const objects = scoresOf(outputs, heads.objects, card)
        const boxes = valuesOf(outputs, heads.boxes, card)
        const points = valuesOf(outputs, heads.points, card)
        for (let i = 0; i < rows; i++) {
          const score = Math.sqrt(clampToUnit(classes[i]!) * clampToUnit(objects[i]!))
          if (!(score >= threshold)) continue
          const column = i % cellsAcross
          const row = Math.floor(i / cellsAcross)
          const at = (x: number, y: number): Point => ({ x: (column + x) * stride, y: (row + y) * stride })
          const point = (k: number): Point => at(points[10 * i + 2 * k]!, points[10 * i + 2 * k + 1]!)
          const size = { width: Math.exp(boxes[4 * i + 2]!) * stride, height: Math.exp(boxes[4 * i + 3]!) * stride }
          const keyPoints = { rightEye: point(0), leftEye: point(1), nose: point(2), mouth: middle(point(3), point(4)) }
          const face = detection(at(boxes[4 * i]!, boxes[4 * i + 1]!), size, keyPoints, score, card.input)
          if (face !== undefined) found.push(face)
        }
      }
      return found
    },
  }
}

function clampToUnit(value: number): number {
  return Math.max(0, Math.min(1, value))
}

function middle(a: Point, b: Point): Point {
  return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }
}
