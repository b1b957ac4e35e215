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
import type { Manifest } from './assets/manifest.ts'
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

/** What the worker needs to load everything. */
export interface WorkerInit {
  /** Absolute URL of the asset folder, with a slash at its end. */
  readonly assets: string
  /** Read and checked by the page. */
  readonly manifest: Manifest
  /** Model ids; undefined for the ones the manifest names as defaults. */
  readonly detectors: readonly string[] | undefined
  readonly models: readonly { readonly id: string; readonly weight?: number }[] | undefined
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
  /** Bytes of wasm and weights that have arrived. */
  | { readonly type: 'loaded'; readonly id: number; readonly bytes: number; readonly total: number }

export type ResponseValue = InitResult | LivenessResult | readonly LivenessResult[] | SequenceResult | undefined

export interface InitResult {
  readonly models: LivenessResult['model']
  readonly diagnostics: Diagnostics
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
