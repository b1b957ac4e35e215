/** Compiles a graph to steps: constants folded, activations and residual sums fused into convolutions, memory shared. */
import { biasOf, inOctets, inPlanes } from './arrange'
import { Window } from './kernels/depthwise'
import { Binary, Unary } from './kernels/elementwise'
import { assign, reserve } from './memory'
import { allocate, FLOAT, Graph, Node, Port } from './onnx'
import {
  Add,
  BinaryStep,
  Concat,
  Convolution,
  Cut,
  Depthwise,
  Matrix,
  MaxPool,
  Mean,
  MoreChannels,
  Pointwise,
  PRelu,
  Relu,
  Resize,
  Scale,
  Step,
  ToPixels,
  ToPlanes,
  UnaryStep,
} from './steps'
import { blocked, rows, Storage, sameShape, Value } from './value'

/** What the caller writes or reads. */
export class Terminal {
  constructor(
    public name: string,
    /** -1 first where the file leaves the batch open. */
    public dims: i32[],
    public value: Value,
  ) {}
}

export class Network {
  inputs: Terminal[] = []
  outputs: Terminal[] = []
  steps: Step[] = []

  run(): void {
    for (let i = 0; i < this.steps.length; i++) this.steps[i].run()
  }
}

/** @throws Error naming the operator, attribute or shape that no kernel here computes. */
export function compile(graph: Graph): Network {
  return new Compiler(graph).compile()
}

class Compiler {
  private network: Network = new Network()
  private values: Map<string, Value> = new Map()
  /** Numbers of the nodes that read a value; -1 stands for the caller of the network. */
  private readers: Map<string, i32[]> = new Map()
  private makers: Map<string, i32> = new Map()
  /** Nodes that an earlier one has taken in. */
  private done: StaticArray<bool>

  constructor(private graph: Graph) {
    this.done = new StaticArray<bool>(graph.nodes.length)
  }

  compile(): Network {
    const graph = this.graph
    const nodes = graph.nodes
    for (let i = 0; i < nodes.length; i++) {
      for (let k = 0; k < nodes[i].inputs.length; k++) this.addReader(nodes[i].inputs[k], i)
      for (let k = 0; k < nodes[i].outputs.length; k++) this.makers.set(nodes[i].outputs[k], i)
    }
    for (let i = 0; i < graph.outputs.length; i++) this.addReader(graph.outputs[i].name, -1)
    for (let i = 0; i < graph.constants.length; i++) {
      const tensor = graph.constants[i]
      this.values.set(tensor.name, known(tensor.dims, tensor.data))
    }
    for (let i = 0; i < graph.inputs.length; i++) {
      // Files of old versions list their weights among the inputs.
      if (!this.values.has(graph.inputs[i].name)) this.addInput(graph.inputs[i])
    }
    for (let i = 0; i < nodes.length; i++) if (!this.done[i]) this.add(nodes[i])
    let open = false
    for (let i = 0; i < this.network.inputs.length; i++) if (this.network.inputs[i].dims[0] < 0) open = true
    for (let i = 0; i < graph.outputs.length; i++) {
      if (graph.outputs[i].type != FLOAT) throw new Error('Outputs that are not float32')
      const output = this.inRows(this.value(graph.outputs[i].name))
      if (output.constant) throw new Error('An output that does not depend on the input')
      // A file need not say the shapes of its outputs.
      const dims = output.dims.slice(0)
      if (open && dims.length > 0 && dims[0] == 1) dims[0] = -1
      this.network.outputs.push(new Terminal(graph.outputs[i].name, dims, output))
    }
    this.assignMemory()
    return this.network
  }

  private assignMemory(): void {
    const kept: Value[] = []
    for (let i = 0; i < this.network.outputs.length; i++) kept.push(this.network.outputs[i].value)
    assign(this.network.steps, kept)
  }

  private addReader(name: string, node: i32): void {
    if (this.readers.has(name)) this.readers.get(name).push(node)
    else this.readers.set(name, [node])
  }

