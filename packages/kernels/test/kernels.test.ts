/** The kernels against onnxruntime: the same numbers for the same file, or a refusal; never other numbers. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Runtime, RuntimeSession, Tensor } from '@unspoof/core'
import { bundledModelFolder, DEFAULT_DETECTORS, DEFAULT_PAD_MODEL } from '@unspoof/models'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { createKernelRuntime } from '../src/index.ts'
import { kernelFiles, readKernels } from '../src/node.ts'
import { floats, integers, type ModelSpec, type NodeSpec, type TensorSpec, writeModel } from './onnx-writer.ts'
import { createOnnxruntime } from './onnxruntime.ts'

let kernels: Runtime
/** The build that this process would choose: with relaxed SIMD, in Node 20 behind a flag. */
let fastest: Runtime
let onnxruntime: Runtime

beforeAll(async () => {
  kernels = await createKernelRuntime(await readFile(kernelFiles.simd))
  fastest = await createKernelRuntime(await readKernels())
  onnxruntime = await createOnnxruntime()
})

/** The same values for the same seed, from -1 to 1. */
function noise(size: number, seed = 1): Float32Array {
  const values = new Float32Array(size)
  let state = seed * 2_654_435_761
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    values[i] = (state / 2 ** 32) * 2 - 1
  }
  return values
}

const sizeOf = (dims: readonly number[]): number => dims.reduce((product, size) => product * size, 1)
const random = (dims: readonly number[], seed: number): TensorSpec => floats(dims, noise(sizeOf(dims), seed))

async function runOn(runtime: Runtime, file: Uint8Array, batch: number): Promise<Record<string, Tensor>> {
  const session: RuntimeSession = await runtime.load(file)
  const feeds = Object.fromEntries(
    session.inputs.map(({ name, dims }, i) => {
      const shape = dims.map((size) => size ?? batch)
      return [name, { data: noise(sizeOf(shape), i + 1), dims: shape }]
    }),
  )
  // The second run finds the memory as the first left it.
  await session.run(Object.fromEntries(Object.entries(feeds).map(([name, { dims }]) => [name, zeros(dims)])))
  const results = await session.run(feeds)
  await session.close()
  return results
}

const zeros = (dims: readonly number[]): Tensor => ({ data: new Float32Array(sizeOf(dims)), dims })

/** Sums in another order: what float32 cannot tell apart. */
async function expectSame(file: Uint8Array, batch = 1, runtime = kernels): Promise<void> {
  const [ours, theirs] = [await runOn(runtime, file, batch), await runOn(onnxruntime, file, batch)]
  expect(Object.keys(ours)).toEqual(Object.keys(theirs))
  for (const [name, { data, dims }] of Object.entries(theirs)) {
    expect(ours[name]!.dims).toEqual(dims)
    const scale = data.reduce((most, value) => Math.max(most, Math.abs(value)), 1)
    const worst = data.reduce((most, value, i) => Math.max(most, Math.abs(value - ours[name]!.data[i]!)), 0)
    expect(worst).toBeLessThan(1e-5 * scale)
  }
}

describe('the bundled models', () => {
  it.each([
    { id: DEFAULT_PAD_MODEL, name: 'model.onnx', batch: 1 },
    { id: DEFAULT_PAD_MODEL, name: 'model.onnx', batch: 3 },
    { id: DEFAULT_PAD_MODEL, name: 'model.fp32.onnx', batch: 1 },
    ...DEFAULT_DETECTORS.map((id) => ({ id, name: 'model.onnx', batch: 1 })),
  ])('$id, $name in a batch of $batch, answers as onnxruntime does', async ({ id, name, batch }) => {
    const file = await readFile(`${bundledModelFolder(id)}/${name}`)
    await expectSame(file, batch)
    await expectSame(file, batch, fastest)
  })
})

