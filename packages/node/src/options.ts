/** Options of createLiveness() and createLivenessPool(): which models, how large a picture, how many threads. */
import {
  type CheckOptions,
  checkInteger,
  checkKeys,
  checkOneOf,
  describe,
  type FaceDetector,
  LivenessError,
  type ModelSource,
  type ResolvedCheckOptions,
  resolveCheckOptions,
  type SiteCalibration,
} from '@unspoof/core'
import { DEFAULT_DETECTORS, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { type ImageLimits, resolveLimits } from './image/limits.ts'
import { RUNTIMES, type RuntimeChoice } from './runtime/runtime.ts'
import { DEFAULT_THREADS, THREADS_RANGE } from './runtime/threads.ts'

/** The id of a bundled model, the path of a folder with a `card.json` (it contains a `/`), or a source of your own. */
export type ModelChoice = string | ModelSource

/** One model of an ensemble. */
export interface ModelMember {
  readonly model: ModelChoice
  /** Above 0. @default 1 */
  readonly weight?: number
  /** Which file of the card, such as `int8` or `fp32`. @default the `variant` of the options, else the card's first */
  readonly variant?: string
}

export interface NodeLivenessOptions extends Omit<CheckOptions, 'signal'> {
  /** The PAD model, or several whose answers are averaged. @default the one @unspoof/models has as its default */
  readonly models?: ModelChoice | readonly (ModelChoice | ModelMember)[]
  /** Which file of each model's card, such as `int8` or `fp32`. @default the card's first */
  readonly variant?: string
  /**
   * Face detectors, tried in order until one finds a face; or a detector of your own, which `close()` closes too.
   * @default BlazeFace short range, then full range
   */
  readonly detectors?: FaceDetector | ModelChoice | readonly ModelChoice[]
  /**
   * What runs the models: `native` is onnxruntime-node, `wasm` the kernels of @unspoof/kernels, which need no native code and take
   * about twice the time; `auto` takes the first where it loads. `diagnostics()` tells which and why.
   * @default 'auto'
   */
  readonly runtime?: RuntimeChoice
  /** Threads one run of onnxruntime-node may use, 1 to 64. @default {@link DEFAULT_THREADS} */
  readonly threads?: number
  /** How large a picture may be. @default {@link DEFAULT_LIMITS} */
  readonly limits?: Partial<ImageLimits>
  /**
   * The site's threshold for `balanced`: the file that `unspoof calibrate` wrote, or its JSON.
   * @default the threshold of the model's card
   */
  readonly calibration?: string | SiteCalibration
}

export interface ResolvedNodeOptions {
  readonly models: readonly ModelMember[]
  readonly detectors: FaceDetector | readonly ModelChoice[]
  readonly runtime: RuntimeChoice
  readonly threads: number
  readonly limits: ImageLimits
  readonly calibration: string | SiteCalibration | undefined
  readonly check: ResolvedCheckOptions
}

export const NODE_OPTION_KEYS = [
  'models',
  'variant',
  'detectors',
  'runtime',
  'threads',
  'limits',
  'calibration',
  'operatingPoint',
  'faces',
  'crops',
  'minStability',
  'timeoutMs',
] as const satisfies readonly (keyof NodeLivenessOptions)[]

/** @throws LivenessError OPTION_INVALID for unknown keys and values outside their range. */
export function resolveNodeOptions(options: NodeLivenessOptions): ResolvedNodeOptions {
  checkKeys('liveness', options, NODE_OPTION_KEYS)
  const { models, variant, detectors, runtime = 'auto', threads, limits, calibration, ...check } = options
  checkOneOf('runtime', runtime, RUNTIMES)
  return Object.freeze({
    models: listOf('models', models ?? DEFAULT_PAD_MODEL).map((entry, i) => toMember(entry, i, variant)),
    detectors: toDetectors(detectors),
    runtime,
    threads: checkInteger('threads', threads ?? DEFAULT_THREADS, THREADS_RANGE),
    limits: resolveLimits(limits),
    calibration,
    check: resolveCheckOptions(check),
  })
}

function toMember(entry: ModelChoice | ModelMember, index: number, variant: string | undefined): ModelMember {
  const isMember = typeof entry === 'object' && entry !== null && 'model' in entry
  if (isMember) checkKeys(`models[${index}]`, entry, ['model', 'weight', 'variant'])
  const member = isMember ? entry : { model: entry }
  if (!isModelChoice(member.model)) {
    throw new LivenessError(
      'OPTION_INVALID',
      `Expected the id of a model, a folder or a ModelSource for models[${index}] but received ${describe(member.model)}.`,
    )
  }
  const weight = member.weight ?? 1
  if (!(Number.isFinite(weight) && weight > 0)) {
    throw new LivenessError(
      'OPTION_INVALID',
      `Expected a number above 0 for models[${index}].weight but received ${describe(weight)}.`,
    )
  }
  return { model: member.model, weight, variant: member.variant ?? variant }
}

function toDetectors(detectors: NodeLivenessOptions['detectors']): FaceDetector | readonly ModelChoice[] {
  if (detectors === undefined) return DEFAULT_DETECTORS
  if (isDetector(detectors)) return detectors
  return listOf('detectors', detectors).map((entry, i) => {
    if (isModelChoice(entry)) return entry
    throw new LivenessError(
      'OPTION_INVALID',
      `Expected the id of a detector, a folder or a ModelSource for detectors[${i}] but received ${describe(entry)}.`,
    )
  })
}

function listOf<T>(name: string, value: T | readonly T[]): readonly T[] {
  const list = Array.isArray(value) ? (value as readonly T[]) : [value as T]
  if (list.length === 0) throw new LivenessError('OPTION_INVALID', `Expected at least one entry for ${name}.`)
  return list
}

function isModelChoice(value: unknown): value is ModelChoice {
  if (typeof value === 'string') return value !== ''
  return typeof value === 'object' && value !== null && 'card' in value && 'read' in value
}

export function isDetector(value: unknown): value is FaceDetector {
  return typeof value === 'object' && value !== null && 'detect' in value
}