  private addInput(port: Port): void {
    if (port.type != FLOAT) throw new Error('Inputs that are not float32')
    const dims = port.dims.slice(0)
    if (dims.length == 0) throw new Error('Inputs without a shape')
    // One picture runs after the other, so a batch of any size is a batch of one.
    if (dims[0] < 0) dims[0] = 1
    const input = rows(dims)
    reserve(input.storage)
    this.values.set(port.name, input)
    this.network.inputs.push(new Terminal(port.name, port.dims, input))
  }

  private value(name: string): Value {
    if (!this.values.has(name)) throw new Error(`Value ${name} is used before it is made`)
    return this.values.get(name)
  }

  private constant(name: string): Value {
    const value = this.value(name)
    if (!value.constant) throw new Error('Weights or settings that are computed')
    return value
  }

  /** Whole numbers of a constant. */
  private integers(name: string): i32[] {
    const value = this.constant(name)
    const numbers: i32[] = []
    for (let i = 0; i < value.size; i++) numbers.push(<i32>load<f32>(value.data + ((<usize>i) << 2)))
    return numbers
  }

  /** The node that alone reads a value, or null. */
  private onlyReader(name: string): Node | null {
    const readers = this.readers.has(name) ? this.readers.get(name) : []
    return readers.length == 1 && readers[0] >= 0 ? this.graph.nodes[readers[0]] : null
  }

  private takeIn(node: Node): void {
    this.done[this.makers.get(node.outputs[0])] = true
  }

  /** Adds a step, or runs it at once where nothing depends on the input. */
  private emit(step: Step, name: string): void {
    let constant = true
    for (let i = 0; i < step.inputs.length; i++) if (!step.inputs[i].constant) constant = false
    if (constant) {
      reserve(step.output.storage)
      step.run()
      step.output.constant = true
    } else this.network.steps.push(step)
    this.values.set(name, step.output)
  }

  private inRows(value: Value): Value {
    if (!value.blocked) return value
    // One pixel: its planes are its channels.
    if (value.pixels == 1) return new Value(value.dims, value.storage, false)
    const output = rows(value.dims)
    this.network.steps.push(new ToPlanes(value, output))
    return output
  }

  private rowsAt(node: Node, i: i32): Value {
    return this.inRows(this.value(node.inputs[i]))
  }

  private blockedAt(node: Node, i: i32): Value {
    const value = this.value(node.inputs[i])
    if (!value.blocked) throw new Error(`${node.op} of values that do not come from a convolution`)
    return value
  }

  private add(node: Node): void {
    const op = node.op
    const name = node.outputs[0]
    if (op == 'Conv') this.addConv(node)
    else if (op == 'Add') this.addSum(node)
    else if (op == 'Sub') this.addBinary(node, Binary.Sub)
    else if (op == 'Mul') this.addProduct(node)
    else if (op == 'Div') this.addBinary(node, Binary.Div)
    else if (op == 'Relu') this.addRelu(node)
    else if (op == 'PRelu') this.addPRelu(node)
    else if (op == 'BatchNormalization') this.addNormalization(node)
    else if (op == 'GlobalAveragePool') this.addMean(node)
    else if (op == 'Neg') this.addUnary(node, Unary.Neg)
    else if (op == 'Tanh') this.addUnary(node, Unary.Tanh)
    else if (op == 'Sigmoid') this.addUnary(node, Unary.Sigmoid)
    else if (op == 'Softplus') this.addUnary(node, Unary.Softplus)
    else if (op == 'MaxPool') this.addMaxPool(node)
    else if (op == 'Pad') this.addPad(node)
    else if (op == 'Resize') this.addResize(node)
    else if (op == 'Gemm') this.addGemm(node)
    else if (op == 'MatMul') this.addMatMul(node)
    else if (op == 'Shape') this.addShape(node)
    else if (op == 'Gather') this.addGather(node)
    else if (op == 'Slice') this.addSlice(node)
    else if (op == 'Concat') this.addConcat(node)
    else if (op == 'Transpose') this.addTranspose(node)
    else if (op == 'Flatten') this.addFlatten(node)
    else if (op == 'Unsqueeze') this.addUnsqueeze(node)
    else if (op == 'Reshape') this.addReshape(node)
    else if (op == 'Constant') this.addConstant(node)
    else if (op == 'Cast') {
      node.allow(['to'])
      if (node.integer('to', FLOAT) != FLOAT) throw new Error('Cast to another type than float32')
      this.values.set(name, this.value(node.inputs[0]))
    } else if (op == 'Identity') this.values.set(name, this.value(node.inputs[0]))
    else throw new Error(`Operator ${op}`)
  }

