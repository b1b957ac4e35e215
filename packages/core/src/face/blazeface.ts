/** BlazeFace (MediaPipe's face detector): anchors and decoding. */
import type { DetectorCard } from '../model/card.ts'
import type { Point } from './face.ts'
import type { Detection } from './nms.ts'
import { type Decoder, detection, type Head, scoresOf, valuesOf } from './outputs.ts'

type BlazeFaceDecoder = Extract<DetectorCard['decoder'], { kind: 'blazeface' }>

/** A BlazeFace row: centre, size, then six points: right eye, left eye, nose, mouth, right ear, left ear. */
const VALUES = 16
/** Logits are clipped to this before the sigmoid, as the original does. */
const MAX_LOGIT = 100

/**
 * The anchor centres in input pixels, x and y by turns, in the order of the network's rows: level by level, row by row,
 * `perCell` times the centre of each cell. Their size is fixed, so centres are all there is.
 */
export function blazeFaceAnchors(decoder: BlazeFaceDecoder, width: number, height: number): Float32Array {
  const anchors: number[] = []
  for (const { stride, perCell } of decoder.anchors) {
    const columns = Math.ceil(width / stride)
    const rows = Math.ceil(height / stride)
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        for (let i = 0; i < perCell; i++) anchors.push((column + 0.5) * stride, (row + 0.5) * stride)
      }
    }
  }
  return Float32Array.from(anchors)
}

/** The card's decoder with its anchors. */
export function createBlazeFaceDecoder(card: DetectorCard, decoder: BlazeFaceDecoder): Decoder {
  const anchors = blazeFaceAnchors(decoder, card.input.width, card.input.height)
  const rows = anchors.length / 2
  const { unit } = decoder
  const boxHead: Head = { name: decoder.boxes, rows, columns: VALUES }
  const scoreHead: Head = { name: decoder.scores, rows, columns: 1 }
  // Not in the loop over all rows: a loop whose body makes a function makes a scope of it every time.
  const readRow = (boxes: Float32Array, i: number, score: number): Detection | undefined => {
    const row = i * VALUES
    const point = (offset: number): Point => ({
      x: boxes[row + offset]! * unit + anchors[2 * i]!,
      y: boxes[row + offset + 1]! * unit + anchors[2 * i + 1]!,
    })
    const size = { width: boxes[row + 2]! * unit, height: boxes[row + 3]! * unit }
    const keyPoints = { rightEye: point(4), leftEye: point(6), nose: point(8), mouth: point(10) }
    return detection(point(0), size, keyPoints, score, card.input)
  }
  return {
    heads: [boxHead, scoreHead],
    decode(outputs, threshold) {
      const boxes = valuesOf(outputs, boxHead, card)
      const logits = scoresOf(outputs, scoreHead, card)
      const found: Detection[] = []
      for (let i = 0; i < rows; i++) {
        const score = sigmoid(logits[i]!)
        if (!(score >= threshold)) continue
        const face = readRow(boxes, i, score)
        if (face !== undefined) found.push(face)
      }
      return found
    },
  }
}

function sigmoid(logit: number): number {
  return 1 / (1 + Math.exp(-Math.max(-MAX_LOGIT, Math.min(MAX_LOGIT, logit))))
}
