/** The worker's entry: a module worker of the page's own origin. */
import { serve } from './serve.ts'

// onnxruntime-web starts its threads from this same file, under this name; they must not answer messages of the page.
if (!self.name.startsWith('em-pthread')) serve(self as unknown as DedicatedWorkerGlobalScope)