  private addConv(node: Node): void {
    node.allow(['kernel_shape', 'pads', 'strides', 'group', 'dilations', 'auto_pad'])
    const input = this.value(node.inputs[0])
    const weights = this.constant(node.inputs[1])
    if (input.dims.length != 4 || weights.dims.length != 4) throw new Error('Conv of other than two dimensions')
    if (!sameShape(node.integers('dilations', [1, 1]), [1, 1])) throw new Error('Conv with dilations')
    refuseAutoPad(node)
    const strides = node.integers('strides', [1, 1])
    const pads = node.integers('pads', [0, 0, 0, 0])
    if (strides.length != 2 || strides[0] != strides[1] || strides[0] < 1) throw new Error('Conv with these strides')
    if (pads.length != 4 || min(min(pads[0], pads[1]), min(pads[2], pads[3])) < 0)
      throw new Error('Conv with these pads')

    const stride = strides[0]
    const outputs = weights.dims[0]
    const window = new Window(
      input.height,
      input.width,
      outSize(input.height, pads[0] + pads[2], weights.height, stride),
      outSize(input.width, pads[1] + pads[3], weights.width, stride),
      weights.height,
      weights.width,
      stride,
      pads[0],
      pads[1],
    )
    const output = blocked(outputs, window.outHeight, window.outWidth)
    let bias: usize = 0
    if (node.inputs.length > 2 && node.inputs[2] != '') {
      const given = this.constant(node.inputs[2])
      if (given.size != outputs) throw new Error('Conv with a bias of another size')
      bias = given.data
    }
    bias = biasOf(bias, outputs)

    const places = weights.pixels
    const group = node.integer('group', 1)
    if (group == 1 && weights.channels != input.channels) throw new Error('Conv with weights of another shape')
    if (group == 1 && input.blocked && places == 1 && stride == 1 && sameShape(pads, [0, 0, 0, 0])) {
      const arranged = inOctets(weights.data, outputs, input.channels, 4)
      let name = node.outputs[0]
      let skip: Value | null = null
      const sum = this.onlyReader(name)
      if (sum != null && sum.op == 'Add') {
        skip = this.readySkip(sum.inputs[sum.inputs[0] == name ? 1 : 0], output.dims)
        if (skip != null) {
          this.takeIn(sum)
          name = sum.outputs[0]
        }
      }
      const relu = this.fusedRelu(name)
      this.emit(new Pointwise(input, arranged, bias, skip, relu != null, output), relu == null ? name : relu)
      return
    }
    const relu = this.fusedRelu(node.outputs[0])
    const name = relu == null ? node.outputs[0] : relu
    if (group == 1) {
      const arranged = inOctets(weights.data, outputs, input.channels * places, 1)
      this.emit(new Convolution(this.inRows(input), arranged, bias, window, relu != null, output), name)
      return
    }
    if (group != input.channels || outputs != group || weights.channels != 1 || !input.blocked) {
      throw new Error('Conv with groups of several channels')
    }
    const arranged = inPlanes(weights.data, outputs, places)
    this.emit(new Depthwise(input, arranged, bias, window, relu != null, output), name)
  }

  /** The output of the ReLU that alone reads a value: it costs nothing where the value is made. */
  private fusedRelu(name: string): string | null {
    const reader = this.onlyReader(name)
    if (reader == null || reader.op != 'Relu') return null
    this.takeIn(reader)
    return reader.outputs[0]
  }

  /** The other summand of a residual connection, where it is there before the convolution; channels that a Pad would add are zeros. */
  private readySkip(name: string, dims: i32[]): Value | null {
    if (this.values.has(name)) {
      const value = this.values.get(name)
      return value.blocked && sameShape(value.dims, dims) ? value : null
    }
    if (!this.makers.has(name)) return null
    const pad = this.graph.nodes[this.makers.get(name)]
    if (pad.op != 'Pad' || this.onlyReader(name) == null || !this.values.has(pad.inputs[0])) return null
    const value = this.values.get(pad.inputs[0])
    if (!value.blocked || (value.channels & 7) != 0 || !this.values.has(pad.inputs[1])) return null
    if (!sameShape([1, value.channels + this.addedChannels(pad), value.height, value.width], dims)) return null
    this.takeIn(pad)
    return value
  }

