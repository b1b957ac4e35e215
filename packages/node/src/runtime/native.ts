/** Loads onnxruntime-node, and says what to do where it cannot be loaded. */
import { LivenessError } from '@unspoof/core'
import { disableTelemetry } from './telemetry.ts'

export type Ort = typeof import('onnxruntime-node')

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
  const module = await import('onnxruntime-node')
  // Its exports are made at run time, so an ES module sees them only on the default export.
  return (module as unknown as { default?: Ort }).default ?? module
}

/** One message: what was found, what is required, and the command that gets there. */
export function missingRuntime(cause: unknown, found: Platform): LivenessError {
  const name = `${found.platform}-${found.arch}`
  const foundText = `found Node ${found.node} on ${name}${found.libc === undefined ? '' : ` with ${found.libc}`}`
  const requiredText = `required one of ${SUPPORTED.join(', ')} (Linux with glibc 2.28 or newer)`
  const hint =
    found.libc === 'musl'
      ? 'Alpine Linux is not supported by onnxruntime-node; use an image with glibc: FROM node:22-slim'
      : SUPPORTED.includes(name)
        ? 'Run: npm install onnxruntime-node --ignore-scripts'
        : 'Run on one of the platforms above, or check in the browser with @unspoof/web.'
  return new LivenessError('RUNTIME_MISSING', `onnxruntime-node cannot be loaded: ${foundText}; ${requiredText}.`, {
    cause,
    hint,
  })
}

function thisPlatform(): Platform {
  return { node: process.versions.node, platform: process.platform, arch: process.arch, libc: libc() }
}

function libc(): Platform['libc'] {
  if (process.platform !== 'linux') return undefined
  // The report names glibc where Node is linked to it. It takes some milliseconds, which only the error path pays.
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } }
  return report.header?.glibcVersionRuntime === undefined ? 'musl' : 'glibc'
}
