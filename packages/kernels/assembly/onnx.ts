/** Reads an ONNX file: protobuf messages of the fields that a network needs, everything else is skipped. */

/** One protobuf message: a stretch of memory that is read field by field. */
class Message {
  field: u32 = 0
  private wire: u32 = 0

  constructor(
    private at: usize,
    private end: usize,
  ) {}

  /** Goes to the next field; false at the end. */
  next(): bool {
    if (this.at >= this.end) return false
    const key = <u32>this.varint()
    this.field = key >>> 3
    this.wire = key & 7
    return true
  }

  varint(): i64 {
    let value: u64 = 0
    for (let shift: u64 = 0; shift < 64; shift += 7) {
      if (this.at >= this.end) break
      const byte = load<u8>(this.at++)
      value |= (<u64>(byte & 0x7f)) << shift
      if (byte < 0x80) return value
    }
    throw new Error('The file ends in the middle of a number')
  }

  float(): f32 {
    const at = this.at
    this.advance(4)
    return load<f32>(at)
  }

  /** A field that holds bytes, text or a message. */
  message(): Message {
    if (this.wire != 2) throw new Error('A field of the file has another type than ONNX says')
    const length = <u64>this.varint()
    const at = this.at
    this.advance(length)
    return new Message(at, this.at)
  }

  text(): string {
    const bytes = this.message()
    return String.UTF8.decodeUnsafe(bytes.at, bytes.length)
  }

  /** Integers as ONNX writes lists of them: packed, or one for each field. */
  integersInto(list: i64[]): void {
    if (this.wire == 0) {
      list.push(this.varint())
      return
    }
    const packed = this.message()
    while (packed.length > 0) list.push(packed.varint())
  }

  skip(): void {
    if (this.wire == 0) this.varint()
    else if (this.wire == 1) this.advance(8)
    else if (this.wire == 2) this.message()
    else if (this.wire == 5) this.advance(4)
    else throw new Error('This is not an ONNX file')
  }

  get start(): usize {
    return this.at
  }

  get length(): usize {
    return this.end - this.at
  }

  private advance(bytes: u64): void {
    if (bytes > <u64>(this.end - this.at)) throw new Error('The file ends in the middle of a field')
    this.at += <usize>bytes
  }
}

/** Numbers of the file. Whole numbers become floats too: shapes and indices are far below 2^24, and greater ones mean "to the end". */
export class Tensor {
  name: string = ''
  dims: i32[] = []
  /** float32, row-major. */
  data: usize = 0
}

export class Attribute {
  integer: i64 = 0
  float: f32 = 0
  text: string = ''
  integers: i64[] = []
  tensor: Tensor | null = null
}

export class Node {
  op: string = ''
  inputs: string[] = []
  outputs: string[] = []
  attributes: Map<string, Attribute> = new Map()

  /** Refuses what the kernels would ignore: a network that is read in part gives wrong numbers. */
  allow(names: string[]): void {
    const keys = this.attributes.keys()
    for (let i = 0; i < keys.length; i++) {
      if (!names.includes(keys[i])) throw new Error(`${this.op} with ${keys[i]}`)
    }
  }

  integer(name: string, fallback: i32): i32 {
    return this.attributes.has(name) ? <i32>this.attributes.get(name).integer : fallback
  }

  float(name: string, fallback: f32): f32 {
    return this.attributes.has(name) ? this.attributes.get(name).float : fallback
  }

  text(name: string, fallback: string): string {
    return this.attributes.has(name) ? this.attributes.get(name).text : fallback
  }

  integers(name: string, fallback: i32[]): i32[] {
    return this.attributes.has(name) ? toDims(this.attributes.get(name).integers) : fallback
  }
}

/** An input or output of the network; -1 is a size that the file leaves open. */
export class Port {
  name: string = ''
  dims: i32[] = []
  type: i32 = 0
}

export class Graph {
  nodes: Node[] = []
  constants: Tensor[] = []
  inputs: Port[] = []
  outputs: Port[] = []
}

/** @throws Error where the bytes are no ONNX file, or hold types of numbers that no kernel here reads. */
export function readModel(at: usize, bytes: usize): Graph {
  const model = new Message(at, at + bytes)
  while (model.next()) {
    if (model.field == 7) return readGraph(model.message())
    model.skip()
  }
  throw new Error('This is not an ONNX file')
}

function readGraph(message: Message): Graph {
  const graph = new Graph()
  while (message.next()) {
    if (message.field == 1) graph.nodes.push(readNode(message.message()))
    else if (message.field == 5) graph.constants.push(readTensor(message.message()))
    else if (message.field == 11) graph.inputs.push(readPort(message.message()))
    else if (message.field == 12) graph.outputs.push(readPort(message.message()))
    else message.skip()
  }
  return graph
}

function readNode(message: Message): Node {
  const node = new Node()
  while (message.next()) {
    if (message.field == 1) node.inputs.push(message.text())
    else if (message.field == 2) node.outputs.push(message.text())
    else if (message.field == 4) node.op = message.text()
    else if (message.field == 5) readAttribute(message.message(), node.attributes)
    else if (message.field == 7) {
      const domain = message.text()
      if (domain != '' && domain != 'ai.onnx') throw new Error(`An operator of ${domain}`)
    } else message.skip()
  }
  return node
}

