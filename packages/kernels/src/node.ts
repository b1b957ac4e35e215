/** @unspoof/kernels/node: the files of the kernels, for servers and build tools. */
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { hasRelaxedSimd } from './relaxed.ts'

/** Absolute paths of the two builds. `relaxed` is faster and needs an engine with relaxed SIMD. */
export const kernelFiles: { readonly simd: string; readonly relaxed: string } = {
  // Two literals, so that tools which trace files find them.
  simd: fileURLToPath(new URL('../dist/kernels.wasm', import.meta.url)),
  relaxed: fileURLToPath(new URL('../dist/kernels-relaxed.wasm', import.meta.url)),
}

/**
 * Reads the build that is fastest in this process.
 * @throws the error of the file system where the file is missing
 */
export function readKernels(): Promise<Buffer<ArrayBuffer>> {
  // Node 20 has relaxed SIMD, finished, behind a flag. With it a network takes four fifths of the time.
  if (process.versions.v8?.startsWith('11.3.') && !hasRelaxedSimd()) {
    setFlagsFromString('--experimental-wasm-relaxed-simd')
  }
  return readFile(hasRelaxedSimd() ? kernelFiles.relaxed : kernelFiles.simd)
}
