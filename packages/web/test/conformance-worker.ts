/** Runs the conformance suite of runtimes inside a worker, as the package's own worker would run it. */
import { runtimeConformance } from '@unspoof/core/testing'
import { createWebRuntime } from '../src/worker/runtime.ts'

// onnxruntime-web starts its threads from this same file.
if (!self.name.startsWith('em-pthread')) {
  self.onmessage = async ({ data }: MessageEvent<{ wasm: string; threads: number }>) => {
    const wasm = new Uint8Array(await (await fetch(data.wasm)).arrayBuffer())
    const results: string[] = []
    for (const { name, run } of runtimeConformance(() => createWebRuntime({ wasm, threads: data.threads }))) {
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