  /** Channels of zeros that a Pad adds after the last one. */
  private addedChannels(node: Node): i32 {
    node.allow(['mode'])
    const pads = this.integers(node.inputs[1])
    const constant =
      node.inputs.length < 3 || node.inputs[2] == '' || load<f32>(this.constant(node.inputs[2]).data) == 0
    const added = pads.length == 8 ? pads[5] : -1
    if (node.text('mode', 'constant') != 'constant' || !constant || !sameShape(pads, [0, 0, 0, 0, 0, added, 0, 0])) {
      throw new Error('Pad of other than channels of zeros')
    }
    return added
  }

  private addPad(node: Node): void {
    const input = this.blockedAt(node, 0)
    const channels = input.channels + this.addedChannels(node)
    if ((input.channels & 7) != 0) throw new Error('Pad of a number of channels that is no multiple of 8')
    this.emit(new MoreChannels(input, blocked(channels, input.height, input.width)), node.outputs[0])
  }

  private addSum(node: Node): void {
    const a = this.value(node.inputs[0])
    const b = this.value(node.inputs[1])
    if (!a.blocked || !b.blocked || !sameShape(a.dims, b.dims)) {
      this.addBinary(node, Binary.Add)
      return
    }
    const relu = this.fusedRelu(node.outputs[0])
    const output = blocked(a.channels, a.height, a.width)
    this.emit(new Add(a, b, relu != null, output), relu == null ? node.outputs[0] : relu)
  }

  private addProduct(node: Node): void {
    const a = this.value(node.inputs[0])
    const b = this.value(node.inputs[1])
    if (!a.blocked || !b.blocked || a.channels != b.channels || (a.pixels != 1 && b.pixels != 1)) {
      this.addBinary(node, Binary.Mul)
      return
    }
    node.allow([])
    const input = b.pixels == 1 ? a : b
    const output = blocked(input.channels, input.height, input.width)
    this.emit(new Scale(input, b.pixels == 1 ? b : a, output), node.outputs[0])
  }

  private addBinary(node: Node, op: Binary): void {
    node.allow([])
    const a = this.rowsAt(node, 0)
    const b = this.rowsAt(node, 1)
    this.emit(new BinaryStep(op, a, b, rows(broadcast(a.dims, b.dims))), node.outputs[0])
  }

  private addRelu(node: Node): void {
    const input = this.value(node.inputs[0])
    if (!input.blocked) this.addUnary(node, Unary.Relu)
    else this.emit(new Relu(input, blocked(input.channels, input.height, input.width)), node.outputs[0])
  }

  private addUnary(node: Node, op: Unary): void {
    node.allow([])
    const input = this.value(node.inputs[0])
    // One pixel a channel may go on as planes; the zeros after the last channel become other numbers, which nobody reads.
    const output = input.blocked && input.pixels == 1 ? blocked(input.channels, 1, 1) : rows(input.dims)
    this.emit(new UnaryStep(op, output.blocked ? input : this.inRows(input), output), node.outputs[0])
  }

  private addPRelu(node: Node): void {
    node.allow([])
    const input = this.blockedAt(node, 0)
    const given = this.constant(node.inputs[1])
    const perChannel = given.dims.length == 3 && sameShape(given.dims, [input.channels, 1, 1])
    if (!perChannel && given.size != 1) throw new Error('PRelu with other than one slope for each channel')
    const output = blocked(input.channels, input.height, input.width)
    const slopes = biasOf(perChannel ? given.data : 0, input.channels)
    if (!perChannel) {
      for (let c: usize = 0; c < <usize>input.channels; c++) store<f32>(slopes + (c << 2), load<f32>(given.data))
    }
    this.emit(new PRelu(input, slopes, output), node.outputs[0])
  }

  private addMean(node: Node): void {
    node.allow([])
    const input = this.blockedAt(node, 0)
    this.emit(new Mean(input, blocked(input.channels, 1, 1)), node.outputs[0])
  }

