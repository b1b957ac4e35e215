/** One image from bytes to result: decode, find faces, judge them. */
import { reason } from '../decide/reasons.ts'
import type { FaceResult, LivenessResult, OperatingPoint } from '../decide/result.ts'
import { LivenessError } from '../errors.ts'
import type { Face, FaceDetector } from '../face/face.ts'
import type { Frame } from '../image/frame.ts'
import type { PadCard } from '../model/card.ts'
import { operatingPointOf, type ResolvedCheckOptions } from '../options.ts'
import type { Budget } from './budget.ts'
import { type FoundFaces, findAllFaces, findFaces, lookAgain } from './find-faces.ts'
import type { DecodedImage } from './image.ts'
import { createFaceJudge, type WeightedModel } from './judge-face.ts'
import { resultOf, unjudged } from './result.ts'

export interface ImageCheckParts<Input> {
  readonly detector: FaceDetector
  readonly models: readonly WeightedModel[]
  /** In place of the card's. */
  readonly operatingPoints?: PadCard['operatingPoints'] | undefined
  readonly decode: (input: Input, signal: AbortSignal | undefined) => Promise<DecodedImage>
}

export interface ImageCheck<Input> {
  readonly models: LivenessResult['model']
  readonly operatingPoints: PadCard['operatingPoints']
  pointOf(options: ResolvedCheckOptions): OperatingPoint
  /** Finds the faces and judges them. The frame is undefined where the decoder refused the image. */
  image(input: Input, options: ResolvedCheckOptions, budget: Budget): Promise<CheckedFrame>
  /** Judges faces that were found elsewhere: one result a face, in order. */
  faces(input: Input, faces: readonly Face[], options: ResolvedCheckOptions, budget: Budget): Promise<LivenessResult[]>
}

export interface CheckedFrame {
  readonly frame: Frame | undefined
  readonly result: LivenessResult
}

/** @throws LivenessError OPTION_INVALID */
export function createImageCheck<Input>({
  detector,
  models,
  decode,
  ...given
}: ImageCheckParts<Input>): ImageCheck<Input> {
  const judgeFace = createFaceJudge(models)
  const operatingPoints = given.operatingPoints ?? models[0]!.model.card.operatingPoints
  const described = models.map(({ model: { card, variant } }) => ({ id: card.id, version: card.version, variant }))
  const pointOf = (options: ResolvedCheckOptions): OperatingPoint =>
    operatingPointOf(options.operatingPoint, { operatingPoints })

  /** The image, and its frame where it can be judged. */
  async function decoded(input: Input, budget: Budget): Promise<{ image: DecodedImage; judged: Frame | undefined }> {
    budget.check()
    const image = await budget.stage('decode', () => decode(input, budget.signal))
    const isRefused = (image.reasons?.length ?? 0) > 0
    if (image.frame === undefined && !isRefused) {
      throw new LivenessError('IMAGE_CORRUPT', 'The decoder gave no pixels.')
    }
    return { image, judged: isRefused ? undefined : image.frame }
  }

  /** Several people are answered `retry` where one is expected; a thing that was taken for a face is judged by the gates only. */
  async function judgeFound(
    frame: Frame,
    { faces, others }: FoundFaces,
    options: ResolvedCheckOptions,
    budget: Budget,
  ): Promise<FaceResult[]> {
    if (options.faces === 'single' && faces.length > 1) {
      const crowd = [reason('multiple-faces', { value: faces.length, bound: 1 })]
      return faces.map((face) => unjudged(face, crowd))
    }
    const isFace = faces.length > 0
    const results: FaceResult[] = []
    for (const face of isFace ? faces : others.slice(0, 1)) {
      results.push(await judgeFace({ frame, face, isFace, options, point: pointOf(options), budget }))
      budget.check()
    }
    // A thing that was taken for a face and passes every gate.
    return results.filter(({ reasons }) => reasons[0]?.code !== 'no-face')
  }

  return {
    models: described,
    operatingPoints,
    pointOf,
    async image(input, options, budget) {
      const { image, judged } = await decoded(input, budget)
      let results: FaceResult[] = []
      if (judged !== undefined) {
        const find = options.faces === 'single' ? findFaces : findAllFaces
        const found = await budget.stage('detect', () => find(detector, judged))
        results = await judgeFound(judged, found, options, budget)
      }
      const reasons = judged === undefined ? (image.reasons ?? []) : [reason('no-face')]
      const parts = { image, results, reasons, point: pointOf(options), models: described }
      return { frame: image.frame, result: resultOf({ ...parts, timings: budget.timings() }) }
    },
    async faces(input, faces, options, budget) {
      const { image, judged } = await decoded(input, budget)
      const point = pointOf(options)
      const results: LivenessResult[] = []
      for (const face of faces) {
        let result = unjudged(face, image.reasons ?? [])
        if (judged !== undefined) {
          const { isFace } = await budget.stage('detect', () => lookAgain(detector, judged, face))
          result = await judgeFace({ frame: judged, face, isFace, options, point, budget })
          budget.check()
        }
        results.push(resultOf({ image, results: [result], point, models: described, timings: budget.timings() }))
      }
      return results
    },
  }
}
