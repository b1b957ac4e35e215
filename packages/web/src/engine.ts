/** The one worker a page has for one set of models: shared by everyone who asks for it, replaced when it dies, ended with the last. */
import { LivenessError } from '@unspoof/core'
import { assetUrl, fetchManifest } from './assets/fetch.ts'
import { loadAssets, type WantedModels } from './assets/load.ts'
import { type Call, type CallOptions, type Connection, connect } from './connection.ts'
import type { Diagnostics } from './diagnostics.ts'
import type { InitResult, ResponseValue, WorkerInit } from './protocol.ts'
import { VERSION } from './version.ts'

/** Milliseconds a worker may take to compile everything before it counts as hung. */
const COMPILE_DEADLINE_MS = 60_000

/** What tells one engine from another. */
export interface EngineConfig extends WantedModels {
  /** Absolute URL of the asset folder, with a slash at its end. */
  readonly assets: string
  readonly threads: WorkerInit['threads']
  /** Lower-case hex SHA-256 of the manifest, where the application pinned it. */
  readonly integrity: string | undefined
}

export interface Ready {
  readonly models: InitResult['models']
  readonly diagnostics: Diagnostics
}

export interface Engine {
  /** Loads, or waits for the load in progress. Rejects as the load did; the next call tries again. */
  ready(): Promise<Ready>
  call(message: Call, options: CallOptions): Promise<ResponseValue>
  onLoaded(listener: (bytes: number, total: number) => void): () => void
  release(): Promise<void>
}

interface Open {
  readonly connection: Connection
  readonly ready: Ready
}

interface Shared {
  users: number
  /** Undefined before the first use, and again after a failed load or a lost worker, so that the next call tries anew. */
  open: Promise<Open> | undefined
  readonly listeners: Set<(bytes: number, total: number) => void>
}

const engines = new Map<string, Shared>()

/** Everyone who passes the same `config` gets the same worker. Call `release` once for each `acquire`. */
export function acquireEngine(config: EngineConfig): Engine {
  const key = JSON.stringify(config)
  const shared: Shared = engines.get(key) ?? { users: 0, open: undefined, listeners: new Set() }
  engines.set(key, shared)
  shared.users++
  let released = false

  function open(): Promise<Open> {
    if (released) return Promise.reject(new LivenessError('CLOSED', 'This liveness was closed.'))
    shared.open ??= start(config, shared)
    return shared.open
  }

  return {
    async ready() {
      return (await open()).ready
    },
    async call(message, options) {
      return (await open()).connection.call(message, options)
    },
    onLoaded(listener) {
      shared.listeners.add(listener)
      return () => shared.listeners.delete(listener)
    },
    async release() {
      if (released) return
      released = true
      shared.users--
      if (shared.users > 0) return
      engines.delete(key)
      const last = await shared.open?.catch(() => undefined)
      if (last === undefined) return
      // The worker finishes what it began, then frees the sessions; ending it frees its memory, which cannot shrink.
      await last.connection.call({ type: 'close' }, { deadlineMs: 5_000 }).catch(() => undefined)
      last.connection.end(new LivenessError('CLOSED', 'This liveness was closed.'))
    },
  }
}

function start(config: EngineConfig, shared: Shared): Promise<Open> {
  const forget = (): void => {
    if (shared.open === opening) shared.open = undefined
  }
  const opening = load(config, shared, forget)
  opening.catch(forget)
  return opening
}

async function load(config: EngineConfig, shared: Shared, onLost: () => void): Promise<Open> {
  if (typeof Worker === 'undefined' || typeof OffscreenCanvas === 'undefined') {
    throw new LivenessError('RUNTIME_MISSING', 'This browser has no module workers with a canvas.', {
      hint: 'Use a browser of 2023 or later, or let the server check the picture.',
    })
  }
  const started = performance.now()
  const { assets, threads } = config
  const manifest = await fetchManifest(assets, VERSION, config.integrity)
  // Its script is fetched and parsed while wasm and weights arrive.
  const worker = createWorker(assetUrl(assets, manifest.worker))
  const connection = connect(worker, onLost)
  try {
    const { bytes, wasmPath, ...loaded } = await loadAssets(assets, manifest, config, (received, total) => {
      for (const listener of shared.listeners) listener(received, total)
    })
    const fetched = performance.now() - started
    const transfer = [loaded.wasm, ...[...loaded.detectors, ...loaded.models].map(({ weights }) => weights)].map(
      ({ buffer }) => buffer,
    )
    const init = { type: 'init', init: { ...loaded, threads } } as const
    const { models, diagnostics, compile } = (await connection.call(init, {
      transfer,
      deadlineMs: COMPILE_DEADLINE_MS,
    })) as InitResult
    const ready: Ready = {
      models,
      diagnostics: {
        version: VERSION,
        backend: 'wasm',
        backendReason: 'WebAssembly gives every device the same numbers and needs no eval.',
        ...diagnostics,
        wasm: wasmPath,
        loading: { fetch: fetched, compile, total: performance.now() - started },
        bytes,
      },
    }
    return { connection, ready }
  } catch (error) {
    connection.end(new LivenessError('WORKER_LOST', 'The liveness worker did not load.'))
    throw error
  }
}

/** @throws LivenessError WORKER_LOST where the policy of the page forbids the script */
function createWorker(url: string): Worker {
  try {
    return new Worker(trusted(url), { type: 'module', name: 'unspoof' })
  } catch (cause) {
    throw new LivenessError('WORKER_LOST', 'The policy of this page does not allow the worker.', {
      cause,
      hint: "Allow worker-src 'self' and, with trusted types, the policy named unspoof.",
    })
  }
}

interface TrustedPolicy {
  createScriptURL(url: string): string
}

let policy: TrustedPolicy | undefined

/** Under `require-trusted-types-for 'script'` a worker's address must come from a policy that the page allows by name. */
function trusted(url: string): string {
  const { trustedTypes } = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: TrustedPolicy): TrustedPolicy }
  }
  try {
    policy ??= trustedTypes?.createPolicy('unspoof', { createScriptURL: (own) => own })
  } catch {
    // The page does not allow the policy; most pages ask for none.
  }
  return policy === undefined ? url : policy.createScriptURL(url)
}
