/** Can this face be judged at all? Each gate compares one signal with one bound. */

import { type Reason, reason } from '../decide/reasons.ts'
import type { QualitySignals } from '../decide/result.ts'

/** The bounds. docs/benchmarks/quality.md says what the default model's errors do beyond them, and which command measures it. */
export const QUALITY_BOUNDS = {
  /** Canonical face's area by the frame's: above 1 the face is larger than the image. */
  maxFaceShare: 0.7,
  /** Share of the surroundings that may lie outside the frame, 0..1: more where an image was cut around the face. */
  maxSurroundingsOutside: 0.66,
  /** Share of the canonical face that may lie outside the frame, 0..1. */
  maxOutside: 0.2,
  /** Mean luma of the face, 0..255. */
  minBrightness: 40,
  maxBrightness: 190,
  /** Standard deviations of blue and red against luma: next to 0 in grey and infrared images. */
  minChroma: 5,
  /** Standard deviation of the face's luma, 0..128. */
  minContrast: 12,
  /** Variance of the Laplacian at 128 pixels. */
  minSharpness: 5,
  /** Fine detail by coarse, see {@link QualitySignals}. */
  minDetail: 0.03,
  /** Share of even pixels: more is a drawing, and no face. The highest of 427 live faces is .35. */
  maxFlatness: 0.5,
  /** Degrees. */
  maxRoll: 40,
  /** Nose between the eyes = -1..1. */
  maxYaw: 1.1,
} as const

/**
 * @param minSide the smallest face (longer side, pixels) the model's card accepts.
 * @returns the gates that failed; empty where the face can be judged.
 */
export function qualityReasons(signals: QualitySignals, minSide: number): Reason[] {
  const bounds = QUALITY_BOUNDS
  const reasons: Reason[] = []
  const atLeast = (code: Parameters<typeof reason>[0], value: number, bound: number): void => {
    // Written so that NaN fails the gate.
    if (!(value >= bound)) reasons.push(reason(code, { value, bound }))
  }
  const atMost = (code: Parameters<typeof reason>[0], value: number, bound: number): void => {
    if (!(value <= bound)) reasons.push(reason(code, { value, bound }))
  }
  atLeast('face-too-small', signals.faceSide, minSide)
  atMost('face-too-close', signals.faceShare, bounds.maxFaceShare)
  atMost('face-cut-off', signals.outside, bounds.maxOutside)
  atMost('face-cropped', signals.surroundingsOutside, bounds.maxSurroundingsOutside)
  atLeast('too-dark', signals.brightness, bounds.minBrightness)
  atMost('too-bright', signals.brightness, bounds.maxBrightness)
  atLeast('no-colour', signals.chroma, bounds.minChroma)
  atLeast('low-contrast', signals.contrast, bounds.minContrast)
  atLeast('blurred', signals.sharpness, bounds.minSharpness)
  // What is small or blurred anyway has little detail; that is said already.
  if (reasons.length === 0) atLeast('blurred', signals.detail, bounds.minDetail)
  if (signals.roll !== undefined) atMost('face-tilted', Math.abs(signals.roll), bounds.maxRoll)
  if (signals.yaw !== undefined) atMost('face-turned', Math.abs(signals.yaw), bounds.maxYaw)
  return reasons
}
