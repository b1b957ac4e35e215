/** What a decoder gives. */
import type { Reason } from '../decide/reasons.ts'
import type { Frame } from '../image/frame.ts'

/** Pixels with what is known of the image they come from. */
export interface DecodedImage {
  /** Undefined where `reasons` say why the image is answered `retry` without being decoded. */
  readonly frame: Frame | undefined
  /** Lower-case hex SHA-256 of the bytes; undefined for raw frames. */
  readonly sha256?: string
  /** Reasons the decoder already found to answer `retry` (such as `animated-image`). */
  readonly reasons?: readonly Reason[]
  /** What is worth telling but decides nothing (such as `trailing-data`): added to the reasons of the result. */
  readonly notes?: readonly Reason[]
}
