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

export interface DetectOptions {
  /** Also looks for smaller faces where larger ones were found. @default false */
  readonly thorough?: boolean
}

/** What a second look says of one face. */
export interface SecondLook {
  /** 0..1. */
  readonly score: number
  /** False where there is no face after all. */
  readonly isFace: boolean
}

/** Finds faces. Returns them best first; an empty array where there is none. Never more than 20. */
export interface FaceDetector {
  readonly id: string
  detect(frame: Frame, options?: DetectOptions): Promise<Face[]>
  /** Looks again at a face in a crop around it. A detector without this is believed. */
  confirm?(frame: Frame, face: Face): Promise<SecondLook>
  close(): Promise<void>
}
