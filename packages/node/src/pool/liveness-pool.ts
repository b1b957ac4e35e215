/** createLivenessPool(): the same check, in worker threads behind a bounded queue. */
import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import {
  type CheckOptions,
  checkInteger,
  checkKeys,
  decideSequence,
  type Frame,
  isFrame,
  type Liveness,
  LivenessError,
  type LivenessResult,
  operatingPointOf,
  type ResolvedCheckOptions,
  resolveCheckOptions,
} from '@unspoof/core'
import { loadCalibration } from '../calibration.ts'
import type { Diagnostics } from '../diagnostics.ts'
import type { ImageLimits } from '../image/limits.ts'
import { readHeader } from '../image/sniff.ts'
import { type NodeInput, readInput } from '../input/read.ts'
import { isDetector, NODE_OPTION_KEYS, type NodeLivenessOptions, resolveNodeOptions } from '../options.ts'
import { createExitGate } from '../runtime/exit-gate.ts'
import { disableTelemetry } from '../runtime/telemetry.ts'
import { toPortable } from './portable-source.ts'
import type { PortableInput, WorkerAnswer, WorkerInfo, WorkerJob, WorkerSetup } from './protocol.ts'
import { createWorkerPool, INSTALL_HINT, type PoolHealth, type PreparedJob } from './worker-pool.ts'

/** One worker more than processors: each waits while its picture is decoded, which happens on threads of libuv and libvips. */
export const POOL_DEFAULTS: { readonly workers: number; readonly queue: number } = {
  workers: availableParallelism() + 1,
  queue: 32,
}
export const POOL_RANGES = { workers: { min: 1, max: 256 }, queue: { min: 0, max: 10_000 } } as const

/** Pictures with more pixels are heavy: they never take the last free worker. */
const HEAVY_PIXELS = 4_000_000

export interface LivenessPoolOptions extends NodeLivenessOptions {
  /** Threads that decode and judge, one picture at a time each, 1 to 256; each holds its own models. @default {@link POOL_DEFAULTS.workers} */
  readonly workers?: number
  /** Checks that may wait, 0 to 10000; the next one is refused with OVERLOADED. @default {@link POOL_DEFAULTS.queue} */
  readonly queue?: number
}

export interface LivenessPool extends Liveness<NodeInput> {
  /** For readiness probes and metrics; costs nothing. */
  health(): PoolHealth
  /** What runs the models in the workers, and why. */
  diagnostics(): Diagnostics
}

/**
 * Starts worker threads, each with its own models, and gives the same check as `createLiveness`: for servers, whose
 * event loop must not wait for a decoder or a model. `timeoutMs` includes the time in the queue.
 *
 * `close()` refuses new checks with SHUTTING_DOWN, finishes those it has, and stops the workers.
 * @throws LivenessError those of `createLiveness`; its checks add OVERLOADED, SHUTTING_DOWN, WORKER_LOST, MODEL_UNAVAILABLE
 */