function readAttribute(message: Message, into: Map<string, Attribute>): void {
  const attribute = new Attribute()
  let name = ''
  while (message.next()) {
    if (message.field == 1) name = message.text()
    else if (message.field == 2) attribute.float = message.float()
    else if (message.field == 3) attribute.integer = message.varint()
    else if (message.field == 4) attribute.text = message.text()
    else if (message.field == 5) attribute.tensor = readTensor(message.message())
    else if (message.field == 8) message.integersInto(attribute.integers)
    else message.skip()
  }
  into.set(name, attribute)
}

function readPort(message: Message): Port {
  const port = new Port()
  while (message.next()) {
    if (message.field == 1) port.name = message.text()
    else if (message.field == 2) readType(message.message(), port)
    else message.skip()
  }
  return port
}

/** TypeProto.tensor_type: the type of an element and the shape. */
function readType(message: Message, port: Port): void {
  while (message.next()) {
    if (message.field != 1) {
      message.skip()
      continue
    }
    const tensor = message.message()
    while (tensor.next()) {
      if (tensor.field == 1) port.type = <i32>tensor.varint()
      else if (tensor.field == 2) {
        const shape = tensor.message()
        while (shape.next()) {
          if (shape.field == 1) port.dims.push(readSize(shape.message()))
          else shape.skip()
        }
      } else tensor.skip()
    }
  }
}

function readSize(message: Message): i32 {
  let size: i64 = -1
  while (message.next()) {
    if (message.field == 1) size = message.varint()
    else message.skip()
  }
  return toDim(size)
}

// TensorProto.DataType
export const FLOAT = 1
const UINT8 = 2
const INT8 = 3
const INT32 = 6
const INT64 = 7
const FLOAT16 = 10

function readTensor(message: Message): Tensor {
  const tensor = new Tensor()
  const dims: i64[] = []
  const integers: i64[] = []
  let type = 0
  let raw: Message | null = null
  while (message.next()) {
    if (message.field == 1) message.integersInto(dims)
    else if (message.field == 2) type = <i32>message.varint()
    // float_data is packed float32: the same bytes as raw data.
    else if (message.field == 4 || message.field == 9) raw = message.message()
    else if (message.field == 5 || message.field == 7) message.integersInto(integers)
    else if (message.field == 8) tensor.name = message.text()
    else message.skip()
  }
  tensor.dims = toDims(dims)
  const size = product(tensor.dims)
  tensor.data = allocate(size)
  if (raw != null) fromBytes(raw, type, size, tensor.data)
  else if (integers.length == size && type != FLOAT16) {
    for (let i = 0; i < size; i++) store<f32>(tensor.data + ((<usize>i) << 2), <f32>integers[i])
  } else throw new Error(`Tensor ${tensor.name} has no data`)
  return tensor
}

function fromBytes(raw: Message, type: i32, size: i32, to: usize): void {
  const each: usize = type == UINT8 || type == INT8 ? 1 : type == FLOAT16 ? 2 : type == INT64 ? 8 : 4
  if (raw.length != <usize>size * each) throw new Error('A tensor has another size than its shape says')
  const from = raw.start
  for (let i: usize = 0; i < <usize>size; i++) {
    let value: f32
    if (type == FLOAT) value = load<f32>(from + (i << 2))
    else if (type == INT8) value = <f32>load<i8>(from + i)
    else if (type == UINT8) value = <f32>load<u8>(from + i)
    else if (type == FLOAT16) value = half(load<u16>(from + (i << 1)))
    else if (type == INT32) value = <f32>load<i32>(from + (i << 2))
    else if (type == INT64) value = <f32>load<i64>(from + (i << 3))
    else throw new Error(`Numbers of ONNX type ${type.toString()}`)
    store<f32>(to + (i << 2), value)
  }
}

/** IEEE 754 binary16 to binary32. */
function half(bits: u32): f32 {
  const sign = (bits & 0x8000) << 16
  const exponent = (bits >>> 10) & 31
  const mantissa = bits & 0x3ff
  // Subnormal: mantissa / 2^24, exact in float32.
  if (exponent == 0) return reinterpret<f32>(sign | reinterpret<u32>(<f32>mantissa / <f32>(1 << 24)))
  return reinterpret<f32>(sign | (exponent == 31 ? 0x7f800000 : (exponent + 112) << 23) | (mantissa << 13))
}

function toDim(size: i64): i32 {
  return <i32>min(max(size, i64(i32.MIN_VALUE)), i64(i32.MAX_VALUE))
}

function toDims(sizes: i64[]): i32[] {
  const dims: i32[] = []
  for (let i = 0; i < sizes.length; i++) dims.push(toDim(sizes[i]))
  return dims
}

/** Values in a tensor of these sizes, which must be small enough for the memory of a page. */
export function product(dims: i32[]): i32 {
  let size: i64 = 1
  for (let i = 0; i < dims.length; i++) {
    if (dims[i] < 0) throw new Error('A negative size')
    size *= dims[i]
    if (size > MAX_VALUES) throw new Error('A tensor of more than 2^24 values')
  }
  return <i32>size
}

const MAX_VALUES: i64 = 1 << 24

/** Memory for `values` float32, zero, on its own cache lines. */
export function allocate(values: i32): usize {
  const bytes = (<usize>values) << 2
  const at = (heap.alloc(bytes + 64) + 63) & ~63
  memory.fill(at, 0, bytes)
  return at
}
