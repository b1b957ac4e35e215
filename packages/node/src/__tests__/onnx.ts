/** Writes small ONNX files by hand: just enough protobuf for the tests of the runtime. */

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) | 128, ...varint(Math.floor(value / 128))]
const int = (field: number, value: number): number[] => [...varint(field * 8), ...varint(value)]
const bytes = (field: number, body: readonly number[]): number[] => [
  ...varint(field * 8 + 2),
  ...varint(body.length),
  ...body,
]
const text = (field: number, value: string): number[] => bytes(field, [...Buffer.from(value)])

const FLOAT = 1
const INT64 = 7

interface ValueInit {
  readonly name: string
  readonly dims: readonly (number | string)[]
  readonly type?: number
}

function valueInfo({ name, dims, type = FLOAT }: ValueInit): number[] {
  const shape = dims.flatMap((dim) => bytes(1, typeof dim === 'number' ? int(1, dim) : text(2, dim)))
  return [...text(1, name), ...bytes(2, bytes(1, [...int(1, type), ...bytes(2, shape)]))]
}

export interface NodeInit {
  readonly op: string
  readonly inputs: readonly string[]
  readonly outputs: readonly string[]
  readonly attributes?: readonly number[][]
}

function node({ op, inputs, outputs, attributes = [] }: NodeInit): number[] {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, op),
    ...attributes.flatMap((attribute) => bytes(5, attribute)),
  ]
}

/** A float tensor with its values inside. */
export function tensor(name: string, values: readonly number[], dims: readonly number[] = [values.length]): number[] {
  const raw = new Uint8Array(Float32Array.from(values).buffer)
  return [...dims.flatMap((dim) => int(1, dim)), ...int(2, FLOAT), ...text(8, name), ...bytes(9, [...raw])]
}

/** A float tensor whose values are in another file. */
export function externalTensor(name: string, location: string, dims: readonly number[]): number[] {
  const entry = [...text(1, 'location'), ...text(2, location)]
  return [...dims.flatMap((dim) => int(1, dim)), ...int(2, FLOAT), ...text(8, name), ...bytes(13, entry), ...int(14, 1)]
}

/** An attribute that holds a tensor, or a graph. */
export const tensorAttribute = (name: string, value: readonly number[]): number[] => [
  ...text(1, name),
  ...bytes(5, value),
  ...int(20, 4),
]
export const graphAttribute = (name: string, value: readonly number[]): number[] => [
  ...text(1, name),
  ...bytes(6, value),
  ...int(20, 5),
]
export const typeAttribute = (name: string, value: number): number[] => [
  ...text(1, name),
  ...int(3, value),
  ...int(20, 2),
]

export interface GraphInit {
  readonly inputs: readonly ValueInit[]
  readonly outputs: readonly ValueInit[]
  readonly nodes: readonly NodeInit[]
  readonly initializers?: readonly number[][]
}

export function graph({ inputs, outputs, nodes, initializers = [] }: GraphInit): number[] {
  return [
    ...nodes.flatMap((init) => bytes(1, node(init))),
    ...text(2, 'g'),
    ...initializers.flatMap((init) => bytes(5, init)),
    ...inputs.flatMap((init) => bytes(11, valueInfo(init))),
    ...outputs.flatMap((init) => bytes(12, valueInfo(init))),
  ]
}

export function model(init: GraphInit): Uint8Array {
  return Uint8Array.from([...int(1, 8), ...bytes(7, graph(init)), ...bytes(8, int(2, 13))])
}

export { INT64 }
