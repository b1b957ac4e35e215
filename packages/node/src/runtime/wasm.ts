/** The Runtime port of the core over the WebAssembly kernels: no native code, for every platform. */
import { LivenessError, type RuntimeSession } from '@unspoof/core'
import { createKernelRuntime } from '@unspoof/kernels'
import { readKernels } from '@unspoof/kernels/node'
import type { Engine } from './runtime.ts'
import { createSerialQueue } from './serial-queue.ts'

/**
 * Compiles the kernels. A run blocks its thread, so runs follow each other with a turn of the event loop in between.
 * @throws LivenessError RUNTIME_MISSING where the file of the kernels is missing or this engine has no WebAssembly SIMD
 */
export async function createWasmEngine(): Promise<Engine> {
  let wasm: Uint8Array<ArrayBuffer>
  try {
    wasm = await readKernels()
  } catch (cause) {
    throw new LivenessError('RUNTIME_MISSING', 'The WebAssembly file of @unspoof/kernels cannot be read.', {
      cause,
      hint: 'Install @unspoof/kernels again. A bundler must leave @unspoof/node and @unspoof/kernels external.',
    })
  }
  const kernels = await createKernelRuntime(wasm)
  const queue = createSerialQueue()
  return {
    name: kernels.name,
    async load(bytes) {
      try {
        return inTurns(await kernels.load(bytes), queue)
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message.slice(0, 200) : ''
        throw new LivenessError('MODEL_LOAD', `The WebAssembly kernels cannot run this model. They say: ${reason}`, {
          cause,
          hint: 'Install onnxruntime-node for this model, and do not use runtime: "wasm".',
        })
      }
    },
  }
}

function inTurns(session: RuntimeSession, queue: <T>(job: () => Promise<T>) => Promise<T>): RuntimeSession {
  let closing: Promise<void> | undefined
  return {
    inputs: session.inputs,
    outputs: session.outputs,
    async run(feeds) {
      if (closing !== undefined) throw new LivenessError('CLOSED', 'This model was closed.')
      return queue(async () => {
        await new Promise(setImmediate)
        return session.run(feeds)
      })
    },
    close() {
      closing ??= queue(() => session.close())
      return closing
    },
  }
}