  /** With known mean and variance it is a product and a sum: of a row, or as the smallest depthwise convolution. */
  private addNormalization(node: Node): void {
    node.allow(['epsilon', 'momentum', 'spatial', 'training_mode'])
    const input = this.value(node.inputs[0])
    const channels = input.dims.length > 1 ? input.dims[1] : 0
    const factors = known([channels], allocate(channels))
    const shifts = known([channels], allocate(channels))
    for (let i = 1; i < 5; i++) {
      if (this.constant(node.inputs[i]).size != channels) throw new Error('BatchNormalization of other channels')
    }
    if (node.integer('training_mode', 0) != 0 || node.outputs.length != 1)
      throw new Error('BatchNormalization that learns')
    for (let c: usize = 0; c < <usize>channels; c++) {
      const at = c << 2
      const variance = load<f32>(this.constant(node.inputs[4]).data + at) + node.float('epsilon', 1e-5)
      const factor = load<f32>(this.constant(node.inputs[1]).data + at) / sqrt(variance)
      store<f32>(factors.data + at, factor)
      const shift = load<f32>(this.constant(node.inputs[2]).data + at)
      store<f32>(shifts.data + at, shift - factor * load<f32>(this.constant(node.inputs[3]).data + at))
    }
    const name = node.outputs[0]
    if (input.blocked) {
      const window = new Window(input.height, input.width, input.height, input.width, 1, 1, 1, 0, 0)
      const output = blocked(channels, input.height, input.width)
      const weights = inPlanes(factors.data, channels, 1)
      this.emit(new Depthwise(input, weights, biasOf(shifts.data, channels), window, false, output), name)
      return
    }
    if (!sameShape(input.dims, [1, channels])) throw new Error('BatchNormalization of values of this shape')
    const product = rows(input.dims)
    this.emit(new BinaryStep(Binary.Mul, input, factors, product), `${name} before the sum`)
    this.emit(new BinaryStep(Binary.Add, product, shifts, rows(input.dims)), name)
  }

  private addMaxPool(node: Node): void {
    node.allow(['kernel_shape', 'strides', 'pads', 'auto_pad', 'ceil_mode', 'storage_order', 'dilations'])
    const input = this.blockedAt(node, 0)
    const kernel = node.integers('kernel_shape', [])
    const strides = node.integers('strides', [1, 1])
    refuseAutoPad(node)
    if (
      kernel.length != 2 ||
      !sameShape(kernel, [kernel[0], kernel[0]]) ||
      !sameShape(strides, [strides[0], strides[0]]) ||
      strides[0] < 1 ||
      !sameShape(node.integers('pads', [0, 0, 0, 0]), [0, 0, 0, 0]) ||
      !sameShape(node.integers('dilations', [1, 1]), [1, 1]) ||
      node.integer('ceil_mode', 0) != 0
    ) {
      throw new Error('MaxPool with these settings')
    }
    const height = outSize(input.height, 0, kernel[0], strides[0])
    const width = outSize(input.width, 0, kernel[0], strides[0])
    const output = blocked(input.channels, height, width)
    this.emit(new MaxPool(input, kernel[0], strides[0], output), node.outputs[0])
  }

  private addResize(node: Node): void {
    node.allow(['coordinate_transformation_mode', 'mode'])
    const input = this.blockedAt(node, 0)
    if (
      node.text('mode', 'nearest') != 'linear' ||
      node.text('coordinate_transformation_mode', 'half_pixel') != 'half_pixel' ||
      node.inputs.length != 4
    ) {
      throw new Error('Resize with these settings')
    }
    const sizes = this.integers(node.inputs[3])
    if (sizes.length != 4 || sizes[0] != 1 || sizes[1] != input.channels || min(sizes[2], sizes[3]) < 1) {
      throw new Error('Resize with these settings')
    }
    this.emit(new Resize(input, blocked(sizes[1], sizes[2], sizes[3])), node.outputs[0])
  }

