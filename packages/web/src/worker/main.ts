/** The worker's entry: a module worker of the page's own origin, with the kernels of @unspoof/kernels. */
import { createKernelRuntime } from '@unspoof/kernels'
import { serve } from './serve.ts'

serve(self as unknown as DedicatedWorkerGlobalScope, async ({ wasm }) => ({
  runtime: await createKernelRuntime(wasm),
  threads: 1,
  threadsReason: 'One thread: a network takes a few milliseconds, and dividing it takes longer than it saves.',
}))
