/** What a face is, and the port of face detectors. */
import type { Box } from '../image/box.ts'
import type { Frame } from '../image/frame.ts'

/** A point in frame pixels. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** The five places every detector agrees on. Left and right are the person's own: rightEye is on the left of a picture. */
export interface KeyPoints {
  readonly rightEye: Point
  readonly leftEye: Point
  readonly nose: Point
  /** Centre of the mouth. */
  readonly mouth: Point
}

export interface Face {
  /** The canonical face where there are key points, else the detector's own box. This is what crops are cut from. */
  readonly box: Box
  /** The box as the detector drew it. */
  readonly detectorBox: Box
  readonly keyPoints: KeyPoints | undefined
  /** The detector's confidence, 0..1. */
  readonly score: number
}

/** Finds faces. Returns them best first; an empty array where there is none. Never more than 20. */
export interface FaceDetector {
  readonly id: string
  detect(frame: Frame): Promise<Face[]>
  close(): Promise<void>
}