  private addGemm(node: Node): void {
    node.allow(['alpha', 'beta', 'transA', 'transB'])
    const input = this.rowsAt(node, 0)
    const weights = this.constant(node.inputs[1])
    if (
      node.float('alpha', 1) != 1 ||
      node.float('beta', 1) != 1 ||
      node.integer('transA', 0) != 0 ||
      node.integer('transB', 0) != 1 ||
      node.inputs.length != 3 ||
      weights.dims.length != 2 ||
      !sameShape(input.dims, [1, weights.dims[1]])
    ) {
      throw new Error('Gemm with these settings')
    }
    const bias = this.constant(node.inputs[2])
    if (bias.size != weights.dims[0]) throw new Error('Gemm with a bias of another size')
    this.emit(new Matrix(input, weights, bias, rows([1, weights.dims[0]])), node.outputs[0])
  }

  private addMatMul(node: Node): void {
    node.allow([])
    const input = this.rowsAt(node, 0)
    const given = this.constant(node.inputs[1])
    if (given.dims.length != 2 || !sameShape(input.dims, [1, given.dims[0]])) throw new Error('MatMul of these shapes')
    const inputs = given.dims[0]
    const outputs = given.dims[1]
    const weights = known([outputs, inputs], allocate(given.size))
    for (let i = 0; i < inputs; i++) {
      for (let o = 0; o < outputs; o++) {
        const value = load<f32>(given.data + ((<usize>(i * outputs + o)) << 2))
        store<f32>(weights.data + ((<usize>(o * inputs + i)) << 2), value)
      }
    }
    const bias = known([outputs], allocate(outputs))
    this.emit(new Matrix(input, weights, bias, rows([1, outputs])), node.outputs[0])
  }

  /** Known now, like all shapes here: of a batch of one. */
  private addShape(node: Node): void {
    node.allow([])
    const dims = this.value(node.inputs[0]).dims
    const shape = known([dims.length], allocate(dims.length))
    for (let d = 0; d < dims.length; d++) store<f32>(shape.data + ((<usize>d) << 2), <f32>dims[d])
    this.values.set(node.outputs[0], shape)
  }

  private addGather(node: Node): void {
    node.allow(['axis'])
    const input = this.rowsAt(node, 0)
    const index = this.constant(node.inputs[1])
    if (index.dims.length != 0) throw new Error('Gather of several places')
    const axis = axisOf(node.integer('axis', 0), input.dims.length)
    const size = input.dims[axis]
    let place = this.integers(node.inputs[1])[0]
    if (place < 0) place += size
    if (place < 0 || place >= size) throw new Error('Gather of a place that is outside')
    const inner = innerSize(input.dims, axis)
    const dims = input.dims.slice(0, axis).concat(input.dims.slice(axis + 1))
    this.emit(new Cut(input, place * inner, size * inner, inner, rows(dims)), node.outputs[0])
  }

  private addSlice(node: Node): void {
    node.allow([])
    const input = this.rowsAt(node, 0)
    if (node.inputs.length < 4) throw new Error('Slice without axes')
    const starts = this.integers(node.inputs[1])
    const ends = this.integers(node.inputs[2])
    const axes = this.integers(node.inputs[3])
    const steps: i32[] = node.inputs.length > 4 && node.inputs[4] != '' ? this.integers(node.inputs[4]) : [1]
    if (starts.length != 1 || ends.length != 1 || axes.length != 1 || !sameShape(steps, [1])) {
      throw new Error('Slice with these settings')
    }
    const axis = axisOf(axes[0], input.dims.length)
    const size = input.dims[axis]
    const start = inside(starts[0], size)
    const end = max(start, inside(ends[0], size))
    const inner = innerSize(input.dims, axis)
    const dims = input.dims.slice(0)
    dims[axis] = end - start
    this.emit(new Cut(input, start * inner, size * inner, (end - start) * inner, rows(dims)), node.outputs[0])
  }

  private addConcat(node: Node): void {
    node.allow(['axis'])
    const inputs: Value[] = []
    for (let i = 0; i < node.inputs.length; i++) inputs.push(this.rowsAt(node, i))
    const dims = inputs[0].dims.slice(0)
    const axis = axisOf(node.integer('axis', 0), dims.length)
    for (let i = 1; i < inputs.length; i++) {
      const other = inputs[i].dims.slice(0)
      const added = other.length == dims.length ? other[axis] : 0
      if (other.length == dims.length) other[axis] = dims[axis]
      if (!sameShape(other, dims)) throw new Error('Concat of different shapes')
      dims[axis] += added
    }
    this.emit(new Concat(inputs, axis, rows(dims)), node.outputs[0])
  }

