/** The public door of the core. Adapters import from here and nowhere deeper. */

// Verdicts
export * from './decide/calibration.ts'
export { type Decision, decide, type Evidence, stabilityOf, worstVerdict } from './decide/decide.ts'
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
} from './decide/sequence.ts'
// Errors and options
export * from './errors.ts'
// Evaluation
export * from './evaluate/index.ts'
// Explanation
export {
  OCCLUSION_DEFAULTS,
  OCCLUSION_RANGES,
  type OcclusionMap,
  type OcclusionOptions,
  occlusionMap,
} from './explain/occlusion.ts'
// Faces
export { canonicalFace } from './face/canonical.ts'
export { createFaceDetector, type DetectorModel, type FaceDetectorOptions, MAX_FACES } from './face/detector.ts'
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
export * from './image/colour.ts'
export { type CropRect, cropRect, cropResize } from './image/crop.ts'
export * from './image/frame.ts'
export { jitterBoxes } from './image/jitter.ts'
export { LUMA_GRID_SIDE, lumaGrid } from './image/luma-grid.ts'
export { applyOrientation } from './image/orientation.ts'
export { hammingDistance, type PerceptualHash, perceptualHash } from './image/perceptual-hash.ts'
export { type Interpolation, resize } from './image/resize.ts'
export { packTensor, type TensorFormat } from './image/tensor.ts'
// The pipeline
export * from './liveness.ts'
// Models
export * from './model/card.ts'
export * from './model/card-schema.ts'
export * from './model/load.ts'
export * from './model/pad-model.ts'
export * from './model/runtime.ts'
export * from './model/source.ts'
export * from './options.ts'
// Quality
export { QUALITY_BOUNDS, qualityReasons } from './quality/gates.ts'
export { measureQuality } from './quality/measure.ts'
export { rollOf, yawOf } from './quality/pose.ts'
// Frequency texture
export * from './spectrum/features.ts'
export { fft2, type HalfSpectrum, MAX_FFT_SIZE } from './spectrum/fft.ts'
export * from './spectrum/log-spectrum.ts'
export { type PeakOptions, type SpectralPeak, spectralPeaks } from './spectrum/peaks.ts'
export { angularProfile, radialProfile } from './spectrum/profile.ts'
export { checkInteger, checkKeys, checkNumber, checkOneOf, describe, invalid, nearest } from './validate.ts'
