/** Finds out whether an ONNX file keeps weights in other files. */

/*
 * The library would read such files from the current folder, although the bytes it was given were hashed and theirs were
 * not. This walks the protobuf message as far as a tensor can hide: graph, initialisers, node attributes, subgraphs.
 */

type Visit = (field: number, value: Uint8Array | number) => void

/** Fields of onnx.proto that lead to tensors, by message. */
const MODEL = { graph: 7, functions: 25 }
const FUNCTION = { node: 7 }
const GRAPH = { node: 1, initializer: 5, sparseInitializer: 15 }
const NODE = { attribute: 5 }
const ATTRIBUTE = { tensor: 5, graph: 6, tensors: 10, graphs: 11, sparseTensor: 22, sparseTensors: 23 }
const SPARSE_TENSOR = { values: 1, indices: 2 }
const TENSOR = { externalData: 13, dataLocation: 14 }

/** Subgraphs of subgraphs: a file that nests deeper is not a model anybody trained. */
const MAX_DEPTH = 32

/** True where a tensor of the model says its data are elsewhere. Bytes that are no ONNX file are left to the runtime. */
export function hasExternalData(bytes: Uint8Array): boolean {
  let found = false

  const tensor = (message: Uint8Array) =>
    read(message, (field, value) => {
      if (field === TENSOR.externalData || (field === TENSOR.dataLocation && value !== 0)) found = true
    })
  const sparseTensor = (message: Uint8Array) =>
    read(message, (field, value) => {
      if (isBytes(value) && (field === SPARSE_TENSOR.values || field === SPARSE_TENSOR.indices)) tensor(value)
    })
  const node = (message: Uint8Array, depth: number) =>
    read(message, (field, value) => {
      if (field === NODE.attribute && isBytes(value)) attribute(value, depth)
    })
  const attribute = (message: Uint8Array, depth: number) =>
    read(message, (field, value) => {
      if (!isBytes(value)) return
      if (field === ATTRIBUTE.tensor || field === ATTRIBUTE.tensors) tensor(value)
      if (field === ATTRIBUTE.sparseTensor || field === ATTRIBUTE.sparseTensors) sparseTensor(value)
      if (field === ATTRIBUTE.graph || field === ATTRIBUTE.graphs) graph(value, depth + 1)
    })
  const graph = (message: Uint8Array, depth: number) => {
    if (depth > MAX_DEPTH) {
      found = true
      return
    }
    read(message, (field, value) => {
      if (!isBytes(value)) return
      if (field === GRAPH.node) node(value, depth)
      if (field === GRAPH.initializer) tensor(value)
      if (field === GRAPH.sparseInitializer) sparseTensor(value)
    })
  }

  read(bytes, (field, value) => {
    if (!isBytes(value)) return
    if (field === MODEL.graph) graph(value, 0)
    if (field === MODEL.functions) {
      read(value, (inner, body) => {
        if (inner === FUNCTION.node && isBytes(body)) node(body, 0)
      })
    }
  })
  return found
}

function isBytes(value: Uint8Array | number): value is Uint8Array {
  return typeof value !== 'number'
}

/** Visits the fields of a protobuf message; stops silently where it is malformed. */
function read(message: Uint8Array, visit: Visit): void {
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++]
      if (byte === undefined) return Number.NaN
      // Multiplied, not shifted: lengths may exceed 31 bits, and the top bits of a 64-bit value do not matter here.
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    return Number.NaN
  }
  while (at < message.length) {
    const tag = varint()
    const field = Math.floor(tag / 8)
    switch (tag % 8) {
      case 0: {
        visit(field, varint())
        break
      }
      case 1:
        at += 8
        break
      case 2: {
        const length = varint()
        if (!(length <= message.length - at)) return
        visit(field, message.subarray(at, at + length))
        at += length
        break
      }
      case 5:
        at += 4
        break
      default:
        return
    }
  }
}
