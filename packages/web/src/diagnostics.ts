/** What was chosen to run the models, and why. */

/** Answers "why is it slow here" and "what runs on this device" without guessing. */
export interface Diagnostics {
  /** Version of this package; page, worker and assets have the same. */
  readonly version: string
  readonly backend: 'wasm'
  /** One sentence: why this backend. */
  readonly backendReason: string
  /** What runs the networks: `unspoof kernels`, or onnxruntime-web with its version. */
  readonly runtime: string
  /** The file of WebAssembly; `kernels-relaxed.wasm` where the browser has relaxed SIMD. */
  readonly wasm: string
  /** WebAssembly threads one run uses. */
  readonly threads: number
  /** One sentence: why this number. */
  readonly threadsReason: string
  /** True where the page may share memory with threads (COOP and COEP headers). */
  readonly crossOriginIsolated: boolean
  readonly models: readonly {
    readonly id: string
    readonly version: string
    readonly variant: string
    readonly sha256: string
    readonly bytes: number
  }[]
  /** Milliseconds. */
  readonly loading: {
    /** Fetching and hashing wasm and weights. */
    readonly fetch: number
    /** Compiling wasm, making the sessions and running each network once. */
    readonly compile: number
    readonly total: number
  }
  /** Bytes of wasm and weights, uncompressed. */
  readonly bytes: number
}
