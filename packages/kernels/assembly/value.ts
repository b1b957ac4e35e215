import { product } from './onnx'

/** Memory that a value, and those that are another view of it, live in. Steps that do not overlap in time share it. */
export class Storage {
  data: usize = 0
  /** Number of the last step that reads it. */
  lastUse: i32 = -1

  /** @param size float32 values */
  constructor(public size: i32) {}
}

/**
 * What flows between the operators. Row-major, or `blocked`: n x channels x height x width with n = 1, as planes of four channels
 * side by side, channels filled up to a multiple of eight with zeros. A plane's pixel is then one vector.
 */
export class Value {
  /** Known when the network is loaded. */
  constant: bool = false

  constructor(
    public dims: i32[],
    public storage: Storage,
    public blocked: bool,
  ) {}

  get data(): usize {
    return this.storage.data
  }

  get size(): i32 {
    return product(this.dims)
  }

  get channels(): i32 {
    return this.dims[1]
  }

  get height(): i32 {
    return this.dims[2]
  }

  get width(): i32 {
    return this.dims[3]
  }

  get pixels(): i32 {
    return this.height * this.width
  }

  /** Planes of four channels that hold channels of the network. */
  get planes(): i32 {
    return (this.channels + 3) >> 2
  }

  /** Groups of eight channels in memory. */
  get octets(): i32 {
    return (this.channels + 7) >> 3
  }
}

export function rows(dims: i32[]): Value {
  return new Value(dims, new Storage(product(dims)), false)
}

export function blocked(channels: i32, height: i32, width: i32): Value {
  const filled = (channels + 7) & ~7
  return new Value([1, channels, height, width], new Storage(product([filled, height, width])), true)
}

export function sameShape(a: i32[], b: i32[]): bool {
  if (a.length != b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] != b[i]) return false
  return true
}
