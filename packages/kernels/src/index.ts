/** @unspoof/kernels: ONNX networks on small WebAssembly kernels, in pages and on servers. */
export { hasRelaxedSimd } from './relaxed.ts'
export { createKernelRuntime } from './runtime.ts'
