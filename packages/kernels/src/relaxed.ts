/** hasRelaxedSimd(): which of the two builds of the kernels this engine can run. */
import { webAssembly } from './webassembly.ts'

/** Whether this engine takes a module with `f32x4.relaxed_madd`: three zeros, one instruction. */
export function hasRelaxedSimd(): boolean {
  const zero = [65, 0, 253, 17]
  const body = [0, ...zero, ...zero, ...zero, 253, 133, 2, 11]
  const sections = [1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, body.length + 2, 1, body.length]
  return webAssembly.validate(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, ...sections, ...body))
}
