/** The entry point of the core. Adapters import from here and nowhere deeper. */

// Verdicts
export * from './decide/calibration.ts'
export { type Decision, decide, type Evidence, worstVerdict } from './decide/decide.ts'
export { grantLive, type LiveClaim } from './decide/grant.ts'
export { marginOf } from './decide/margin.ts'
export * from './decide/reasons.ts'
export * from './decide/result.ts'
export {
  decideSequence,
  SEQUENCE_DEFAULTS,
  SEQUENCE_RANGES,
  type SequenceOptions,
  type SequenceParts,
  type SequenceResult,
  sequenceProbability,
} from './decide/sequence.ts'
export {
  calibratedPoints,
  MIN_CAPTURES,
  parseCalibration,
  type SiteCalibration,
  signCalibration,
} from './decide/site-calibration.ts'
// Errors and options
export * from './errors.ts'
// Faces
export { canonicalFace } from './face/canonical.ts'
export { createFaceDetector, type DetectorModel, type FaceDetectorOptions } from './face/detector.ts'
export * from './face/face.ts'
export {
  createFaceLandmarker,
  type FaceLandmarker,
  type FaceLandmarks,
  type LandmarksModel,
} from './face/landmarks.ts'
// Pixels
export { type AreaKernel, type AreaPlan, type AreaSum, setAreaKernel } from './image/area.ts'
export * from './image/box.ts'
export { lumaOf } from './image/colour.ts'
export { type CropRect, cropRect, cropResize } from './image/crop.ts'
export * from './image/frame.ts'
export { jitterBoxes } from './image/jitter.ts'
export { LUMA_GRID_SIDE, lumaGrid } from './image/luma-grid.ts'
export { hammingDistance, type PerceptualHash, perceptualHash } from './image/perceptual-hash.ts'
export { type Interpolation, resize } from './image/resize.ts'
export { packTensor, type TensorFormat } from './image/tensor.ts'
// The pipeline
export * from './liveness.ts'
// Models
export * from './model/card.ts'
export * from './model/card-schema.ts'
export { type LoadedModel, type LoadModelOptions, loadModel, sha256Hex, verifyBytes } from './model/load.ts'
export * from './model/pad-model.ts'
export * from './model/runtime.ts'
export * from './model/source.ts'
export * from './options.ts'
// Quality
export { QUALITY_BOUNDS, qualityReasons } from './quality/gates.ts'
export { measureQuality } from './quality/measure.ts'
export { yawOf } from './quality/pose.ts'
export { seededRandom } from './random.ts'
// Frequency texture
export * from './spectrum/features.ts'
export { fft2, type HalfSpectrum } from './spectrum/fft.ts'
export { frameSpectrum, logSpectrum, spectrumTarget } from './spectrum/log-spectrum.ts'
export { radialProfile } from './spectrum/profile.ts'
export { checkInteger, checkKeys, checkNumber, checkOneOf, describe, invalid, nearest } from './validate.ts'
