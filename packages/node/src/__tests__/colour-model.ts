/** A PAD model of our own making, as card and ONNX bytes: the logits are a linear function of the crop's mean colour. */
import { createHash } from 'node:crypto'
import type { ModelSource, PadCard } from '@unspoof/core'
import { examplePadCard } from '@unspoof/core/testing'
import * as onnx from './onnx.ts'

export interface ColourModelInit {
  /** 3 x 2, rows r g b, columns live and spoof. @default zeros */
  readonly weights?: readonly number[]
  /** Logits of black: live and spoof. @default [1, -1] */
  readonly bias?: readonly [number, number]
  readonly id?: string
  readonly card?: Partial<PadCard>
}

export interface ColourModel {
  readonly card: PadCard
  readonly bytes: Uint8Array
  readonly source: ModelSource
}

export function colourModel(init: ColourModelInit = {}): ColourModel {
  const { weights = [0, 0, 0, 0, 0, 0], bias = [1, -1], id = 'colour' } = init
  const bytes = onnx.model({
    inputs: [{ name: 'face', dims: ['n', 3, 32, 32] }],
    outputs: [{ name: 'logits', dims: ['n', 2] }],
    nodes: [
      { op: 'GlobalAveragePool', inputs: ['face'], outputs: ['mean'] },
      { op: 'Flatten', inputs: ['mean'], outputs: ['rgb'] },
      { op: 'MatMul', inputs: ['rgb', 'w'], outputs: ['weighted'] },
      { op: 'Add', inputs: ['weighted', 'b'], outputs: ['logits'] },
    ],
    initializers: [onnx.tensor('w', weights, [3, 2]), onnx.tensor('b', bias)],
  })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const file = { name: 'model.onnx', variant: 'fp32', bytes: bytes.byteLength, sha256 }
  const card: PadCard = { ...examplePadCard(), id, files: [file], ...init.card }
  return { card, bytes, source: { location: 'a test', card: async () => card, read: async () => bytes } }
}
