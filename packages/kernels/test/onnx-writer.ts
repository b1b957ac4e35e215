/** Writes small ONNX files, so that the tests can ask a kernel for any shape. */

export interface TensorSpec {
  readonly dims: readonly number[]
  readonly data: Float32Array | Int8Array | BigInt64Array | Uint16Array
}

/** Whole numbers are INT, `{ float }` is FLOAT, as ONNX tells them apart. */
export type AttributeSpec = number | string | readonly number[] | { readonly float: number } | TensorSpec

export interface NodeSpec {
  readonly op: string
  readonly inputs: readonly string[]
  readonly output: string
  readonly attributes?: Readonly<Record<string, AttributeSpec>>
}

export interface ModelSpec {
  /** A string leaves the size open. */
  readonly inputs: Readonly<Record<string, readonly (number | string)[]>>
  readonly outputs: readonly string[]
  readonly constants?: Readonly<Record<string, TensorSpec>>
  readonly nodes: readonly NodeSpec[]
}

export function writeModel({ inputs, outputs, constants = {}, nodes }: ModelSpec): Uint8Array<ArrayBuffer> {
  const graph = [
    ...nodes.flatMap((node) => message(1, nodeBytes(node))),
    ...text(2, 'test'),
    ...Object.entries(constants).flatMap(([name, tensor]) => message(5, [...tensorBytes(tensor), ...text(8, name)])),
    ...Object.entries(inputs).flatMap(([name, dims]) => message(11, portBytes(name, dims))),
    ...outputs.flatMap((name) => message(12, portBytes(name))),
  ]
  // IR version 8, opset 17.
  return Uint8Array.from([...integer(1, 8), ...message(7, graph), ...message(8, integer(2, 17))])
}

export function floats(dims: readonly number[], data: Iterable<number>): TensorSpec {
  return { dims, data: Float32Array.from(data) }
}

export function integers(...values: readonly number[]): TensorSpec {
  return { dims: [values.length], data: BigInt64Array.from(values.map(BigInt)) }
}

function nodeBytes({ op, inputs, output, attributes = {} }: NodeSpec): number[] {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...text(2, output),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => message(5, [...text(1, name), ...attributeBytes(value)])),
  ]
}

function attributeBytes(value: AttributeSpec): number[] {
  if (typeof value === 'number') return [...integer(3, value), ...integer(20, 2)]
  if (typeof value === 'string') return [...text(4, value), ...integer(20, 3)]
  if ('float' in value) return [...varint((2 << 3) | 5), ...bytesOf(Float32Array.of(value.float)), ...integer(20, 1)]
  if ('dims' in value) return [...message(5, tensorBytes(value)), ...integer(20, 4)]
  return [...value.flatMap((one) => integer(8, one)), ...integer(20, 7)]
}

function tensorBytes({ dims, data }: TensorSpec): number[] {
  const type = data instanceof Float32Array ? 1 : data instanceof Int8Array ? 3 : data instanceof Uint16Array ? 10 : 7
  return [...dims.flatMap((size) => integer(1, size)), ...integer(2, type), ...message(9, bytesOf(data))]
}

function portBytes(name: string, dims?: readonly (number | string)[]): number[] {
  const shape = dims?.flatMap((size) => message(1, typeof size === 'number' ? integer(1, size) : text(2, size)))
  const tensor = [...integer(1, 1), ...(shape === undefined ? [] : message(2, shape))]
  return [...text(1, name), ...message(2, message(1, tensor))]
}

function bytesOf({ buffer, byteOffset, byteLength }: TensorSpec['data']): number[] {
  return [...new Uint8Array(buffer, byteOffset, byteLength)]
}

function integer(field: number, value: number): number[] {
  return [...varint(field << 3), ...varint(value)]
}

function text(field: number, value: string): number[] {
  return message(field, [...new TextEncoder().encode(value)])
}

function message(field: number, bytes: readonly number[]): number[] {
  return [...varint((field << 3) | 2), ...varint(bytes.length), ...bytes]
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128)
    rest >>= 7n
  }
  return [...bytes, Number(rest)]
}
