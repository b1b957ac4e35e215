/** createNodeRuntime(): runs models with onnxruntime-node where it loads, and with the WebAssembly kernels where it does not. */
import {
  checkInteger,
  checkKeys,
  checkOneOf,
  isLivenessError,
  LivenessError,
  type LoadOptions,
  type Runtime,
  type RuntimeSession,
} from '@unspoof/core'
import { hasExternalData } from './external-data.ts'
import { createNativeEngine } from './native.ts'
import type { Ort } from './ort.ts'
import { DEFAULT_THREADS, THREADS_RANGE } from './threads.ts'
import { createWasmEngine } from './wasm.ts'

export const RUNTIMES = ['auto', 'native', 'wasm'] as const

/** `native`: onnxruntime-node. `wasm`: the kernels of @unspoof/kernels. `auto`: the first where it loads, else the second. */
export type RuntimeChoice = (typeof RUNTIMES)[number]

export interface NodeRuntimeOptions {
  /**
   * What runs the models. The kernels need no native code and take about twice the time.
   * @default 'auto'
   */
  readonly runtime?: RuntimeChoice
  /**
   * Threads one run of onnxruntime-node may use, 1 to 64; the kernels use one. One is the fastest use of a server's cores:
   * several checks in parallel (see `createLivenessPool`) beat several threads for one check, and one thread never spins.
   * @default 1
   */
  readonly threads?: number
  /** Another copy of onnxruntime-node, or a function that loads one. @default `import('onnxruntime-node')` */
  readonly ort?: Ort | (() => Ort | Promise<Ort>)
}

/** What runs the models, and why. */
export interface RuntimeDescription {
  /** `onnxruntime-node` with its version, or `unspoof kernels`. */
  readonly runtime: string
  /** One sentence. */
  readonly runtimeReason: string
}

export interface NodeRuntime extends Runtime {
  /** Loads what runs the models, if no model was loaded yet. @throws LivenessError RUNTIME_MISSING, RUNTIME_TELEMETRY */
  describe(): Promise<RuntimeDescription>
}

/** One of the two ways to run a model, ready to load it. */
export interface Engine {
  readonly name: string
  load(bytes: Uint8Array, options?: LoadOptions): Promise<RuntimeSession>
}

interface Chosen {
  readonly engine: Engine
  readonly reason: string
}

/**
 * Makes a runtime. Its library is loaded with the first model; the telemetry of onnxruntime-node is off.
 * @throws LivenessError OPTION_INVALID; `load` throws RUNTIME_MISSING, RUNTIME_TELEMETRY (not with `auto`), and MODEL_LOAD
 * for damaged weights and for operators that the kernels do not have.
 * @example
 * const runtime = createNodeRuntime({ runtime: 'wasm' })
 * console.log(await runtime.describe())
 */
export function createNodeRuntime(options: NodeRuntimeOptions = {}): NodeRuntime {
  checkKeys('runtime', options, ['runtime', 'threads', 'ort'])
  const threads = checkInteger('threads', options.threads ?? DEFAULT_THREADS, THREADS_RANGE)
  const { ort, runtime = 'auto' } = options
  checkOneOf('runtime', runtime, RUNTIMES)
  const load = ort === undefined || typeof ort === 'function' ? ort : () => ort
  let choosing: Promise<Chosen> | undefined
  let name = runtime === 'wasm' ? 'unspoof kernels' : 'onnxruntime-node'

  function choose(): Promise<Chosen> {
    if (choosing === undefined) {
      const chosen = chooseEngine(runtime, load, threads)
      choosing = chosen
      chosen.then(
        ({ engine }) => {
          name = engine.name
        },
        // What failed once may be there the next time.
        () => {
          choosing = undefined
        },
      )
    }
    return choosing
  }

  return {
    get name() {
      return name
    },
    async describe() {
      const { engine, reason } = await choose()
      return { runtime: engine.name, runtimeReason: reason }
    },
    async load(bytes, loadOptions) {
      if (hasExternalData(bytes)) {
        throw new LivenessError(
          'MODEL_LOAD',
          'The model keeps weights in other files, which its hash does not cover.',
          { hint: 'Save the model as one file, without external data.' },
        )
      }
      const { engine } = await choose()
      return engine.load(bytes, loadOptions)
    },
  }
}

async function chooseEngine(
  runtime: RuntimeChoice,
  load: (() => Ort | Promise<Ort>) | undefined,
  threads: number,
): Promise<Chosen> {
  if (runtime === 'wasm') return { engine: await createWasmEngine(), reason: 'As the runtime option says.' }
  try {
    const engine = await createNativeEngine(load, threads)
    return { engine, reason: runtime === 'native' ? 'As the runtime option says.' : 'onnxruntime-node is installed.' }
  } catch (error) {
    if (runtime === 'native' || !isLivenessError(error)) throw error
    return { engine: await createWasmEngine(), reason: error.message }
  }
}
