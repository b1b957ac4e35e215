/** The public door of @unspoof/node. */
export { createNodeRuntime } from './runtime/runtime.ts'
