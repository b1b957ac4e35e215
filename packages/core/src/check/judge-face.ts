/** The judgement of one face: gates, crops, models, verdict. */
import { calibratedLogit } from '../decide/calibration.ts'
import { decide } from '../decide/decide.ts'
import { type Reason, reason } from '../decide/reasons.ts'
import type { FaceResult, OperatingPoint } from '../decide/result.ts'
import { LivenessError } from '../errors.ts'
import type { Face } from '../face/face.ts'
import type { Box } from '../image/box.ts'
import type { Frame } from '../image/frame.ts'
import { jitterBoxes } from '../image/jitter.ts'
import type { PadModel } from '../model/pad-model.ts'
import type { ResolvedCheckOptions } from '../options.ts'
import { qualityReasons } from '../quality/gates.ts'
import { measureQuality } from '../quality/measure.ts'
import type { Budget } from './budget.ts'

/** A model of an ensemble: the calibrated log-odds of its members are averaged with these weights. */
export interface WeightedModel {
  readonly model: PadModel
  /** Above 0. @default 1 */
  readonly weight?: number
}

export interface FaceToJudge {
  readonly frame: Frame
  readonly face: Face
  /** False where the second look found no face there: it is answered `no-face`, or with the gate that explains it. */
  readonly isFace: boolean
  readonly options: ResolvedCheckOptions
  readonly point: OperatingPoint
  readonly budget: Budget
}

/** @throws LivenessError MODEL_OUTPUT */
export type JudgeFace = (given: FaceToJudge) => Promise<FaceResult>

/** @throws LivenessError OPTION_INVALID */
export function createFaceJudge(models: readonly WeightedModel[]): JudgeFace {
  const weights = normalisedWeights(models)
  const { minSide } = models[0]!.model.card.validFace
  return async ({ frame, face, isFace, options, point, budget }) => {
    const began = performance.now()
    const signals = measureQuality(frame, face)
    const reasons: Reason[] = qualityReasons(signals, minSide)
    budget.add('quality', performance.now() - began)
    if (reasons.length === 0 && !isFace) reasons.push(reason('no-face'))
    const logits = reasons.length === 0 ? await score(frame, jitterBoxes(face.box, options.crops), budget) : []
    return { ...decide({ logits, ...point, minStability: options.minStability, reasons }), face, signals }
  }

  /** Calibrated log-odds of live, one a box: the weighted mean of the models. */
  async function score(frame: Frame, boxes: readonly Box[], budget: Budget): Promise<number[]> {
    const logits = boxes.map(() => 0)
    for (const [m, { model }] of models.entries()) {
      const { margins, timings } = await model.score(frame, boxes)
      // Models of others may break their contract: a crop without a finite margin would count as undecided, or as certain.
      if (margins.length !== boxes.length || !margins.every(Number.isFinite)) {
        throw new LivenessError(
          'MODEL_OUTPUT',
          `The model ${model.card.id} did not answer a finite margin for every crop.`,
        )
      }
      budget.add('crop', timings.crop)
      budget.add('model', timings.model)
      margins.forEach((margin, i) => {
        logits[i]! += weights[m]! * calibratedLogit(margin, model.card.calibration)
      })
    }
    return logits
  }
}

function normalisedWeights(models: readonly WeightedModel[]): number[] {
  const weights = models.map(({ weight }) => weight ?? 1)
  const sum = weights.reduce((a, b) => a + b, 0)
  if (!weights.every((weight) => Number.isFinite(weight) && weight > 0)) {
    throw new LivenessError('OPTION_INVALID', 'Expected a number above 0 for the weight of every model.')
  }
  return weights.map((weight) => weight / sum)
}