export async function createLivenessPool(options: LivenessPoolOptions = {}): Promise<LivenessPool> {
  checkKeys('pool', options, [...NODE_OPTION_KEYS, 'workers', 'queue'])
  const { workers, queue, ...rest } = options
  const size = checkInteger('workers', workers ?? POOL_DEFAULTS.workers, POOL_RANGES.workers)
  const queueLength = checkInteger('queue', queue ?? POOL_DEFAULTS.queue, POOL_RANGES.queue)
  const resolved = resolveNodeOptions(rest)
  if (isDetector(resolved.detectors)) {
    throw new LivenessError(
      'OPTION_INVALID',
      'Expected names or sources for detectors: an object cannot be sent to a worker.',
    )
  }
  // Here and not only in the workers, where it would come too late.
  if (resolved.runtime === 'native' || (resolved.runtime === 'auto' && isMainThread)) disableTelemetry()
  const { signal: _, ...check } = resolved.check
  const setup: Omit<WorkerSetup, 'exitGate'> = {
    models: await Promise.all(
      resolved.models.map(async (member) => ({ ...member, model: await toPortable(member.model, member.variant) })),
    ),
    detectors: await Promise.all(resolved.detectors.map((choice) => toPortable(choice, undefined))),
    runtime: resolved.runtime,
    threads: resolved.threads,
    limits: resolved.limits,
    calibration: await loadCalibration(resolved.calibration),
    check,
  }
  const script = workerScript()
  const gate = createExitGate()
  const workerData: WorkerSetup = { ...setup, exitGate: gate.memory }
  const pool = await createWorkerPool<WorkerJob, WorkerAnswer>({
    script,
    workerData,
    workers: size,
    queue: queueLength,
  }).catch((error: unknown) => {
    gate.forget()
    throw error
  })
  const close = () => pool.close().finally(() => gate.forget())
  const info = pool.info as WorkerInfo

  /** Reads the input here, where its streams live, and has it judged there. */
  function judge(
    input: NodeInput,
    { signal, ...options }: ResolvedCheckOptions,
    toJob: (input: PortableInput, options: CheckOptions) => WorkerJob,
  ): Promise<WorkerAnswer> {
    return pool.run((inner) => prepare(input, resolved.limits, inner, (portable) => toJob(portable, options)), {
      signal,
      timeoutMs: options.timeoutMs,
    })
  }

  return {
    models: info.models,
    operatingPoints: info.operatingPoints,
    async check(input, options) {
      const { results } = await judge(input, resolveCheckOptions(options, resolved.check), (portable, rest) => ({
        kind: 'check',
        input: portable,
        options: rest,
        sample: false,
      }))
      return results[0]!
    },
    async checkFaces(input, faces, options) {
      const { results } = await judge(input, resolveCheckOptions(options, resolved.check), (portable, rest) => ({
        kind: 'checkFaces',
        input: portable,
        faces,
        options: rest,
      }))
      return [...results]
    },
    async checkSequence(frames, options = {}) {
      const { maxFrames, minFrames, maxDurationMs, stopEarly, onFrame, ...rest } = options
      const check = resolveCheckOptions({ ...rest, faces: 'single' }, resolved.check)
      const judgeFrame = async (input: NodeInput): Promise<{ frame: Frame | undefined; result: LivenessResult }> => {
        const { results, sample } = await judge(input, check, (portable, rest) => ({
          kind: 'check',
          input: portable,
          options: rest,
          sample: true,
        }))
        return { frame: sample, result: results[0]! }
      }
      return decideSequence({
        frames,
        point: operatingPointOf(check.operatingPoint, info),
        judge: judgeFrame,
        options: { maxFrames, minFrames, maxDurationMs, stopEarly, onFrame },
      })
    },
    health: () => pool.health(),
    diagnostics: () => info.diagnostics,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Bytes go to the worker without a copy where nobody else holds them; a picture whose header is wrong goes nowhere. */
async function prepare(
  input: NodeInput,
  limits: ImageLimits,
  signal: AbortSignal,
  toJob: (input: PortableInput) => WorkerJob,
): Promise<PreparedJob<WorkerJob>> {
  const read = await readInput(input, limits, signal)
  if (isFrame(read)) {
    // Copied, so that the caller may reuse its pixels; only then can the copy be moved.
    const frame = { ...read, data: new Uint8Array(read.data) } as Frame
    return { job: toJob(frame), transfer: [frame.data.buffer as ArrayBuffer], heavy: isHeavy(frame) }
  }
  const header = readHeader(read.bytes)
  const bytes = read.owned ? read.bytes : new Uint8Array(read.bytes)
  return { job: toJob({ bytes, header }), transfer: [bytes.buffer], heavy: isHeavy(header) }
}

function isHeavy({ width, height }: { readonly width: number; readonly height: number }): boolean {
  return width * height > HEAVY_PIXELS
}

/** The built worker: beside the built pool, or in dist where this runs from its source. */
function workerScript(): URL {
  const here = import.meta.url
  const script = new URL(here.endsWith('.ts') ? '../../dist/pool/worker.js' : './pool/worker.js', here)
  if (!existsSync(fileURLToPath(script))) {
    throw new LivenessError('RUNTIME_MISSING', 'The built worker of @unspoof/node is missing.', {
      hint: INSTALL_HINT,
    })
  }
  return script
}
