/** createFaceDetector(): card and session in, the FaceDetector port out. */
import { LivenessError } from '../errors.ts'
import { type Box, box } from '../image/box.ts'
import type { Frame } from '../image/frame.ts'
import type { DetectorCard } from '../model/card.ts'
import { checkTensor } from '../model/load.ts'
import type { RuntimeSession, Tensor } from '../model/runtime.ts'
import { checkKeys, checkNumber, describe } from '../validate.ts'
import { blazeFaceAnchors, decodeBlazeFace } from './blazeface.ts'
import { canonicalFace } from './canonical.ts'
import type { Face, FaceDetector, KeyPoints, Point } from './face.ts'
import { letterbox, type Placement, place } from './letterbox.ts'
import { type Detection, suppress, suppressWeighted } from './nms.ts'
import { decodeYuNet } from './yunet.ts'

/** The most faces a detector answers. */
export const MAX_FACES = 20

/** A card and the session its weights run in, as `loadModel` gives them. */
export interface DetectorModel {
  readonly card: DetectorCard
  readonly session: RuntimeSession
}

export interface FaceDetectorOptions {
  /** Tried in order; the first that finds a face answers. */
  readonly models: readonly DetectorModel[]
  /**
   * Lowest score of a face, in [0.05, 0.99].
   * @default the card's
   */
  readonly scoreThreshold?: number
}

/** How far the frame is shrunk into the input, tried in order: a face that fills the frame is found in the second. */
const ZOOMS = [1, 2] as const

/**
 * Makes a face detector from one or more models.
 * @throws LivenessError OPTION_INVALID
 * @throws LivenessError CARD_INVALID when a network has other inputs or outputs than its card says.
 */
export function createFaceDetector(options: FaceDetectorOptions): FaceDetector {
  checkKeys('face detector', options, ['models', 'scoreThreshold'])
  const { models, scoreThreshold } = options
  if (!Array.isArray(models) || models.length === 0) {
    throw new LivenessError(
      'OPTION_INVALID',
      `Expected at least one model for models but received ${describe(models)}.`,
    )
  }
  if (scoreThreshold !== undefined) checkNumber('scoreThreshold', scoreThreshold, { min: 0.05, max: 0.99 })
  const networks = models.map((model: DetectorModel) =>
    createNetwork(model, scoreThreshold ?? model.card.scoreThreshold),
  )
  let closed: Promise<void> | undefined
  return {
    id: models.map((model: DetectorModel) => model.card.id).join('+'),
    async detect(frame) {
      if (closed !== undefined) throw new LivenessError('CLOSED', 'The face detector was closed.')
      for (const zoom of ZOOMS) {
        for (const network of networks) {
          const faces = await network(frame, zoom)
          if (faces.length > 0) return faces
        }
      }
      return []
    },
    close() {
      closed ??= Promise.all(models.map((model: DetectorModel) => model.session.close())).then(() => undefined)
      return closed
    },
  }
}

type Network = (frame: Frame, zoom: number) => Promise<Face[]>

function createNetwork({ card, session }: DetectorModel, scoreThreshold: number): Network {
  const { input } = card
  const dims = input.layout === 'nchw' ? [1, 3, input.height, input.width] : [1, input.height, input.width, 3]
  checkTensor(session.inputs, input.name, dims, card.id, 'input')
  const decode = createDecoder(card, scoreThreshold)
  return async (frame, zoom) => {
    const placement = place(frame, input, zoom)
    const outputs = await session.run({ [input.name]: { data: letterbox(frame, input, placement), dims } })
    return decode(outputs)
      .map((detection) => toFace(detection, placement))
      .filter((face) => isInside(face.detectorBox, frame))
  }
}

function createDecoder(card: DetectorCard, threshold: number): (outputs: Record<string, Tensor>) => Detection[] {
  const { decoder, iouThreshold } = card
  if (decoder.kind === 'yunet') {
    return (outputs) => suppress(decodeYuNet(outputs, card, decoder.strides, threshold), iouThreshold, MAX_FACES)
  }
  const anchors = blazeFaceAnchors(decoder, card.input.width, card.input.height)
  return (outputs) =>
    suppressWeighted(decodeBlazeFace(outputs, card, decoder, anchors, threshold), iouThreshold, MAX_FACES)
}

function toFace({ box: found, keyPoints, score }: Detection, { originX, originY, step }: Placement): Face {
  const point = ({ x, y }: Point): Point => ({ x: originX + x * step, y: originY + y * step })
  const points: KeyPoints = {
    rightEye: point(keyPoints.rightEye),
    leftEye: point(keyPoints.leftEye),
    nose: point(keyPoints.nose),
    mouth: point(keyPoints.mouth),
  }
  const corner = point(found)
  return {
    box: canonicalFace(points),
    detectorBox: box(corner.x, corner.y, found.width * step, found.height * step),
    keyPoints: points,
    score,
  }
}

/** A face has its centre in the picture; the letterbox's border has none. */
function isInside(face: Box, frame: Frame): boolean {
  const x = face.x + face.width / 2
  const y = face.y + face.height / 2
  return x >= 0 && y >= 0 && x < frame.width && y < frame.height
}
