/** Detector cards and head outputs for the tests of this folder. */
import type { DetectorCard } from '../../model/card.ts'
import type { RuntimeSession, Tensor, TensorInfo } from '../../model/runtime.ts'

const pixels = {
  name: 'input',
  layout: 'nchw',
  colour: 'rgb',
  scale: 1 / 127.5,
  mean: [1, 1, 1],
  std: [1, 1, 1],
} as const

const base = {
  schema: 1,
  version: '1.0.0',
  task: 'face-detection',
  title: 'test',
  files: [],
  licence: 'Apache-2.0',
  provenance: 'made for this test',
  scoreThreshold: 0.5,
  iouThreshold: 0.3,
} as const

export const shortRange = {
  ...base,
  id: 'short',
  input: { ...pixels, width: 128, height: 128, letterbox: 'centre' },
  decoder: {
    kind: 'blazeface',
    boxes: 'boxes',
    scores: 'scores',
    anchors: [
      { stride: 8, perCell: 2 },
      { stride: 16, perCell: 6 },
    ],
    unit: 1,
  },
} as const satisfies DetectorCard

export const fullRange = {
  ...shortRange,
  id: 'full',
  input: { ...pixels, width: 192, height: 192, letterbox: 'centre' },
  decoder: { ...shortRange.decoder, anchors: [{ stride: 4, perCell: 1 }] },
} as const satisfies DetectorCard

export const yunet = {
  ...base,
  id: 'yunet',
  input: { ...pixels, colour: 'bgr', scale: 1, mean: [0, 0, 0], width: 64, height: 96, letterbox: 'top-left' },
  decoder: { kind: 'yunet', strides: [8, 16, 32] },
} as const satisfies DetectorCard

export function tensor(rows: number, columns: number, data = new Float32Array(rows * columns)): Tensor {
  return { data, dims: [1, rows, columns] }
}

/** BlazeFace outputs where no anchor is a face. */
export function noFaces(rows: number): { boxes: Tensor; scores: Tensor } {
  return { boxes: tensor(rows, 16), scores: tensor(rows, 1, new Float32Array(rows).fill(-20)) }
}

/** Makes anchor `i` a face: values as the network gives them, in input pixels from the anchor. */
export function putFace(outputs: { boxes: Tensor; scores: Tensor }, i: number, logit: number, values: number[]): void {
  outputs.boxes.data.set(values, i * 16)
  outputs.scores.data[i] = logit
}

/** A session that answers what `answer` gives for its input; counts its runs. */
export function sessionOf(
  card: DetectorCard,
  heads: readonly { name: string; rows: number; columns: number }[],
  answer: (input: Tensor, run: number) => Record<string, Tensor>,
): RuntimeSession & { readonly runs: () => number; readonly closed: () => boolean } {
  let runs = 0
  let closed = false
  const info = (name: string, dims: number[]): TensorInfo => ({ name, dims, type: 'float32' })
  const { name, width, height, layout } = card.input
  return {
    inputs: [info(name, layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3])],
    outputs: heads.map((head) => info(head.name, [1, head.rows, head.columns])),
    run: async (feeds) => answer(feeds[name]!, runs++),
    close: async () => {
      closed = true
    },
    runs: () => runs,
    closed: () => closed,
  }
}
