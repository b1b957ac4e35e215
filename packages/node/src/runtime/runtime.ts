/** The Runtime port of the core over onnxruntime-node. */
import {
  checkInteger,
  checkKeys,
  LivenessError,
  type LoadOptions,
  type Runtime,
  type RuntimeSession,
  type Tensor,
  type TensorInfo,
} from '@unspoof/core'
import type { InferenceSession } from 'onnxruntime-node'
import { hasExternalData } from './external-data.ts'
import { loadOrt, type Ort } from './native.ts'
import { createSerialQueue, type SerialQueue } from './serial-queue.ts'

export const DEFAULT_THREADS = 1
export const THREADS_RANGE = { min: 1, max: 64 } as const

export interface NodeRuntimeOptions {
  /**
   * Threads one run may use, 1 to 64. One is the fastest use of a server's cores: several checks in parallel
   * (see `createLivenessPool`) beat several threads for one check, and one thread never spins.
   * @default {@link DEFAULT_THREADS}
   */
  readonly threads?: number
  /** Another copy of onnxruntime-node, or a function that loads one. @default `import('onnxruntime-node')` */
  readonly ort?: Ort | (() => Ort | Promise<Ort>)
}

/**
 * Makes a runtime. The native library is loaded with the first model, its telemetry off.
 *
 * A run blocks its thread (onnxruntime-node has no asynchronous run), so runs of one runtime follow each other with a turn
 * of the event loop in between. Use worker threads for more.
 * @throws LivenessError OPTION_INVALID
 */
export function createNodeRuntime(options: NodeRuntimeOptions = {}): Runtime {
  checkKeys('runtime', options, ['threads', 'ort'])
  const defaultThreads = checkInteger('threads', options.threads ?? DEFAULT_THREADS, THREADS_RANGE)
  const { ort } = options
  const load = ort === undefined || typeof ort === 'function' ? ort : () => ort
  const queue = createSerialQueue()
  return {
    name: 'onnxruntime-node',
    async load(bytes: Uint8Array, loadOptions: LoadOptions = {}): Promise<RuntimeSession> {
      const threads = checkInteger('threads', loadOptions.threads ?? defaultThreads, THREADS_RANGE)
      if (hasExternalData(bytes)) {
        throw new LivenessError(
          'MODEL_LOAD',
          'The model keeps weights in other files, which its hash does not cover.',
          {
            hint: 'Save the model as one file, without external data.',
          },
        )
      }
      const library = await loadOrt(load)
      try {
        return wrap(library, await library.InferenceSession.create(bytes, sessionOptions(threads)), queue)
      } catch (cause) {
        throw new LivenessError('MODEL_LOAD', 'onnxruntime-node cannot load these weights.', { cause })
      }
    },
  }
}

function sessionOptions(threads: number): InferenceSession.SessionOptions {
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

function wrap(ort: Ort, session: InferenceSession, queue: SerialQueue): RuntimeSession {
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
          return toTensors(await session.run(toFeeds(ort, feeds)))
        } catch (cause) {
          throw cause instanceof LivenessError
            ? cause
            : new LivenessError('MODEL_OUTPUT', 'onnxruntime-node could not run the model on this input.', { cause })
        }
      })
    },
    // Queued behind the runs that were asked for before it, so none of them loses its session.
    close() {
      closing ??= queue(() => session.release())
      return closing
    },
  }
}

function toInfo(metadata: InferenceSession.ValueMetadata): TensorInfo {
  if (!metadata.isTensor) return { name: metadata.name, dims: [], type: 'not a tensor' }
  return {
    name: metadata.name,
    dims: metadata.shape.map((dim) => (typeof dim === 'number' ? dim : null)),
    type: metadata.type,
  }
}

function toFeeds(ort: Ort, feeds: Readonly<Record<string, Tensor>>): InferenceSession.FeedsType {
  return Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [name, new ort.Tensor('float32', data, [...dims])]),
  )
}

function toTensors(values: InferenceSession.ReturnType): Record<string, Tensor> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      if (!('data' in value) || !(value.data instanceof Float32Array)) {
        throw new LivenessError(
          'MODEL_OUTPUT',
          `Expected float32 values for output "${name}" but received another type.`,
        )
      }
      return [name, { data: value.data, dims: value.dims }]
    }),
  )
}
