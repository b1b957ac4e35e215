/** The messages between the page and its worker: plain data that survives structured cloning, pixels as transferables. */
import type {
  CheckOptions,
  ErrorCode,
  Face,
  LivenessError,
  LivenessResult,
  SequenceOptions,
  SequenceResult,
} from '@unspoof/core'
import type { Diagnostics } from './diagnostics.ts'

/** A picture on its way to the worker. */
export type WireImage =
  | { readonly kind: 'bitmap'; readonly bitmap: ImageBitmap }
  | { readonly kind: 'video-frame'; readonly frame: VideoFrame }
  | {
      readonly kind: 'pixels'
      readonly data: Uint8Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>
      readonly width: number
      readonly height: number
    }
  | { readonly kind: 'blob'; readonly blob: Blob }

/** Check options without what cannot be cloned; aborting is a message of its own. */
export type WireCheckOptions = Omit<CheckOptions, 'signal'>
export type WireSequenceOptions = Omit<SequenceOptions, 'signal' | 'onFrame'>

/** A model on its way to the worker: its card as parsed JSON and its weights, which the page has fetched and checked. */
export interface WireModel {
  /** For messages: the address of the card. */
  readonly location: string
  readonly card: unknown
  readonly weights: Uint8Array<ArrayBuffer>
  /** In an ensemble. */
  readonly weight?: number
}

/** What the worker needs to begin. It fetches nothing itself. */
export interface WorkerInit {
  readonly wasm: Uint8Array<ArrayBuffer>
  readonly detectors: readonly WireModel[]
  readonly models: readonly WireModel[]
  readonly threads: number | 'auto'
}

/** Page to worker. `id` names the call that the answers belong to. */
export type Request =
  | { readonly type: 'init'; readonly id: number; readonly init: WorkerInit }
  | { readonly type: 'check'; readonly id: number; readonly image: WireImage; readonly options: WireCheckOptions }
  | {
      readonly type: 'check-faces'
      readonly id: number
      readonly image: WireImage
      readonly faces: readonly Face[]
      readonly options: WireCheckOptions
    }
  | { readonly type: 'sequence'; readonly id: number; readonly options: WireSequenceOptions }
  /** The answer to `pull`; no image means the sequence has ended. */
  | { readonly type: 'frame'; readonly id: number; readonly image: WireImage | undefined }
  | { readonly type: 'abort'; readonly id: number }
  | { readonly type: 'close'; readonly id: number }

/** Worker to page. */
export type Response =
  | { readonly type: 'done'; readonly id: number; readonly value: ResponseValue }
  | { readonly type: 'failed'; readonly id: number; readonly error: WireError }
  /** The worker wants the next frame of a sequence. */
  | { readonly type: 'pull'; readonly id: number }
  /** One frame of a sequence was judged. */
  | { readonly type: 'judged'; readonly id: number; readonly result: LivenessResult; readonly index: number }

export type ResponseValue = InitResult | LivenessResult | readonly LivenessResult[] | SequenceResult | undefined

export interface InitResult {
  readonly models: LivenessResult['model']
  readonly diagnostics: Pick<Diagnostics, 'runtime' | 'threads' | 'threadsReason' | 'crossOriginIsolated' | 'models'>
  /** Milliseconds for compiling wasm, making the sessions and running each network once. */
  readonly compile: number
}

/** A LivenessError as plain data. */
export interface WireError {
  readonly code: ErrorCode
  readonly message: string
  readonly hint: string
  readonly retryAfter: number | undefined
  /** What the browser or the runtime threw, as text. */
  readonly cause: string | undefined
}

export function toWireError(error: LivenessError): WireError {
  return {
    code: error.code,
    message: error.message,
    hint: error.hint,
    retryAfter: error.retryAfter,
    cause: error.cause === undefined ? undefined : String(error.cause),
  }
}