  private addTranspose(node: Node): void {
    node.allow(['perm'])
    const input = this.blockedAt(node, 0)
    if (!sameShape(node.integers('perm', []), [0, 2, 3, 1])) throw new Error('Transpose to other than channels last')
    this.emit(new ToPixels(input, rows([1, input.height, input.width, input.channels])), node.outputs[0])
  }

  private addFlatten(node: Node): void {
    node.allow(['axis'])
    node.allow(['axis'])
    const input = this.rowsAt(node, 0)
    const axis = node.integer('axis', 1)
    if (axis < 0 || axis > input.dims.length) throw new Error('Flatten along this axis')
    let outer = 1
    for (let i = 0; i < axis; i++) outer *= input.dims[i]
    this.view(node, input, [outer, outer == 0 ? 0 : input.size / outer])
  }

  private addUnsqueeze(node: Node): void {
    node.allow(['axes'])
    const input = this.rowsAt(node, 0)
    const axes = node.inputs.length > 1 ? this.integers(node.inputs[1]) : node.integers('axes', [])
    if (axes.length != 1) throw new Error('Unsqueeze of several axes')
    const axis = axisOf(axes[0], input.dims.length + 1)
    this.view(node, input, input.dims.slice(0, axis).concat([1]).concat(input.dims.slice(axis)))
  }

  private addReshape(node: Node): void {
    node.allow(['allowzero'])
    const input = this.rowsAt(node, 0)
    const dims = this.integers(node.inputs[1])
    let known = 1
    let open = -1
    for (let i = 0; i < dims.length; i++) {
      if (dims[i] == 0 && i < input.dims.length) dims[i] = input.dims[i]
      if (dims[i] == -1) open = i
      else known *= dims[i]
    }
    if (open >= 0 && known > 0) dims[open] = input.size / known
    this.view(node, input, dims)
  }

  /** The same numbers under another shape. */
  private view(node: Node, input: Value, dims: i32[]): void {
    const output = new Value(dims, input.storage, false)
    if (output.size != input.size) throw new Error(`${node.op} to another size`)
    output.constant = input.constant
    this.values.set(node.outputs[0], output)
  }

  private addConstant(node: Node): void {
    node.allow(['value'])
    const tensor = node.attributes.get('value').tensor
    if (tensor == null) throw new Error('Constant without a tensor')
    this.values.set(node.outputs[0], known(tensor.dims, tensor.data))
  }
}

function known(dims: i32[], data: usize): Value {
  const value = new Value(dims, new Storage(0), false)
  value.storage.data = data
  value.constant = true
  return value
}

function refuseAutoPad(node: Node): void {
  if (node.text('auto_pad', 'NOTSET') != 'NOTSET') throw new Error(`${node.op} with auto_pad`)
}

function outSize(size: i32, pads: i32, kernel: i32, stride: i32): i32 {
  if (kernel < 1 || size + pads < kernel) throw new Error('A kernel that is larger than the picture')
  return (size + pads - kernel) / stride + 1
}

function axisOf(axis: i32, rank: i32): i32 {
  const positive = axis < 0 ? axis + rank : axis
  if (positive < 0 || positive >= rank) throw new Error('An axis that is outside')
  return positive
}

function innerSize(dims: i32[], axis: i32): i32 {
  let size = 1
  for (let i = axis + 1; i < dims.length; i++) size *= dims[i]
  return size
}

function inside(place: i32, size: i32): i32 {
  return min(max(place < 0 ? place + size : place, 0), size)
}

/** The shape of an operation of two values: sizes are equal, or one of them is 1. */
function broadcast(a: i32[], b: i32[]): i32[] {
  const dims: i32[] = []
  const rank = max(a.length, b.length)
  for (let i = 0; i < rank; i++) {
    const x = i + a.length < rank ? 1 : a[i + a.length - rank]
    const y = i + b.length < rank ? 1 : b[i + b.length - rank]
    if (x != y && x != 1 && y != 1) throw new Error('Values of shapes that do not go together')
    dims.push(x == 1 ? y : x)
  }
  return dims
}
