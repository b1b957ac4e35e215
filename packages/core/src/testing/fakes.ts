/** Stand-ins that go through the public contracts: a runtime, a detector, a model source. */
import type { Face, FaceDetector } from '../face/face.ts'
import type { PadCard } from '../model/card.ts'
import { sha256Hex } from '../model/load.ts'
import type { Runtime, Tensor, TensorInfo } from '../model/runtime.ts'
import type { ModelSource } from '../model/source.ts'

export interface FakeNetwork {
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
  readonly run: (feeds: Readonly<Record<string, Tensor>>) => Record<string, Tensor> | Promise<Record<string, Tensor>>
}

/** A runtime that loads any bytes as the given network. */
export function createFakeRuntime(network: FakeNetwork): Runtime {
  return {
    name: 'fake',
    async load() {
      let closed = false
      return {
        inputs: network.inputs,
        outputs: network.outputs,
        async run(feeds) {
          if (closed) throw new Error('closed')
          return network.run(feeds)
        },
        async close() {
          closed = true
        },
      }
    },
  }
}

/** A detector that finds the same faces in every picture. */
export function createFakeDetector(faces: readonly Face[]): FaceDetector {
  return { id: 'fake', detect: async () => [...faces], close: async () => {} }
}

/** A source over a card and bytes in memory; bytes and SHA-256 of the card's first file are filled in. */
export async function createMemorySource(card: object, bytes: Uint8Array): Promise<ModelSource> {
  const file = { name: 'model.onnx', variant: 'fp32', bytes: bytes.byteLength, sha256: await sha256Hex(bytes) }
  return { location: 'memory', card: async () => ({ files: [file], ...card }), read: async () => bytes }
}

/** A valid PAD card with one 32 x 32 input, for tests to change. */
export function examplePadCard(): Omit<PadCard, 'files'> {
  const point = (threshold: number): { threshold: number; measured: [] } => ({ threshold, measured: [] })
  return {
    schema: 1,
    id: 'example-pad',
    version: '1.0.0',
    title: 'An example',
    task: 'pad',
    licence: 'Apache-2.0',
    provenance: 'Made for tests.',
    inputs: [
      {
        name: 'face',
        width: 32,
        height: 32,
        layout: 'nchw',
        colour: 'rgb',
        scale: 1 / 255,
        mean: [0, 0, 0],
        std: [1, 1, 1],
        crop: { scale: 1.5, square: true, border: 'reflect101', down: 'area', up: 'lanczos4' },
      },
    ],
    output: { name: 'logits', kind: 'logits', classes: ['live', 'spoof'] },
    calibration: { slope: 1, offset: 0, fittedOn: 'none' },
    operatingPoints: { strict: point(0.9), balanced: point(0.5), lenient: point(0.2) },
    validFace: { minSide: 40 },
  }
}

/** The network that {@link examplePadCard} describes: `logitsOf` answers `[live, spoof]` for each picture of the batch. */
export function examplePadNetwork(logitsOf: (input: Tensor, index: number) => readonly [number, number]): FakeNetwork {
  return {
    inputs: [{ name: 'face', dims: [null, 3, 32, 32], type: 'float32' }],
    outputs: [{ name: 'logits', dims: [null, 2], type: 'float32' }],
    run: ({ face }) => {
      const n = face!.dims[0]!
      const data = new Float32Array(2 * n)
      for (let i = 0; i < n; i++) data.set(logitsOf(face!, i), 2 * i)
      return { logits: { data, dims: [n, 2] } }
    },
  }
}
