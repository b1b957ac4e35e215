/**
 * The realm of the process. Test runners such as Jest run code in a realm of their own, with copies of `process` and of the
 * typed arrays; native code knows only those of the process.
 */
import { runInThisContext } from 'node:vm'

/** `process` as native code sees it, also inside a test runner. */
export const mainProcess: NodeJS.Process = runInThisContext('process') ?? process

/** The class that native code takes and makes its values with. */
const MainFloat32Array: typeof Float32Array = runInThisContext('Float32Array')

/** True inside a test runner with a realm of its own. */
export const isForeignRealm: boolean = MainFloat32Array !== Float32Array

/** Values for native code: the same, or a copy in the realm of the process. */
export function toMainRealm(values: Float32Array): Float32Array {
  return isForeignRealm ? MainFloat32Array.from(values) : values
}

/** Values from native code: the same, or a copy in our realm. */
export function toOwnRealm(values: Float32Array): Float32Array {
  return isForeignRealm ? Float32Array.from(values) : values
}
