/** What other libraries answer, as the few fields that are read: types only, no dependency. */

/** Pixels of the picture it was found in. Never corners: `{ x1, y1, x2, y2 }` and bare arrays are refused. */
export interface PlainBox {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

interface Size {
  readonly width: number
  readonly height: number
}

interface Point {
  readonly x: number
  readonly y: number
}

/** `FaceDetection` of face-api.js and @vladmandic/face-api. */
export interface FaceApiDetection {
  readonly box: PlainBox
  readonly score: number
  /** The size the box refers to; `resizeResults` changes it to the display's. */
  readonly imageDims?: Size
}

/** What `detectAllFaces(...).withFaceLandmarks()` and the like answer; without landmarks only the box is there. */
export interface FaceApiResult {
  readonly detection: FaceApiDetection
  /** The 68 landmarks, in the size of the detection. */
  readonly landmarks?: { readonly positions: readonly Point[] }
}

/** One face of @vladmandic/human. */
export interface HumanFace {
  /** x, y, width, height in pixels of the canvas human worked on. */
  readonly box: readonly [number, number, number, number]
  /** The same in 0..1. */
  readonly boxRaw?: readonly [number, number, number, number]
  readonly score?: number
  /** 468 or 478 points in 0..1, where the mesh is on. */
  readonly meshRaw?: readonly (readonly [number, number, number?])[]
}

/** `human.detect()`. */
export interface HumanResult {
  readonly face: readonly HumanFace[]
}

/** One face of MediaPipe's FaceDetector. */
export interface MediaPipeDetection {
  readonly boundingBox?: {
    readonly originX: number
    readonly originY: number
    readonly width: number
    readonly height: number
  }
  readonly categories: readonly { readonly score: number }[]
  /** Right eye, left eye, nose, mouth, right ear, left ear; 0..1. */
  readonly keypoints: readonly Point[]
}

/** MediaPipe's FaceDetector. */
export interface MediaPipeDetectorResult {
  readonly detections: readonly MediaPipeDetection[]
}

/** MediaPipe's FaceLandmarker: 478 points a face, 0..1. */
export interface MediaPipeLandmarkerResult {
  readonly faceLandmarks: readonly (readonly Point[])[]
}

/** One face of the browser's own `FaceDetector` (Shape Detection API), in pixels of the input. */
export interface BrowserDetectedFace {
  /** A DOMRect. */
  readonly boundingBox: PlainBox
  /** Two eyes, a nose and a mouth, each with one or more points; missing where the platform finds none. */
  readonly landmarks?: readonly { readonly type: string; readonly locations: readonly Point[] }[] | null
}
