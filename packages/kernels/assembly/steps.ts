/** The steps that a network is compiled to: each knows its values and calls one kernel. Nothing is allocated while they run. */
import { mean, prelu, scale } from './kernels/channels'
import { convolution, copyInside } from './kernels/convolution'
import { depthwise, Window } from './kernels/depthwise'
import { add, Binary, binary, relu, Unary, unary } from './kernels/elementwise'
import { matrix } from './kernels/matrix'
import { pointwise } from './kernels/pointwise'
import { maxPool } from './kernels/pool'
import { copyStretches, toPixels, toPlanes } from './kernels/rearrange'
import { resizeLinear } from './kernels/resize'
import { allocate } from './onnx'
import { Value } from './value'

export abstract class Step {
  constructor(
    public inputs: Value[],
    public output: Value,
  ) {}

  get input(): Value {
    return this.inputs[0]
  }

  abstract run(): void
}

export class Pointwise extends Step {
  constructor(
    input: Value,
    private weights: usize,
    private bias: usize,
    private skip: Value | null,
    private relu: bool,
    output: Value,
  ) {
    super(skip == null ? [input] : [input, skip], output)
  }

  run(): void {
    const x = this.input
    const y = this.output
    const skip = this.skip
    const from: usize = skip == null ? 0 : skip.data
    const count = skip == null ? 0 : skip.octets
    pointwise(x.data, this.weights, this.bias, from, count, y.data, x.planes, y.pixels, y.octets, this.relu)
  }
}

export class Depthwise extends Step {
  private zeros: usize

  constructor(
    input: Value,
    private weights: usize,
    private bias: usize,
    private window: Window,
    private relu: bool,
    output: Value,
  ) {
    super([input], output)
    this.zeros = allocate(input.width * 4)
  }

  run(): void {
    const y = this.output
    depthwise(this.input.data, this.weights, this.bias, y.data, y.octets * 2, this.window, this.zeros, this.relu)
  }
}

/** A convolution over all channels, of row-major planes. */
export class Convolution extends Step {
  private bordered: usize
  private height: i32
  private width: i32

  constructor(
    input: Value,
    private weights: usize,
    private bias: usize,
    private window: Window,
    private relu: bool,
    output: Value,
  ) {
    super([input], output)
    this.height = max(window.height + window.top, (window.outHeight - 1) * window.stride + window.kernelHeight)
    this.width = max(window.width + window.left, (window.outWidth - 1) * window.stride + window.kernelWidth)
    // Four outputs are computed at a time, so the last ones of the last row read further.
    this.bordered = allocate(input.channels * this.height * this.width + 4 * window.stride)
  }

  run(): void {
    const x = this.input
    const y = this.output
    const w = this.window
    copyInside(x.data, this.bordered, x.channels, w.height, w.width, this.height, this.width, w.top, w.left)
    convolution(
      this.bordered,
      this.weights,
      this.bias,
      y.data,
      x.channels,
      this.height,
      this.width,
      w.kernelHeight,
      w.kernelWidth,
      w.stride,
      y.octets,
      w.outHeight,
      w.outWidth,
      this.relu,
    )
  }
}

export class MaxPool extends Step {
  constructor(
    input: Value,
    private kernel: i32,
    private stride: i32,
    output: Value,
  ) {
    super([input], output)
  }

  run(): void {
    const x = this.input
    const y = this.output
    maxPool(x.data, y.data, y.octets * 2, x.height, x.width, y.height, y.width, this.kernel, this.stride)
  }
}

export class Resize extends Step {
  constructor(input: Value, output: Value) {
    super([input], output)
  }

  run(): void {
    const x = this.input
    const y = this.output
    resizeLinear(x.data, y.data, y.octets * 2, x.height, x.width, y.height, y.width)
  }
}

/** A sum of blocked values of one shape. */
export class Add extends Step {
  constructor(
    a: Value,
    b: Value,
    private relu: bool,
    output: Value,
  ) {
    super([a, b], output)
  }

  run(): void {
    add(this.input.data, this.inputs[1].data, this.output.data, this.output.storage.size, this.relu)
  }
}

/** ReLU of a blocked value. */
export class Relu extends Step {
  constructor(input: Value, output: Value) {
    super([input], output)
  }

  run(): void {
    relu(this.input.data, this.output.data, this.output.storage.size)
  }
}

/** ReLU with a slope for each channel below zero. */
export class PRelu extends Step {
  constructor(
    input: Value,
    private slopes: usize,
    output: Value,
  ) {
    super([input], output)
  }

  run(): void {
    prelu(this.input.data, this.slopes, this.output.data, this.output.octets * 2, this.output.pixels)
  }
}

/** A blocked value times one number for each channel. */
export class Scale extends Step {
  constructor(input: Value, factors: Value, output: Value) {
    super([input, factors], output)
  }