const OTHERS = fileURLToPath(new URL('../../../../shared/models/', import.meta.url))
if (!existsSync(OTHERS))
  console.warn('There are no weights of others in ../shared/models: the kernels are not tested with them.')

describe.skipIf(!existsSync(OTHERS))('networks of others', () => {
  it.each([
    'minifasnet-v2-se-128-fp32.onnx',
    'minifasnet-v2-80-scale2.7.onnx',
    'minifasnet-v1se-80-scale4.0.onnx',
    'hairymax-print-replay-1.5-128.onnx',
  ])('%s answers as onnxruntime does', async (name) => expectSame(await readFile(`${OTHERS}${name}`)))

  it('with quantised operators are refused', async () => {
    const file = await readFile(`${OTHERS}minifasnet-v2-se-128-int8.onnx`)
    await expect(kernels.load(file)).rejects.toThrow(/Operator DynamicQuantizeLinear/)
  })
})

interface ConvSpec {
  readonly channels: number
  readonly outputs: number
  readonly height: number
  readonly width: number
  readonly kernel: readonly [number, number]
  readonly stride: number
  readonly pads: readonly [number, number, number, number]
  readonly relu: boolean
}

/** The first layer of each test: blocked planes, which no input has. */
function stem(channels: number): { readonly node: NodeSpec; readonly weights: TensorSpec } {
  return { node: { op: 'Conv', inputs: ['x', 'stem'], output: 'planes' }, weights: random([channels, 2, 1, 1], 77) }
}

function convModel(spec: ConvSpec, kind: 'dense' | 'pointwise' | 'depthwise'): ModelSpec {
  const { channels, outputs, height, width, kernel, stride, pads, relu } = spec
  const { node, weights } = stem(channels)
  const depthwise = kind === 'depthwise'
  const out = depthwise ? channels : outputs
  const attributes = { kernel_shape: kernel, strides: [stride, stride], pads, group: depthwise ? channels : 1 }
  const conv: NodeSpec = { op: 'Conv', inputs: ['planes', 'w', 'b'], output: relu ? 'sums' : 'y', attributes }
  return {
    inputs: { x: ['n', 2, height, width] },
    outputs: ['y'],
    constants: { stem: weights, w: random([out, depthwise ? 1 : channels, ...kernel], 5), b: random([out], 6) },
    nodes: [node, conv, ...(relu ? [{ op: 'Relu', inputs: ['sums'], output: 'y' }] : [])],
  }
}

const side = fc.integer({ min: 1, max: 13 })
const pad = fc.integer({ min: 0, max: 3 })
const convs = fc
  .record({
    channels: fc.integer({ min: 1, max: 21 }),
    outputs: fc.integer({ min: 1, max: 21 }),
    height: side,
    width: side,
    kernel: fc.tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 })),
    stride: fc.integer({ min: 1, max: 3 }),
    pads: fc.tuple(pad, pad, pad, pad),
    relu: fc.boolean(),
  })
  .filter(
    ({ height, width, kernel, pads }) =>
      height + pads[0] + pads[2] >= kernel[0] && width + pads[1] + pads[3] >= kernel[1],
  )

describe('convolutions of any shape answer as onnxruntime does', { timeout: 120_000 }, () => {
  it.each(['dense', 'depthwise'] as const)('%s', async (kind) => {
    await fc.assert(
      fc.asyncProperty(convs, async (spec) => expectSame(writeModel(convModel(spec, kind)))),
      { numRuns: 80 },
    )
  })

  it('depthwise with the kernel of three that has code of its own', async () => {
    const threes = convs
      .map((spec) => ({ ...spec, kernel: [3, 3] as const }))
      .filter(({ height, width, pads }) => height + pads[0] + pads[2] >= 3 && width + pads[1] + pads[3] >= 3)
    await fc.assert(
      fc.asyncProperty(threes, async (spec) => expectSame(writeModel(convModel(spec, 'depthwise')))),
      { numRuns: 80 },
    )
  })

  it('pointwise', async () => {
    await fc.assert(
      fc.asyncProperty(convs, async (spec) => {
        const pointwise: ConvSpec = { ...spec, kernel: [1, 1], stride: 1, pads: [0, 0, 0, 0] }
        await expectSame(writeModel(convModel(pointwise, 'pointwise')), 2)
      }),
      { numRuns: 80 },
    )
  })
})

