/** What the header readers tell about a picture before anything decodes it. */
import { LivenessError } from '@unspoof/core'

export type ImageType = 'jpeg' | 'png' | 'webp'

export interface Repair {
  readonly at: number
  readonly value: number
}

export interface ImageHeader {
  readonly type: ImageType
  /** Pixels as stored, before any orientation is applied. */
  readonly width: number
  readonly height: number
  readonly animated: boolean
  /** True where bytes follow the end of the picture. */
  readonly trailing: boolean
  /**
   * Bytes of the header that a strict decoder warns of and that change no pixel: where they are, and what decoders take
   * them for. Browsers show such images.
   */
  readonly repairs?: readonly Repair[]
  /** JPEG: true where one pass over the file is enough, so that it can be decoded at a reduced size with little memory. */
  readonly onePass?: boolean
}

/** The error of every header reader. What is wrong is named; the bytes are not. */
export function corrupt(what: string): LivenessError {
  return new LivenessError('IMAGE_CORRUPT', `The picture is damaged: ${what}.`)
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
