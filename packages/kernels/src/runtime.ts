/** createKernelRuntime(): the Runtime port of the core over the WebAssembly kernels in assembly/. */
import { LivenessError, type Runtime, type RuntimeSession, type Tensor, type TensorInfo } from '@unspoof/core'
import { type WasmMemory, type WasmModule, webAssembly } from './webassembly.ts'

/** What assembly/index.ts exports. */
interface Exports {
  readonly memory: WasmMemory
  room(bytes: number): number
  load(at: number, bytes: number): void
  run(): void
  inputs(): number
  outputs(): number
  name(terminal: number): number
  rank(terminal: number): number
  size(terminal: number, dimension: number): number
  data(terminal: number): number
}

/** An input or output of the network, with the place of its values for one picture. */
interface Terminal extends TensorInfo {
  readonly at: number
  /** Values of one picture. */
  readonly size: number
}

/**
 * Each network gets an instance with memory of its own, which goes when the session does.
 * @param wasm the bytes of `kernels.wasm` or, where {@link hasRelaxedSimd} is true, of `kernels-relaxed.wasm`
 * @throws LivenessError RUNTIME_MISSING where WebAssembly SIMD is missing or forbidden. `load` throws an Error that names
 * the operator which the kernels do not have; such a model runs on onnxruntime-web.
 */
export async function createKernelRuntime(wasm: Uint8Array<ArrayBuffer>): Promise<Runtime> {
  let module: WasmModule
  try {
    module = await webAssembly.compile(wasm)
  } catch (cause) {
    throw new LivenessError('RUNTIME_MISSING', 'WebAssembly with SIMD does not run here.', { cause })
  }
  return { name: 'unspoof kernels', load: (bytes) => createSession(module, bytes) }
}

async function createSession(module: WasmModule, bytes: Uint8Array): Promise<RuntimeSession> {
  let memory: WasmMemory | undefined
  const abort = (message: number): never => {
    throw new Error(memory === undefined ? 'The kernels failed.' : textAt(memory, message))
  }
  const instance = await webAssembly.instantiate(module, { env: { abort } })
  const kernels = instance.exports as unknown as Exports
  memory = kernels.memory
  const at = kernels.room(bytes.length)
  new Uint8Array(memory.buffer, at, bytes.length).set(bytes)
  kernels.load(at, bytes.length)

  const terminals = Array.from({ length: kernels.inputs() + kernels.outputs() }, (_, i) => terminalOf(kernels, i))
  const inputs = terminals.slice(0, kernels.inputs())
  const outputs = terminals.slice(kernels.inputs())
  let closed = false
  return {
    inputs,
    outputs,
    async run(feeds) {
      if (closed) throw new LivenessError('CLOSED', 'This session was closed.')
      return runBatch(kernels, inputs, outputs, feeds)
    },
    async close() {
      closed = true
    },
  }
}

/** The kernels take one picture at a time: with more at once the processor's cache holds less of each. */
function runBatch(
  kernels: Exports,
  inputs: readonly Terminal[],
  outputs: readonly Terminal[],
  feeds: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  const n = feeds[inputs[0]!.name]?.dims[0] ?? 1
  for (const { name, dims, size } of inputs) {
    const given = feeds[name]?.dims
    const fits = given?.length === dims.length && dims.every((dim, d) => given[d] === (dim ?? n))
    if (!fits || feeds[name]?.data.length !== n * size) {
      throw new LivenessError('MODEL_OUTPUT', `Input "${name}" is ${given} where ${dims} is wanted.`)
    }
  }
  const results = outputs.map(({ dims, size, name }) => ({
    name,
    tensor: { data: new Float32Array(n * size), dims: dims.map((dim) => dim ?? n) },
  }))
  // The memory does not grow after loading, so this view stays good.
  const values = new Float32Array(kernels.memory.buffer)
  for (let i = 0; i < n; i++) {
    for (const { name, at, size } of inputs) {
      values.set(feeds[name]!.data.subarray(i * size, (i + 1) * size), at / 4)
    }
    kernels.run()
    outputs.forEach(({ at, size }, k) => {
      results[k]!.tensor.data.set(values.subarray(at / 4, at / 4 + size), i * size)
    })
  }
  return Object.fromEntries(results.map(({ name, tensor }) => [name, tensor]))
}

function terminalOf(kernels: Exports, i: number): Terminal {
  const dims = Array.from({ length: kernels.rank(i) }, (_, d) => kernels.size(i, d)).map((size) =>
    size < 0 ? null : size,
  )
  return {
    name: textAt(kernels.memory, kernels.name(i)),
    dims,
    type: 'float32',
    at: kernels.data(i),
    size: dims.reduce<number>((product, size) => product * (size ?? 1), 1),
  }
}

/** A string of AssemblyScript: UTF-16, its length in bytes just before it. */
function textAt({ buffer }: WasmMemory, at: number): string {
  const [bytes] = new Uint32Array(buffer, at - 4, 1)
  return new TextDecoder('utf-16le').decode(new Uint8Array(buffer, at, bytes))
}
