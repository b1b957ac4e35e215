/** createLiveness() in a page: the same interface as in Node, with the work in a worker. */
import {
  type CheckOptions,
  checkInteger,
  checkKeys,
  type Face,
  invalid,
  type Liveness,
  LivenessError,
  type LivenessResult,
  resolveCheckOptions,
  type SequenceOptions,
  type SequenceResult,
} from '@unspoof/core'
import type { Diagnostics } from './diagnostics.ts'
import { acquireEngine, type Engine, type EngineConfig, type Ready } from './engine.ts'
import { pack, type WebInput } from './input.ts'
import type { WireCheckOptions } from './protocol.ts'

export const WEB_DEFAULTS = { assets: '/unspoof/', threads: 'auto' } as const
export const WEB_RANGES = { threads: { min: 1, max: 8 } } as const

/** Milliseconds past a check's own time-out after which the worker counts as hung and is replaced. */
const GRACE_MS = 2_000

export interface WebLivenessOptions extends CheckOptions {
  /**
   * Where copy-assets put worker, wasm and models: a path or URL on the page's own origin.
   * @default {@link WEB_DEFAULTS.assets}
   */
  readonly assets?: string | URL
  /** Lower-case hex SHA-256 of `unspoof.json` in that folder, to pin everything below it. */
  readonly integrity?: string
  /** Ids of face detectors, tried in order until one finds a face. @default the ones copy-assets wrote into the manifest */
  readonly detectors?: readonly string[]
  /** Ids of the PAD models, with weights for an ensemble. @default the ones of the manifest */
  readonly models?: readonly (string | { readonly id: string; readonly weight?: number })[]
  /**
   * WebAssembly threads of onnxruntime-web, 1 to 8, where copy-assets chose it; the kernels use one. `auto` uses several only where the page is
   * cross-origin isolated.
   * @default {@link WEB_DEFAULTS.threads}
   */
  readonly threads?: number | 'auto'
  /** Called while wasm and weights arrive, in bytes. */
  readonly onProgress?: (loaded: number, total: number) => void
}

const OPTION_KEYS = [
  'assets',
  'integrity',
  'detectors',
  'models',
  'threads',
  'onProgress',
  'operatingPoint',
  'faces',
  'crops',
  'minStability',
  'timeoutMs',
  'signal',
] as const satisfies readonly (keyof WebLivenessOptions)[]

/** Judges pictures of a page. What it says guides the person; what lets them in is the server's judgement. */
export interface WebLiveness extends Liveness<WebInput> {
  /** What was chosen to run the models, and why. */
  diagnostics(): Diagnostics
}

/**
 * Loads worker, wasm and models from the application's own folder. Calls with the same options share one worker, which
 * ends when the last of them is closed.
 * @throws LivenessError OPTION_INVALID, MODEL_MISSING, MODEL_HASH, MODEL_LOAD, NETWORK, RUNTIME_MISSING, WORKER_LOST, ABORTED
 */
export async function createLiveness(options: WebLivenessOptions = {}): Promise<WebLiveness> {
  checkKeys('liveness', options, OPTION_KEYS)
  const { signal, onProgress, operatingPoint, faces, crops, minStability, timeoutMs } = options
  const defaults = resolveCheckOptions({ operatingPoint, faces, crops, minStability, timeoutMs })
  const engine = acquireEngine(resolveConfig(options))
  const unsubscribe = onProgress === undefined ? undefined : engine.onLoaded(onProgress)
  try {
    const loaded = await orAborted(engine.ready(), signal)
    return createClient(engine, loaded, defaults)
  } catch (error) {
    void engine.release() // it waits for a load that others may be waiting for; this caller need not
    throw error
  } finally {
    unsubscribe?.()
  }
}

