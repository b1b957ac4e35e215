/** `@unspoof/core/protocol`: the wire format and the movements, small enough for a page. */
export {
  type Baseline,
  type FaceGeometry,
  faceGeometry,
  MOVEMENT_BOUNDS,
  median,
  movementProgress,
} from './movement.ts'
export * from './wire.ts'
