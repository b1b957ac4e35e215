/** Runs the conformance suite of runtimes inside a worker, as the package's own workers would run it. */
import { runtimeConformance } from '@unspoof/core/testing'
import { createKernelRuntime } from '@unspoof/kernels'
import { createOnnxRuntime } from '../src/worker/onnxruntime.ts'

/** Threads are for onnxruntime-web; without a number the kernels run. */
export interface ConformanceRequest {
  readonly wasm: string
  readonly threads?: number
}

// onnxruntime-web starts its threads from this same file.
if (!self.name.startsWith('em-pthread')) {
  self.onmessage = async ({ data }: MessageEvent<ConformanceRequest>) => {
    const { threads } = data
    const wasm = new Uint8Array(await (await fetch(data.wasm)).arrayBuffer())
    const create = () => (threads === undefined ? createKernelRuntime(wasm) : createOnnxRuntime({ wasm, threads }))
    const results: string[] = []
    for (const { name, run } of runtimeConformance(create)) {
      results.push(
        await run().then(
          () => `ok: ${name}`,
          (error) => `failed: ${name}: ${error}`,
        ),
      )
    }
    self.postMessage(results)
  }
}