/** A network around the nodes under test: `planes` are blocked, of `channels`; `y` is the output. */
function around(channels: number, nodes: readonly NodeSpec[], constants: ModelSpec['constants'] = {}): ModelSpec {
  const { node, weights } = stem(channels)
  return {
    inputs: { x: [1, 2, 6, 5] },
    outputs: ['y'],
    constants: { stem: weights, ...constants },
    nodes: [node, ...nodes],
  }
}

const conv = (input: string, weights: string, output: string): NodeSpec => ({
  op: 'Conv',
  inputs: [input, weights],
  output,
})
const relu = (input: string, output: string): NodeSpec => ({ op: 'Relu', inputs: [input], output })
const add = (a: string, b: string, output: string): NodeSpec => ({ op: 'Add', inputs: [a, b], output })
const pads = (added: number): TensorSpec => integers(0, 0, 0, 0, 0, added, 0, 0)
const one = (op: string, attributes: NodeSpec['attributes'] = {}, ...more: string[]): NodeSpec => ({
  op,
  inputs: ['planes', ...more],
  output: 'y',
  attributes,
})

const OPERATORS: Readonly<Record<string, ModelSpec>> = {
  'a residual sum': around(12, [conv('planes', 'w', 'c'), add('planes', 'c', 'y')], { w: random([12, 12, 1, 1], 3) }),
  'a residual sum with ReLU': around(8, [conv('planes', 'w', 'c'), add('c', 'planes', 's'), relu('s', 'y')], {
    w: random([8, 8, 1, 1], 3),
  }),
  'a residual sum with added channels, padded after the convolution': around(
    8,
    [
      conv('planes', 'w', 'c'),
      { op: 'Pad', inputs: ['planes', 'pads'], output: 'p' },
      add('p', 'c', 's'),
      relu('s', 'y'),
    ],
    { w: random([20, 8, 1, 1], 3), pads: pads(12) },
  ),
  'a residual sum with added channels, padded before it': around(
    16,
    [{ op: 'Pad', inputs: ['planes', 'pads'], output: 'p' }, conv('planes', 'w', 'c'), add('p', 'c', 'y')],
    { w: random([21, 16, 1, 1], 3), pads: pads(5) },
  ),
  'a sum that is read twice': around(
    8,
    [conv('planes', 'w', 'c'), add('c', 'planes', 's'), relu('s', 'r'), add('s', 'r', 'y')],
    { w: random([8, 8, 1, 1], 3) },
  ),
  'a convolution that is read twice': around(8, [conv('planes', 'w', 'c'), relu('c', 'r'), add('c', 'r', 'y')], {
    w: random([8, 8, 1, 1], 3),
  }),
  'a value added to itself': around(7, [add('planes', 'planes', 'y')]),
  'a sum of two convolutions': around(
    8,
    [conv('planes', 'w', 'c'), conv('planes', 'v', 'd'), add('c', 'd', 's'), relu('s', 'y')],
    { w: random([9, 8, 1, 1], 3), v: random([9, 8, 1, 1], 4) },
  ),
  ReLU: around(11, [add('planes', 'planes', 's'), relu('s', 'r'), add('r', 's', 'y')]),
  MaxPool: around(9, [one('MaxPool', { kernel_shape: [2, 2], strides: [2, 2] })]),
  'MaxPool with windows that overlap': around(5, [one('MaxPool', { kernel_shape: [3, 3], strides: [1, 1] })]),
  Resize: around(
    5,
    [
      {
        op: 'Resize',
        inputs: ['planes', '', '', 'sizes'],
        output: 'y',
        attributes: { mode: 'linear', coordinate_transformation_mode: 'half_pixel' },
      },
    ],
    { sizes: integers(1, 5, 12, 10) },
  ),
  'Resize by an odd factor': around(
    5,
    [
      {
        op: 'Resize',
        inputs: ['planes', '', '', 'sizes'],
        output: 'y',
        attributes: { mode: 'linear', coordinate_transformation_mode: 'half_pixel' },
      },
    ],
    { sizes: integers(1, 5, 17, 7) },
  ),
  'Transpose to channels last': around(10, [one('Transpose', { perm: [0, 2, 3, 1] })]),
  'Flatten and Gemm': around(
    5,
    [
      { op: 'Flatten', inputs: ['planes'], output: 'f', attributes: { axis: 1 } },
      {
        op: 'Gemm',
        inputs: ['f', 'w', 'b'],
        output: 'y',
        attributes: { alpha: { float: 1 }, beta: { float: 1 }, transB: 1 },
      },
    ],
    { w: random([7, 150], 3), b: random([7], 4) },
  ),
  'Flatten of one pixel, which is no copy': around(
    13,
    [
      {
        op: 'Conv',
        inputs: ['planes', 'w'],
        output: 'c',
        attributes: { kernel_shape: [6, 5], group: 13 },
      },
      { op: 'Flatten', inputs: ['c'], output: 'f' },
      { op: 'Tanh', inputs: ['f'], output: 'y' },
    ],
    { w: random([13, 1, 6, 5], 3) },
  ),
  PRelu: around(11, [one('PRelu', {}, 'slopes')], { slopes: random([11, 1, 1], 3) }),
  'PRelu with one slope': around(5, [one('PRelu', {}, 'slope')], { slope: floats([1, 1, 1], [0.2]) }),
  GlobalAveragePool: around(6, [one('GlobalAveragePool')]),
  'a gate for each channel': around(
    13,
    [
      { op: 'GlobalAveragePool', inputs: ['planes'], output: 'm' },
      conv('m', 'w', 'c'),
      { op: 'Sigmoid', inputs: ['c'], output: 'g' },
      { op: 'Mul', inputs: ['g', 'planes'], output: 'p' },
      conv('p', 'v', 'y'),
    ],
    { w: random([13, 13, 1, 1], 3), v: random([3, 13, 1, 1], 4) },
  ),
  'BatchNormalization of planes': around(
    7,
    [one('BatchNormalization', { epsilon: { float: 0.01 } }, 's', 'b', 'm', 'v')],
    { s: random([7], 3), b: random([7], 4), m: random([7], 5), v: floats([7], [1, 2, 3, 4, 5, 6, 7]) },
  ),
  'MatMul and BatchNormalization of a row': around(
    2,
    [
      { op: 'Shape', inputs: ['planes'], output: 'shape' },
      { op: 'Constant', inputs: [], output: 'zero', attributes: { value: { dims: [], data: BigInt64Array.of(0n) } } },
      { op: 'Constant', inputs: [], output: 'axes', attributes: { value: integers(0) } },
      { op: 'Constant', inputs: [], output: 'rest', attributes: { value: integers(-1) } },
      { op: 'Gather', inputs: ['shape', 'zero'], output: 'n', attributes: { axis: 0 } },
      { op: 'Unsqueeze', inputs: ['n', 'axes'], output: 'first' },
      { op: 'Concat', inputs: ['first', 'rest'], output: 'flat', attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['planes', 'flat'], output: 'row' },
      { op: 'MatMul', inputs: ['row', 'w'], output: 'product' },
      { op: 'BatchNormalization', inputs: ['product', 's', 'b', 'm', 'v'], output: 'y' },
    ],
    { w: random([60, 3], 2), s: random([3], 3), b: random([3], 4), m: random([3], 5), v: floats([3], [1, 2, 3]) },
  ),
  Tanh: around(3, [one('Tanh')]),
  Sigmoid: around(3, [one('Sigmoid')]),
  Softplus: around(3, [one('Softplus')]),
  Neg: around(3, [one('Neg')]),
  Identity: around(3, [one('Identity')]),
  'Sub, Mul and Div with broadcasting': around(
    3,
    [
      { op: 'Sub', inputs: ['planes', 'scalar'], output: 'a' },
      { op: 'Mul', inputs: ['a', 'perChannel'], output: 'b' },
      { op: 'Div', inputs: ['perColumn', 'b'], output: 'y' },
    ],
    { scalar: floats([], [4.5]), perChannel: random([3, 1, 1], 3), perColumn: random([5], 4) },
  ),
  'Gather and Slice': around(4, [
    {
      op: 'Constant',
      inputs: [],
      output: 'at',
      attributes: { value: { dims: [], data: BigInt64Array.of(-2n) } },
    },
    { op: 'Constant', inputs: [], output: 'from', attributes: { value: integers(1) } },
    { op: 'Constant', inputs: [], output: 'end', attributes: { value: integers(2 ** 53) } },
    { op: 'Constant', inputs: [], output: 'axes', attributes: { value: integers(-1) } },
    { op: 'Gather', inputs: ['planes', 'at'], output: 'g', attributes: { axis: 2 } },
    { op: 'Slice', inputs: ['g', 'from', 'end', 'axes'], output: 'y' },
  ]),
  'Concat, Unsqueeze and Reshape': around(
    4,
    [
      { op: 'Concat', inputs: ['planes', 'planes'], output: 'c', attributes: { axis: 2 } },
      { op: 'Unsqueeze', inputs: ['c', 'axes'], output: 'u' },
      { op: 'Reshape', inputs: ['u', 'shape'], output: 'y' },
    ],
    { axes: integers(1), shape: integers(0, -1, 10) },
  ),
  'weights of eight bits': around(
    6,
    [
      { op: 'Cast', inputs: ['q'], output: 'f', attributes: { to: 1 } },
      { op: 'Mul', inputs: ['f', 'scale'], output: 'w' },
      conv('planes', 'w', 'y'),
    ],
    {
      q: { dims: [4, 6, 1, 1], data: Int8Array.from(noise(24, 9), (value) => value * 127) },
      scale: random([4, 1, 1, 1], 8),
    },
  ),
  'weights of half precision, down to the smallest': around(
    6,
    [{ op: 'Cast', inputs: ['h'], output: 'w', attributes: { to: 1 } }, conv('planes', 'w', 'y')],
    { h: { dims: [2, 6, 1, 1], data: Uint16Array.of(0, 1, 0x3ff, 0x400, 0x3c00, 0xbc00, 0x8001, 0x7bff, 2, 3, 4, 5) } },
  ),
}