  run(): void {
    scale(this.input.data, this.inputs[1].data, this.output.data, this.output.octets * 2, this.output.pixels)
  }
}

export class Mean extends Step {
  constructor(input: Value, output: Value) {
    super([input], output)
  }

  run(): void {
    mean(this.input.data, this.output.data, this.output.octets * 2, this.input.pixels)
  }
}

/** A blocked value with channels of zeros after its own. */
export class MoreChannels extends Step {
  constructor(input: Value, output: Value) {
    super([input], output)
  }

  run(): void {
    const x = this.input
    const y = this.output
    copyStretches(x.data, 0, y.data, 0, x.storage.size, 1)
    memory.fill(y.data + ((<usize>x.storage.size) << 2), 0, (<usize>(y.storage.size - x.storage.size)) << 2)
  }
}

export class ToPlanes extends Step {
  constructor(input: Value, output: Value) {
    super([input], output)
  }

  run(): void {
    toPlanes(this.input.data, this.output.data, this.input.channels, this.input.pixels)
  }
}

export class ToPixels extends Step {
  constructor(input: Value, output: Value) {
    super([input], output)
  }

  run(): void {
    toPixels(this.input.data, this.output.data, this.input.channels, this.input.pixels)
  }
}

export class Matrix extends Step {
  constructor(
    input: Value,
    private weights: Value,
    private bias: Value,
    output: Value,
  ) {
    super([input], output)
  }

  run(): void {
    matrix(this.input.data, this.weights.data, this.bias.data, this.output.data, this.input.size, this.output.size)
  }
}

export class UnaryStep extends Step {
  constructor(
    private op: Unary,
    input: Value,
    output: Value,
  ) {
    super([input], output)
  }

  run(): void {
    unary(this.op, this.input.data, this.output.data, this.output.storage.size)
  }
}

export class BinaryStep extends Step {
  private dims: StaticArray<i32>
  private place: StaticArray<i32>
  private strideA: StaticArray<i32>
  private strideB: StaticArray<i32>

  constructor(
    private op: Binary,
    a: Value,
    b: Value,
    output: Value,
  ) {
    super([a, b], output)
    // Sizes of 1 only make rows short; one stays where there is no other.
    const kept: i32[] = []
    for (let d = 0; d < output.dims.length; d++) if (output.dims[d] != 1) kept.push(d)
    const count = max(kept.length, 1)
    this.dims = new StaticArray<i32>(count)
    this.place = new StaticArray<i32>(count)
    this.strideA = new StaticArray<i32>(count)
    this.strideB = new StaticArray<i32>(count)
    this.dims[0] = 1
    for (let k = 0; k < kept.length; k++) {
      this.dims[k] = output.dims[kept[k]]
      this.strideA[k] = strideOf(a.dims, output.dims.length - kept[k])
      this.strideB[k] = strideOf(b.dims, output.dims.length - kept[k])
    }
  }

  run(): void {
    const a = this.inputs[0].data
    const b = this.inputs[1].data
    const y = this.output
    binary(this.op, a, this.strideA, b, this.strideB, y.data, this.dims, this.place, y.size)
  }
}

/** Values between neighbours in the dimension that is `fromEnd` before the end; 0 where the value repeats. */
function strideOf(dims: i32[], fromEnd: i32): i32 {
  const d = dims.length - fromEnd
  if (d < 0 || dims[d] == 1) return 0
  let stride = 1
  for (let i = d + 1; i < dims.length; i++) stride *= dims[i]
  return stride
}

/** Part of a value: `size` values of every `step`, from `start` on. */
export class Cut extends Step {
  constructor(
    input: Value,
    private start: i32,
    private step: i32,
    private size: i32,
    output: Value,
  ) {
    super([input], output)
  }

  run(): void {
    const count = this.size == 0 ? 0 : this.output.size / this.size
    copyStretches(
      this.input.data + ((<usize>this.start) << 2),
      this.step,
      this.output.data,
      this.size,
      this.size,
      count,
    )
  }
}

/** Row-major values one after the other, along one axis. */
export class Concat extends Step {
  constructor(
    inputs: Value[],
    private axis: i32,
    output: Value,
  ) {
    super(inputs, output)
  }

  run(): void {
    const step = this.stretch(this.output)
    const count = this.output.size / step
    let at = this.output.data
    for (let i = 0; i < this.inputs.length; i++) {
      const size = this.stretch(this.inputs[i])
      copyStretches(this.inputs[i].data, size, at, step, size, count)
      at += (<usize>size) << 2
    }
  }

  private stretch(value: Value): i32 {
    let size = 1
    for (let d = this.axis; d < value.dims.length; d++) size *= value.dims[d]
    return size
  }
}
