/** What the liveness pool and its workers say to each other. */
import type {
  CheckOptions,
  Face,
  Frame,
  LivenessResult,
  ModelSource,
  PadCard,
  ResolvedCheckOptions,
  SiteCalibration,
} from '@unspoof/core'
import type { Diagnostics } from '../diagnostics.ts'
import type { ImageHeader } from '../image/header.ts'
import type { ImageLimits } from '../image/limits.ts'
import type { ModelMember } from '../options.ts'
import type { RuntimeChoice } from '../runtime/runtime.ts'

/** A source that can be sent to a worker: a name to resolve there, or card and bytes. */
export type PortableSource = string | { readonly location: string; readonly card: unknown; readonly bytes: Uint8Array }

export interface PortableMember extends Omit<ModelMember, 'model'> {
  readonly model: PortableSource
}

/** The worker's data: everything it needs to load. */
export interface WorkerSetup {
  /** See exit-gate.ts. */
  readonly exitGate: SharedArrayBuffer
  readonly models: readonly PortableMember[]
  readonly detectors: readonly PortableSource[]
  readonly runtime: RuntimeChoice
  readonly threads: number
  readonly limits: ImageLimits
  readonly calibration: SiteCalibration | undefined
  readonly check: Omit<ResolvedCheckOptions, 'signal'>
}

/** Told by a worker when it is ready. */
export interface WorkerInfo {
  readonly diagnostics: Diagnostics
  readonly models: LivenessResult['model']
  /** Of the first model: what a named operating point means. */
  readonly operatingPoints: PadCard['operatingPoints']
}

/** Bytes of a picture and what their header says, or pixels. */
export type PortableInput = { readonly bytes: Uint8Array<ArrayBuffer>; readonly header: ImageHeader } | Frame

export type WorkerJob =
  | { readonly kind: 'check'; readonly input: PortableInput; readonly options: CheckOptions; readonly sample: boolean }
  | {
      readonly kind: 'checkFaces'
      readonly input: PortableInput
      readonly faces: readonly Face[]
      readonly options: CheckOptions
    }

export interface WorkerAnswer {
  readonly results: readonly LivenessResult[]
  /** A few thousand pixels, where the job asked for them: a sequence compares them with those of the frame before. */
  readonly sample: Frame | undefined
}

/** The worker's side of a source that was sent. */
export function fromPortable(source: PortableSource): string | ModelSource {
  if (typeof source === 'string') return source
  const { location, card, bytes } = source
  return { location, card: async () => card, read: async () => bytes }
}
