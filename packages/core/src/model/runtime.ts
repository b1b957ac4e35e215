/** The port behind which a neural network runs. Node, web and tests implement it; core knows nothing else of runtimes. */

/** Row-major float32 values. `data.length` is the product of `dims`. */
export interface Tensor {
  readonly data: Float32Array
  readonly dims: readonly number[]
}

/** Name and shape of an input or output; `null` is a dynamic dimension. */
export interface TensorInfo {
  readonly name: string
  readonly dims: readonly (number | null)[]
  /** The element type as the model states it, such as `float32`. */
  readonly type: string
}

export interface LoadOptions {
  /** Threads one run may use. @default 1 */
  readonly threads?: number
}

export interface RuntimeSession {
  readonly inputs: readonly TensorInfo[]
  readonly outputs: readonly TensorInfo[]
  /** Runs the network. Safe to call concurrently: a runtime that cannot overlap runs queues them. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Record<string, Tensor>>
  /** Waits for runs in flight, then frees memory. Calling it again does nothing. */
  close(): Promise<void>
}

/** A driver. `load` is called with bytes whose SHA-256 has already been checked. */
export interface Runtime {
  readonly name: string
  load(bytes: Uint8Array, options?: LoadOptions): Promise<RuntimeSession>
}
