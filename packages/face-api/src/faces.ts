/** From the results of others to faces with the key points our crops are cut by, in pixels of the input. */
import {
  type Box,
  box,
  canonicalFace,
  type Face,
  invalid,
  type KeyPoints,
  LivenessError,
  type Point,
} from '@unspoof/core'
import type {
  BrowserDetectedFace,
  FaceApiDetection,
  FaceApiResult,
  HumanFace,
  MediaPipeDetection,
  PlainBox,
} from './results.ts'

export interface Size {
  readonly width: number
  readonly height: number
}

/** Undefined where the size of the input cannot be known without decoding it, as for a path in Node. */
export type InputSize = Size | undefined

/** One face of any detector that lists faces, or a box. */
export function toFace(result: unknown, size: InputSize): Face {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) {
    throw invalid('results', 'results of a face detector or boxes with x, y, width and height', result, 'INPUT_INVALID')
  }
  if ('boundingBox' in result) {
    return 'keypoints' in result
      ? fromMediaPipeDetection(result as MediaPipeDetection, size)
      : fromBrowser(result as BrowserDetectedFace)
  }
  if ('detection' in result) return fromFaceApi(result as FaceApiResult, size)
  if (Array.isArray((result as Partial<HumanFace>).box)) return fromHuman(result as HumanFace, size)
  if ('box' in result && 'score' in result) return fromFaceApi({ detection: result as FaceApiDetection }, size)
  return fromBox(result as PlainBox)
}

function fromBox({ x, y, width, height }: PlainBox): Face {
  return faceOf(box(x, y, width, height), 1, undefined)
}

/** The right eye is the one on the left of the image. Without all four landmarks the box is used. */
function fromBrowser({ boundingBox: { x, y, width, height }, landmarks }: BrowserDetectedFace): Face {
  const places = (type: string): Point[] =>
    (landmarks ?? [])
      .filter((landmark) => landmark.type === type && landmark.locations.length > 0)
      .map(({ locations }) => mean(locations))
  const [rightEye, leftEye, ...others] = places('eye').sort((a, b) => a.x - b.x)
  const [nose, mouth] = [places('nose')[0], places('mouth')[0]]
  const complete = rightEye && leftEye && nose && mouth && others.length === 0
  return faceOf(box(x, y, width, height), 1, complete ? { rightEye, leftEye, nose, mouth } : undefined)
}

/** Scaled back where `resizeResults` or `forSize` fitted the result to a display. */
function fromFaceApi({ detection, landmarks }: FaceApiResult, size: InputSize): Face {
  const { imageDims, score } = detection
  const known = size !== undefined && imageDims !== undefined
  const sx = known ? size.width / imageDims.width : 1
  const sy = known ? size.height / imageDims.height : 1
  const { x, y, width, height } = detection.box
  const points = landmarks?.positions.map((point) => ({ x: point.x * sx, y: point.y * sy }))
  return faceOf(
    box(x * sx, y * sy, width * sx, height * sy),
    score,
    points?.length === 68 ? fromLandmarks68(points) : undefined,
  )
}

/** human's pixels are those of its own canvas, which its filters may have resized: the relative values are used where there are any. */
function fromHuman({ box: pixels, boxRaw, score = 1, meshRaw }: HumanFace, size: InputSize): Face {
  const [x, y, width, height] =
    boxRaw === undefined || size === undefined
      ? pixels
      : [boxRaw[0] * size.width, boxRaw[1] * size.height, boxRaw[2] * size.width, boxRaw[3] * size.height]
  const mesh =
    size === undefined ? undefined : meshRaw?.map((point) => ({ x: point[0] * size.width, y: point[1] * size.height }))
  return faceOf(box(x, y, width, height), score, mesh !== undefined && mesh.length >= 468 ? fromMesh(mesh) : undefined)
}

export function fromMediaPipeDetection(
  { boundingBox, keypoints, categories }: MediaPipeDetection,
  size: InputSize,
): Face {
  const { width, height } = requireSize(size)
  const [rightEye, leftEye, nose, mouth] = keypoints.map((point) => ({ x: point.x * width, y: point.y * height }))
  if (rightEye === undefined || leftEye === undefined || nose === undefined || mouth === undefined) {
    throw new LivenessError('INPUT_INVALID', 'Expected the four key points of a MediaPipe detection.')
  }
  const points = { rightEye, leftEye, nose, mouth }
  const found =
    boundingBox === undefined
      ? canonicalFace(points)
      : box(boundingBox.originX, boundingBox.originY, boundingBox.width, boundingBox.height)
  return faceOf(found, categories[0]?.score ?? 1, points)
}

export function fromMediaPipeLandmarks(landmarks: readonly Point[], size: InputSize): Face {
  const { width, height } = requireSize(size)
  if (landmarks.length < 468)
    throw new LivenessError('INPUT_INVALID', `Expected 468 or 478 landmarks but received ${landmarks.length}.`)
  const points = fromMesh(landmarks.map((point) => ({ x: point.x * width, y: point.y * height })))
  return faceOf(canonicalFace(points), 1, points)
}

function faceOf(detectorBox: Box, score: number, keyPoints: KeyPoints | undefined): Face {
  return { box: keyPoints === undefined ? detectorBox : canonicalFace(keyPoints), detectorBox, keyPoints, score }
}

/** The 68 points of iBUG 300-W: the right eye is 36 to 41, on the left of the picture. */
function fromLandmarks68(points: readonly Point[]): KeyPoints {
  return {
    rightEye: mean(points.slice(36, 42)),
    leftEye: mean(points.slice(42, 48)),
    nose: points[30]!,
    // Corners and the middle of both lips: where BlazeFace puts the mouth.
    mouth: mean([points[48]!, points[54]!, points[62]!, points[66]!]),
  }
}

/** The 468 points of MediaPipe's face mesh. */
function fromMesh(points: readonly Point[]): KeyPoints {
  const at = (...indices: readonly number[]): Point => mean(indices.map((index) => points[index]!))
  return { rightEye: at(33, 133, 159, 145), leftEye: at(362, 263, 386, 374), nose: at(1), mouth: at(61, 291, 13, 14) }
}

function mean(points: readonly Point[]): Point {
  const sum = points.reduce((total, point) => ({ x: total.x + point.x, y: total.y + point.y }), { x: 0, y: 0 })
  return { x: sum.x / points.length, y: sum.y / points.length }
}

function requireSize(size: InputSize): Size {
  if (size !== undefined) return size
  throw new LivenessError(
    'INPUT_INVALID',
    'These results are relative to the size of the input, which is not known: pass the size option.',
  )
}

/** The size of what has one; pixels of the media itself, not of the element on the page. */
export function sizeOf(input: unknown): InputSize {
  if (typeof input !== 'object' || input === null) return undefined
  const media = input as Record<string, unknown>
  for (const [width, height] of [
    ['videoWidth', 'videoHeight'],
    ['naturalWidth', 'naturalHeight'],
    ['displayWidth', 'displayHeight'],
    ['width', 'height'],
  ] as const) {
    const size = { width: media[width], height: media[height] }
    if (typeof size.width === 'number' && typeof size.height === 'number' && size.width > 0 && size.height > 0)
      return size as Size
  }
  return undefined
}
