/** Switches off the telemetry that onnxruntime-node brings since 1.29. */
import { isMainThread } from 'node:worker_threads'
import { LivenessError } from '@unspoof/core'
import { mainProcess } from './realm.ts'

const SWITCH = 'ORT_DISABLE_TELEMETRY'

/**
 * Sets `ORT_DISABLE_TELEMETRY=1`. The native library reads it once, when the first session of the process is made, so this
 * runs before the library is loaded. {@link createNodeRuntime} and everything above it call it; call it yourself only on
 * the main thread of an application that checks images in worker threads of its own and wants onnxruntime-node there.
 * @throws LivenessError RUNTIME_TELEMETRY in a worker thread whose main thread did not call it: a worker's environment is
 * a copy, so setting it there would change nothing, and a check would then write to the home folder and may phone home.
 */
export function disableTelemetry(): void {
  const { env } = mainProcess
  if (isMainThread) {
    env[SWITCH] = '1'
  } else if (env[SWITCH] !== '1') {
    throw new LivenessError(
      'RUNTIME_TELEMETRY',
      `onnxruntime-node has telemetry that can only be switched off on the main thread, and ${SWITCH} is not set there.`,
    )
  }
}
