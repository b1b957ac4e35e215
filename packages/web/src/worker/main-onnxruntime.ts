/** The entry of the worker for models that the kernels do not run: the same worker, with onnxruntime-web. */
import { createOnnxRuntime } from './onnxruntime.ts'
import { serve } from './serve.ts'
import { chooseThreads } from './threads.ts'

// onnxruntime-web starts its threads from this same file, under this name; they must not answer messages of the page.
if (!self.name.startsWith('em-pthread')) {
  serve(self as unknown as DedicatedWorkerGlobalScope, async ({ wasm, threads: wanted }) => {
    const { count: threads, reason: threadsReason } = chooseThreads(wanted)
    return { runtime: createOnnxRuntime({ wasm, threads }), threads, threadsReason }
  })
}
