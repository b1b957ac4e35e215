/** createLiveness(): the pipeline, read top to bottom. */
import type { LivenessResult } from './decide/result.ts'
import type { SequenceOptions, SequenceResult } from './decide/sequence.ts'
import type { Face, FaceDetector } from './face/face.ts'
import type { Frame } from './image/frame.ts'
import type { PadModel } from './model/pad-model.ts'
import type { CheckOptions } from './options.ts'

/** Pixels with what is known of the picture they come from. */
export interface DecodedImage {
  /** Undefined where `reasons` say why the picture is answered `retry` without being decoded. */
  readonly frame: Frame | undefined
  /** Lower-case hex SHA-256 of the bytes; undefined for raw frames. */
  readonly sha256?: string
  /** Reasons the decoder already found to answer `retry` (such as `animated-image`). */
  readonly reasons?: readonly import('./decide/reasons.ts').Reason[]
  /** What is worth telling but decides nothing (such as `trailing-data`): added to the reasons of the result. */
  readonly notes?: readonly import('./decide/reasons.ts').Reason[]
}

export interface LivenessOptions<Input> extends Omit<CheckOptions, 'signal'> {
  readonly detector: FaceDetector
  /** One model, or several that form an ensemble: margins are averaged with the given weights. */
  readonly models: readonly { readonly model: PadModel; readonly weight?: number }[]
  /** Turns what the caller has into pixels. */
  readonly decode: (input: Input, signal: AbortSignal | undefined) => Promise<DecodedImage>
}

/**
 * Judges pictures. Create it once, share it, call it concurrently, close it.
 * `Input` is what the runtime package's decoder accepts.
 */
export interface Liveness<Input> extends AsyncDisposable {
  readonly models: LivenessResult['model']
  /** Finds the face, judges it. Bad pictures are errors or `retry`, never `live`. */
  check(input: Input, options?: CheckOptions): Promise<LivenessResult>
  /** Judges faces that were found elsewhere, one result a face, in order. */
  checkFaces(input: Input, faces: readonly Face[], options?: CheckOptions): Promise<LivenessResult[]>
  /** Judges a video: stops as early as it is sure. */
  checkSequence(frames: AsyncIterable<Input>, options?: SequenceOptions): Promise<SequenceResult>
  /** Waits for checks in flight, then frees everything. Later calls reject with CLOSED. */
  close(): Promise<void>
}
