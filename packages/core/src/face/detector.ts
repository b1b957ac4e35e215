/** createFaceDetector(): card and session in, the FaceDetector port out. */
import { LivenessError, toLivenessError } from '../errors.ts'
import { type Box, box, iou } from '../image/box.ts'
import type { Frame } from '../image/frame.ts'
import type { DetectorCard } from '../model/card.ts'
import { checkTensor } from '../model/load.ts'
import type { RuntimeSession, Tensor } from '../model/runtime.ts'
import { checkKeys, checkNumber, describe } from '../validate.ts'
import { createBlazeFaceDecoder } from './blazeface.ts'
import { canonicalFace } from './canonical.ts'
import type { Face, FaceDetector, Point } from './face.ts'
import { letterbox, type Placement, place, type Region } from './letterbox.ts'
import { type Detection, suppress, suppressWeighted } from './nms.ts'
import type { Decoder } from './outputs.ts'
import { views } from './views.ts'
import { createYuNetDecoder } from './yunet.ts'

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
   * Lowest score of a face, in [0.05, 0.99]. Faces that are only found zoomed out or in parts of the frame need at least 0.65.
   * @default the card's
   */
  readonly scoreThreshold?: number
}

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
  const checkOpen = (): void => {
    if (closed !== undefined) throw new LivenessError('CLOSED', 'The face detector was closed.')
  }
  return {
    id: models.map((model: DetectorModel) => model.card.id).join('+'),
    async detect(frame, { thorough = false } = {}) {
      checkOpen()
      const all: Detection[] = []
      for (const { kind, regions, minScore } of views(frame)) {
        for (const [n, network] of networks.entries()) {
          // Beside a face that was found: nothing larger is expected, and one network is enough for the parts.
          if (all.length > 0 && (kind === 'zoomed-out' || (kind === 'parts' && n > 0))) continue
          const found: Detection[] = []
          for (const region of regions) found.push(...(await network.detect(frame, region)))
          // Faces in the overlap of two regions are found twice.
          const faces = suppress(found, network.iouThreshold, MAX_FACES).filter(({ score }) => score >= minScore)
          if (faces.length > 0 && !thorough) return faces.map(toFace)
          // The first look at a face counts, so that its box is the same however much is searched.
          all.push(...faces.filter((face) => !all.some((known) => iou(known.box, face.box) > SAME_FACE)))
        }
      }
      return all
        .sort((a, b) => b.score - a.score)
        .slice(0, MAX_FACES)
        .map(toFace)
    },
    async confirm(frame, { box }) {
      checkOpen()
      const looks = await Promise.all(networks.map((network) => network.lookAgain(frame, box)))
      const known = looks.filter((look) => look !== undefined)
      if (known.length === 0) return { score: 1, isFace: true }
      // The mean: what one network takes for a face, the other often does not.
      const mean = (of: (look: (typeof known)[number]) => number): number =>
        known.reduce((sum, look) => sum + of(look), 0) / known.length
      const score = mean((look) => look.score)
      return { score, isFace: score >= mean((look) => look.minScore) }
    },
    close() {
      closed ??= Promise.all(models.map((model: DetectorModel) => model.session.close())).then(() => undefined)
      return closed
    },
  }
}

/** Faces of two looks that overlap by more than this are one. */
const SAME_FACE = 0.3

/** Detections with less are not looked at in the second look. */
const LOWEST_SECOND_SCORE = 0.05

interface Network {
  readonly iouThreshold: number
  /** Faces in a region of the frame, in frame pixels. */
  detect(frame: Frame, region: Region): Promise<Detection[]>
  /** Undefined where the card has no second look. */
  lookAgain(frame: Frame, face: Box): Promise<{ score: number; minScore: number } | undefined>
}

function createNetwork({ card, session }: DetectorModel, scoreThreshold: number): Network {
  const { input, iouThreshold } = card
  const dims = input.layout === 'nchw' ? [1, 3, input.height, input.width] : [1, input.height, input.width, 3]
  checkTensor(session.inputs, input.name, dims, card.id, 'input')
  const decoder = createDecoder(card)
  for (const { name, rows, columns } of decoder.heads) {
    checkTensor(session.outputs, name, [1, rows, columns], card.id, 'decoder')
  }
  const reduce = card.decoder.kind === 'blazeface' ? suppressWeighted : suppress
  const { secondLook } = card

  async function search(frame: Frame, region: Region, threshold: number): Promise<Detection[]> {
    const placement = place(region, input)
    const feeds = { [input.name]: { data: letterbox(frame, input, placement), dims } }
    let outputs: Record<string, Tensor>
    try {
      outputs = await session.run(feeds)
    } catch (error) {
      throw toLivenessError(error, 'MODEL_OUTPUT', `Detector ${card.id} failed to run.`)
    }
    return reduce(decoder.decode(outputs, threshold), iouThreshold, MAX_FACES)
      .map((detection) => toFrame(detection, placement))
      .filter((detection) => isInside(detection.box, frame))
  }

  return {
    iouThreshold,
    detect: (frame, region) => search(frame, region, scoreThreshold),
    async lookAgain(frame, face) {
      if (secondLook === undefined) return undefined
      // The letterbox is black where the crop leaves the frame, so that a face at its edge is seen like any other.
      const found = await search(frame, around(face, secondLook.scale), LOWEST_SECOND_SCORE)
      const scores = found.filter(({ keyPoints }) => iou(canonicalFace(keyPoints), face) > SAME_FACE)
      const score = Math.max(0, ...scores.map((detection) => detection.score))
      return { score, minScore: secondLook.minScore }
    },
  }
}

/** A square around the centre of a face, in multiples of its longer side. */
function around({ x, y, width, height }: Box, scale: number): Region {
  const side = Math.max(width, height) * scale
  return { x: x + (width - side) / 2, y: y + (height - side) / 2, width: side, height: side }
}

function createDecoder(card: DetectorCard): Decoder {
  return card.decoder.kind === 'blazeface'
    ? createBlazeFaceDecoder(card, card.decoder)
    : createYuNetDecoder(card, card.decoder.strides)
}

function toFrame({ box: found, keyPoints, score }: Detection, { originX, originY, step }: Placement): Detection {
  const point = ({ x, y }: Point): Point => ({ x: originX + x * step, y: originY + y * step })
  const corner = point(found)
  return {
    box: box(corner.x, corner.y, found.width * step, found.height * step),
    keyPoints: {
      rightEye: point(keyPoints.rightEye),
      leftEye: point(keyPoints.leftEye),
      nose: point(keyPoints.nose),
      mouth: point(keyPoints.mouth),
    },
    score,
  }
}

function toFace({ box: detectorBox, keyPoints, score }: Detection): Face {
  return { box: canonicalFace(keyPoints), detectorBox, keyPoints, score }
}

/** A face has its centre in the picture; the letterbox's border has none. */
function isInside(face: Box, frame: Frame): boolean {
  const x = face.x + face.width / 2
  const y = face.y + face.height / 2
  return x >= 0 && y >= 0 && x < frame.width && y < frame.height
}