describe('operators answer as onnxruntime does', () => {
  it.each(Object.entries(OPERATORS))('%s', (_, model) => expectSame(writeModel(model)))
})

const REFUSED: readonly (readonly [string, ModelSpec, RegExp])[] = [
  ['an unknown operator', around(3, [one('Erf')]), /Operator Erf/],
  ['an unknown attribute', around(3, [one('Tanh', { more: 1 })]), /Tanh with more/],
  ['dilations', around(3, [one('Conv', { dilations: [2, 2] }, 'w')], { w: random([3, 3, 3, 3], 1) }), /dilations/],
  [
    'automatic pads',
    around(3, [one('Conv', { auto_pad: 'SAME_UPPER' }, 'w')], { w: random([3, 3, 3, 3], 1) }),
    /auto_pad/,
  ],
  ['groups', around(4, [one('Conv', { group: 2 }, 'w')], { w: random([4, 2, 1, 1], 1) }), /groups/],
  ['two strides', around(3, [one('Conv', { strides: [1, 2] }, 'w')], { w: random([3, 3, 1, 1], 1) }), /strides/],
  ['weights of other channels', around(3, [one('Conv', {}, 'w')], { w: random([3, 5, 1, 1], 1) }), /another shape/],
  ['weights that are computed', around(3, [one('Conv', {}, 'x')]), /computed/],
  [
    'a bias of another size',
    around(3, [one('Conv', {}, 'w', 'b')], { w: random([3, 3, 1, 1], 1), b: random([2], 1) }),
    /bias/,
  ],
  ['slopes for other than channels', around(3, [one('PRelu', {}, 's')], { s: random([5], 1) }), /PRelu/],
  ['a product of two pictures', around(3, [one('MatMul', {}, 'w')], { w: random([5, 4], 1) }), /MatMul/],
  ['pooling with pads', around(3, [one('MaxPool', { kernel_shape: [2, 2], pads: [1, 1, 1, 1] })]), /MaxPool/],
  ['pads around pixels', around(8, [one('Pad', {}, 'pads')], { pads: integers(0, 0, 1, 1, 0, 0, 1, 1) }), /Pad/],
  ['mirrored pads', around(8, [one('Pad', { mode: 'reflect' }, 'pads')], { pads: pads(8) }), /Pad/],
  ['other transpositions', around(3, [one('Transpose', { perm: [0, 1, 3, 2] })]), /Transpose/],
  [
    'nearest neighbours',
    around(3, [one('Resize', { mode: 'nearest' }, '', '', 'sizes')], { sizes: integers(1, 3, 9, 9) }),
    /Resize/,
  ],
  ['shapes that do not fit', around(3, [one('Mul', {}, 'm')], { m: random([4], 1) }), /do not go together/],
  ['a reshape to another size', around(3, [one('Reshape', {}, 's')], { s: integers(7, 7) }), /another size/],
  ['a cast to whole numbers', around(3, [one('Cast', { to: 6 })]), /Cast/],
  ['a value that nobody makes', around(3, [one('Add', {}, 'nobody')]), /nobody/],
  ['an open size other than the batch', { ...around(3, [one('Tanh')]), inputs: { x: [1, 2, 'h', 5] } }, /negative/],
  [
    'more values than a page has memory for',
    { ...around(3, [one('Tanh')]), inputs: { x: [1, 2, 1 << 15, 1 << 15] } },
    /2\^24/,
  ],
]

