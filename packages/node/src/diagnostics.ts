/** What was chosen to run the models, and why. */
import type { RuntimeDescription } from './runtime/runtime.ts'

/** Answers "what runs here, and why is it slow" without guessing. */
export interface Diagnostics extends RuntimeDescription {
  /** Threads one run may use; the kernels use one, whatever this says. */
  readonly threads: number
}
