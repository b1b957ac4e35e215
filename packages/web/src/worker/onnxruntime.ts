/** createOnnxRuntime(): the core's Runtime port over onnxruntime-web's WebAssembly build, for models that the kernels do not run. */
import { LivenessError, type Runtime, type RuntimeSession, type Tensor, type TensorInfo } from '@unspoof/core'
import * as ort from 'onnxruntime-web/wasm'

export interface OnnxRuntimeOptions {
  /** The bytes of `ort-wasm-simd-threaded.wasm`, of the same version as the onnxruntime-web bundled here. */
  readonly wasm: Uint8Array<ArrayBuffer>
  /** WebAssembly threads; more than 1 needs a cross-origin isolated page. @default 1 */
  readonly threads?: number
}

/**
 * The runtime of this worker. onnxruntime-web keeps one WebAssembly instance for each worker, so the first call decides
 * wasm and threads for all later ones.
 * @throws LivenessError RUNTIME_MISSING (on load) where WebAssembly SIMD is missing or forbidden.
 */
export function createOnnxRuntime(options: OnnxRuntimeOptions): Runtime {
  ort.env.wasm.wasmBinary = options.wasm
  ort.env.wasm.numThreads = options.threads ?? 1
  ort.env.wasm.proxy = false
  ort.env.logLevel = 'error'
  // onnxruntime-web cannot make two sessions at once before its module is ready.
  let queue: Promise<unknown> = Promise.resolve()
  return {
    name: `onnxruntime-web ${ort.env.versions.web ?? ''} wasm`,
    load(bytes) {
      const session = queue.then(() => createSession(bytes))
      queue = session.catch(() => undefined)
      return session
    },
  }
}

async function createSession(bytes: Uint8Array): Promise<RuntimeSession> {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    graphOptimizationLevel: 'all',
    // The arena keeps the largest run's memory for ever; WebAssembly memory cannot shrink.
    enableCpuMemArena: true,
    enableMemPattern: true,
  })
  // Runs of one session must not overlap ("Session already started"), and a failed run must not stop later ones.
  let queue: Promise<unknown> = Promise.resolve()
  let closed = false
  return {
    inputs: session.inputMetadata.map(toInfo),
    outputs: session.outputMetadata.map(toInfo),
    run(feeds) {
      if (closed) return Promise.reject(new LivenessError('CLOSED', 'This session was closed.'))
      const run = queue.then(() => runOnce(session, feeds))
      queue = run.catch(() => undefined)
      return run
    },
    async close() {
      if (closed) return queue.then(() => undefined)
      closed = true
      const released = queue.then(() => session.release())
      queue = released.catch(() => undefined)
      await released
    },
  }
}

async function runOnce(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<Record<string, Tensor>> {
  const inputs: Record<string, ort.Tensor> = {}
  for (const [name, tensor] of Object.entries(feeds)) inputs[name] = new ort.Tensor('float32', tensor.data, tensor.dims)
  const results = await session.run(inputs)
  const outputs: Record<string, Tensor> = {}
  for (const [name, tensor] of Object.entries(results)) {
    if (!(tensor.data instanceof Float32Array)) {
      throw new LivenessError('MODEL_OUTPUT', `Output "${name}" is ${tensor.type}, not float32.`)
    }
    outputs[name] = { data: tensor.data, dims: tensor.dims }
  }
  return outputs
}

function toInfo(value: ort.InferenceSession.ValueMetadata): TensorInfo {
  if (!value.isTensor) return { name: value.name, dims: [], type: 'not a tensor' }
  return {
    name: value.name,
    dims: value.shape.map((size) => (typeof size === 'number' && size >= 0 ? size : null)),
    type: value.type,
  }
}