describe('what would give other numbers is refused, with the reason', () => {
  it.each(REFUSED)('%s', async (_, model, reason) => {
    await expect(kernels.load(writeModel(model))).rejects.toThrow(reason)
  })
})

describe('a damaged file', { timeout: 120_000 }, () => {
  it('is refused wherever it ends', async () => {
    const file = writeModel(OPERATORS['a residual sum with ReLU']!)
    for (let length = 0; length < file.length - 6; length += 7) {
      await expect(kernels.load(file.slice(0, length)), `${length} bytes`).rejects.toThrow(Error)
    }
  })

  it('is refused or runs, whatever bit is wrong, and never takes the process or another session with it', async () => {
    const file = await readFile(`${bundledModelFolder(DEFAULT_PAD_MODEL)}/model.onnx`)
    const good = await kernels.load(file)
    const feeds = Object.fromEntries(
      good.inputs.map(({ name, dims }) => {
        const shape = dims.map((size) => size ?? 1)
        return [name, { data: noise(sizeOf(shape)), dims: shape }]
      }),
    )
    const expected = (await good.run(feeds)).logits!.data
    let refused = 0
    for (let i = 0; i < 150; i++) {
      const damaged = Uint8Array.from(file)
      const at = (i * 7_919) % file.length
      damaged[at]! ^= 1 << (i % 8)
      try {
        await (await kernels.load(damaged)).run(feeds)
      } catch (error) {
        expect(error).toBeInstanceOf(Error)
        refused++
      }
    }
    expect(refused).toBeGreaterThan(0)
    expect((await good.run(feeds)).logits!.data).toEqual(expected)
  })
})
