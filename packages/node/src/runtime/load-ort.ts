/** Loads onnxruntime-node, and says what to do where it cannot be loaded. */
import { LivenessError } from '@unspoof/core'
import type { Ort } from './ort.ts'
import { isForeignRealm, mainProcess } from './realm.ts'
import { disableTelemetry } from './telemetry.ts'

/** What the message about a missing library depends on. */
export interface Platform {
  readonly node: string
  readonly platform: string
  readonly arch: string
  /** The C library of Linux; undefined elsewhere. */
  readonly libc: 'glibc' | 'musl' | undefined
}

/** The platforms onnxruntime-node 1.30 has binaries for. */
const SUPPORTED = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'win32-x64', 'win32-arm64']

/**
 * Loads the binding with its telemetry off.
 * @throws LivenessError RUNTIME_MISSING where the native library is absent or does not fit this machine.
 */
export async function loadOrt(load: () => Ort | Promise<Ort> = importOrt): Promise<Ort> {
  disableTelemetry()
  try {
    return await load()
  } catch (cause) {
    throw missingRuntime(cause, thisPlatform())
  }
}

async function importOrt(): Promise<Ort> {
  // Its tensors must be of the realm of the process, so it is loaded there.
  const module = isForeignRealm
    ? mainProcess.getBuiltinModule('node:module').createRequire(import.meta.url)('onnxruntime-node')
    : await import('onnxruntime-node')
  // Its exports are made at run time, so an ES module sees them only on the default export.
  const ort = (module as unknown as { default?: Ort }).default ?? (module as unknown as Ort)
  // An `overrides` line may put an empty package in its place (docs/guides/small-install.md).
  if (ort.InferenceSession === undefined) throw new Error('The installed onnxruntime-node is empty.')
  return ort
}

/** One message: what was found, what is required, what the loader said, and the command that gets there. */
export function missingRuntime(cause: unknown, found: Platform): LivenessError {
  const name = `${found.platform}-${found.arch}`
  const foundText = `found Node ${found.node} on ${name}${found.libc === undefined ? '' : ` with ${found.libc}`}`
  const requiredText = `required one of ${SUPPORTED.join(', ')} (Linux with glibc 2.28 or newer)`
  const hint =
    found.libc === 'musl' || !SUPPORTED.includes(name)
      ? "There is no native library for this machine: use the option runtime: 'auto' or 'wasm'."
      : "Run: npm install onnxruntime-node --ignore-scripts. Or use the option runtime: 'auto' or 'wasm'."
  return new LivenessError(
    'RUNTIME_MISSING',
    `onnxruntime-node cannot be loaded: ${foundText}; ${requiredText}. ${loaderSays(cause)}`,
    { cause, hint },
  )
}

/** The first line of what the loader of modules or the system said. */
export function loaderSays(cause: unknown): string {
  const text =
    cause instanceof Error || (cause as Error)?.message !== undefined ? (cause as Error).message : String(cause)
  return `The loader says: ${text.split('\n', 1)[0]!.slice(0, 200)}`
}

function thisPlatform(): Platform {
  return { node: process.versions.node, platform: process.platform, arch: process.arch, libc: libc() }
}

function libc(): Platform['libc'] {
  if (process.platform !== 'linux') return undefined
  // The report names glibc where Node is linked to it. It takes some milliseconds, which only the error path pays.
  const report = process.report?.getReport() as { header?: { glibcVersionRuntime?: string } } | undefined
  return report?.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
}
