/** The Runtime port of the core over onnxruntime-node: native code, the fastest. */
import { checkInteger, LivenessError, type RuntimeSession, type Tensor, type TensorInfo } from '@unspoof/core'
import { throughExitGate } from './exit-gate.ts'
import { loadOrt } from './load-ort.ts'
import type { Ort, OrtMetadata, OrtSession } from './ort.ts'
import { toMainRealm, toOwnRealm } from './realm.ts'
import type { Engine } from './runtime.ts'
import { createSerialQueue, type SerialQueue } from './serial-queue.ts'
import { THREADS_RANGE } from './threads.ts'

/**
 * Loads the library, with its telemetry off. A run blocks its thread (onnxruntime-node has no asynchronous run), so runs
 * follow each other with a turn of the event loop in between.
 * @throws LivenessError RUNTIME_MISSING, RUNTIME_TELEMETRY
 */
export async function createNativeEngine(
  load: (() => Ort | Promise<Ort>) | undefined,
  threads: number,
): Promise<Engine> {
  const ort = await loadOrt(load)
  const queue = createSerialQueue()
  const version = ort.env?.versions.node
  return {
    name: version === undefined ? 'onnxruntime-node' : `onnxruntime-node ${version}`,
    async load(bytes, options = {}) {
      const count = checkInteger('threads', options.threads ?? threads, THREADS_RANGE)
      try {
        const session = await throughExitGate(() => ort.InferenceSession.create(bytes, sessionOptions(count) as never))
        return wrap(ort, session, queue)
      } catch (cause) {
        throw new LivenessError('MODEL_LOAD', 'onnxruntime-node cannot load these weights.', { cause })
      }
    },
  }
}

function sessionOptions(threads: number) {
  return {
    // Both are always set: the library's own default pins threads to CPUs, which hangs or crashes in containers.
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // Errors only: a library has no business on stderr, and failures are thrown anyway.
    logSeverityLevel: 3,
    // Threads that spin between runs take the processors from decoders and other checks (docs/benchmarks/performance.md).
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  }
}

function wrap(ort: Ort, session: OrtSession, queue: SerialQueue): RuntimeSession {
  const inputs = session.inputMetadata.map(toInfo)
  const outputs = session.outputMetadata.map(toInfo)
  let closing: Promise<void> | undefined
  return {
    inputs,
    outputs,
    async run(feeds) {
      if (closing !== undefined) throw new LivenessError('CLOSED', 'This model was closed.')
      return queue(async () => {
        try {
          return toTensors(await throughExitGate(() => session.run(toFeeds(ort, feeds))))
        } catch (cause) {
          throw cause instanceof LivenessError
            ? cause
            : new LivenessError('MODEL_OUTPUT', 'onnxruntime-node could not run the model on this input.', { cause })
        }
      })
    },
    // Queued behind the runs that were asked for before it, so none of them loses its session.
    close() {
      closing ??= queue(() => throughExitGate(() => session.release()))
      return closing
    },
  }
}

function toInfo({ name, isTensor, shape = [], type }: OrtMetadata): TensorInfo {
  if (!isTensor) return { name, dims: [], type: 'not a tensor' }
  return { name, dims: shape.map((dim) => (typeof dim === 'number' ? dim : null)), type: String(type) }
}

function toFeeds(ort: Ort, feeds: Readonly<Record<string, Tensor>>): Readonly<Record<string, never>> {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [
      name,
      new ort.Tensor('float32', toMainRealm(data), [...dims]) as never,
    ]),
  )
}

function toTensors(values: Readonly<Record<string, unknown>>): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const { type, data, dims } = value as { type?: unknown; data?: unknown; dims: readonly number[] }
      if (type !== 'float32' || !ArrayBuffer.isView(data)) {
        throw new LivenessError(
          'MODEL_OUTPUT',
          `Expected float32 values for output "${name}" but received another type.`,
        )
      }
      return [name, { data: toOwnRealm(data as Float32Array), dims }]
    }),
  )
}
