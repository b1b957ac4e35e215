/** The public door of the core. Adapters import from here and nowhere deeper. */

// Verdicts
export * from './decide/reasons.ts'
export * from './decide/result.ts'
export * from './decide/sequence.ts'
// Errors and options
export * from './errors.ts'
// Faces
export * from './face/face.ts'
// Pixels
export * from './image/box.ts'
export * from './image/frame.ts'
// The pipeline
export * from './liveness.ts'
// Models
export * from './model/card.ts'
export * from './model/pad-model.ts'
export * from './model/runtime.ts'
export * from './model/source.ts'
export * from './options.ts'
export { checkInteger, checkKeys, checkNumber, checkOneOf, describe, invalid } from './validate.ts'