function resolveConfig(options: WebLivenessOptions): EngineConfig {
  const { integrity, detectors, models } = options
  const threads = options.threads ?? WEB_DEFAULTS.threads
  if (threads !== 'auto') checkInteger('threads', threads, WEB_RANGES.threads)
  if (integrity !== undefined && !/^[0-9a-f]{64}$/.test(integrity)) {
    throw invalid('integrity', 'a SHA-256 in lower-case hex', integrity)
  }
  if (detectors?.length === 0) throw invalid('detectors', 'at least one id', detectors)
  if (models?.length === 0) throw invalid('models', 'at least one model', models)
  return {
    assets: resolveAssets(options.assets ?? WEB_DEFAULTS.assets),
    integrity,
    detectors,
    models: models?.map((model) => (typeof model === 'string' ? { id: model } : model)),
    threads,
  }
}

function resolveAssets(assets: string | URL): string {
  if (typeof document === 'undefined') {
    throw new LivenessError('RUNTIME_MISSING', '@unspoof/web runs in pages; use @unspoof/node on a server.')
  }
  const url = new URL(String(assets).replace(/\/*$/, '/'), document.baseURI)
  if (url.origin !== location.origin) {
    throw new LivenessError(
      'OPTION_INVALID',
      `Expected a folder on ${location.origin} for assets but received one on ${url.origin}.`,
    )
  }
  return url.href
}

function createClient(engine: Engine, loaded: Ready, defaults: ReturnType<typeof resolveCheckOptions>): WebLiveness {
  const inFlight = new Set<Promise<unknown>>()
  let closing: Promise<void> | undefined

  /** Counts a call as in flight, so that close() can wait for it. */
  function track<T>(call: () => Promise<T>): Promise<T> {
    if (closing !== undefined)
      return Promise.reject(new LivenessError('CLOSED', 'This liveness was closed; create a new one.'))
    const running = call()
    inFlight.add(running)
    running.catch(() => undefined).finally(() => inFlight.delete(running))
    return running
  }

  function resolve(options: CheckOptions | undefined): {
    options: WireCheckOptions
    signal: AbortSignal | undefined
    deadlineMs: number
  } {
    const { signal, ...rest } = resolveCheckOptions(options, defaults)
    return { options: rest, signal, deadlineMs: rest.timeoutMs + GRACE_MS }
  }

  return {
    models: loaded.models,
    diagnostics: () => loaded.diagnostics,
    check: (input, options) =>
      track(async () => {
        const { options: wire, ...call } = resolve(options)
        const { image, transfer } = await pack(input)
        return (await engine.call({ type: 'check', image, options: wire }, { ...call, transfer })) as LivenessResult
      }),
    checkFaces: (input, faces: readonly Face[], options) =>
      track(async () => {
        const { options: wire, ...call } = resolve(options)
        const { image, transfer } = await pack(input)
        return (await engine.call(
          { type: 'check-faces', image, faces, options: wire },
          { ...call, transfer },
        )) as LivenessResult[]
      }),
    checkSequence: (frames, options: SequenceOptions = {}) =>
      track(async () => {
        const { signal, onFrame, ...wire } = options
        const { options: checked, deadlineMs } = resolve({ timeoutMs: options.timeoutMs })
        const iterator = frames[Symbol.asyncIterator]()
        try {
          return (await engine.call(
            { type: 'sequence', options: { ...checked, ...wire } },
            {
              signal,
              deadlineMs,
              onJudged: onFrame,
              pull: async () => {
                const next = await iterator.next()
                return next.done ? undefined : pack(next.value)
              },
            },
          )) as SequenceResult
        } finally {
          // Not awaited: a camera that hangs must not keep the answer from the caller.
          void iterator.return?.()?.then(undefined, () => undefined)
        }
      }),
    close() {
      closing ??= Promise.allSettled([...inFlight]).then(() => engine.release())
      return closing
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}

/** Resolves as `work` does, or rejects with ABORTED at once; `work` itself goes on for others who wait for it. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  return new Promise<T>((resolve, reject) => {
    const giveUp = (): void => reject(new LivenessError('ABORTED', 'Loading was given up.'))
    if (signal.aborted) return giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp))
  })
}
