/** createFaceLandmarker(): card and session in, a mesh of landmarks out. */
import { LivenessError, toLivenessError } from '../errors.ts'
import type { Frame } from '../image/frame.ts'
import type { LandmarksCard } from '../model/card.ts'
import { checkTensor } from '../model/load.ts'
import type { RuntimeSession, Tensor } from '../model/runtime.ts'
import type { Face, KeyPoints } from './face.ts'
import { cropRotatedSquare, fromSquare, type RotatedSquare } from './rotated-crop.ts'

/** The landmarks of one face. */
export interface FaceLandmarks {
  /** `x, y, z` of each landmark by turns, frame pixels. `z` is the network's guess of depth: below 0 is nearer than the head's middle. */
  readonly points: Float64Array
  /** How sure the network is that there is a face, 0..1. */
  readonly score: number
}

/** Finds the landmarks of faces that a detector has found. */
export interface FaceLandmarker {
  readonly id: string
  /** Number of landmarks a face. */
  readonly count: number
  /**
   * Undefined for a face without key points, and where the network answers no finite places.
   * @throws LivenessError MODEL_OUTPUT, CLOSED
   */
  locate(frame: Frame, face: Face): Promise<FaceLandmarks | undefined>
  close(): Promise<void>
}

/** A card and the session its weights run in, as `loadModel` gives them. */
export interface LandmarksModel {
  readonly card: LandmarksCard
  readonly session: RuntimeSession
}

/**
 * Makes a face landmarker. Only servers need one: it tells a head from a flat picture of one.
 * @throws LivenessError CARD_INVALID when the network has other inputs or outputs than its card says.
 * @example
 * const model = await loadModel({ source: bundledModel('face-mesh'), runtime: createNodeRuntime(), parse: parseLandmarksCard })
 * const landmarker = createFaceLandmarker(model)
 * const landmarks = await landmarker.locate(frame, face)
 */
export function createFaceLandmarker({ card, session }: LandmarksModel): FaceLandmarker {
  const { input, output, crop } = card
  const { width: size } = input
  const dims = input.layout === 'nchw' ? [1, 3, size, size] : [1, size, size, 3]
  checkTensor(session.inputs, input.name, dims, card.id, 'input')
  checkTensor(session.outputs, output.landmarks, [1, output.count, 3], card.id, 'output.landmarks')
  checkTensor(session.outputs, output.presence, [1, 1], card.id, 'output.presence')
  let closed: Promise<void> | undefined
  return {
    id: card.id,
    count: output.count,
    async locate(frame, { keyPoints }) {
      if (closed !== undefined) throw new LivenessError('CLOSED', 'The face landmarker was closed.')
      const square = keyPoints === undefined ? undefined : squareOf(keyPoints, crop)
      if (square === undefined) return undefined
      let outputs: Record<string, Tensor>
      try {
        outputs = await session.run({ [input.name]: { data: cropRotatedSquare(frame, square, input), dims } })
      } catch (error) {
        throw toLivenessError(error, 'MODEL_OUTPUT', `Model ${card.id} failed to run.`)
      }
      const values = valuesOf(outputs, output.landmarks, output.count * 3, card.id)
      const [presence] = valuesOf(outputs, output.presence, 1, card.id)
      const points = placed(values, square, size)
      if (!points.every(Number.isFinite) || Number.isNaN(presence)) return undefined
      return { points, score: 1 / (1 + Math.exp(-presence!)) }
    },
    close() {
      closed ??= session.close()
      return closed
    },
  }
}

/** The square around a face whose eyes lie level in it; undefined where the key points fall together. */
function squareOf({ rightEye, leftEye, mouth }: KeyPoints, crop: LandmarksCard['crop']): RotatedSquare | undefined {
  const middle = { x: (rightEye.x + leftEye.x) / 2, y: (rightEye.y + leftEye.y) / 2 }
  const across = { x: leftEye.x - rightEye.x, y: leftEye.y - rightEye.y }
  const down = { x: mouth.x - middle.x, y: mouth.y - middle.y }
  // Eyes and mouth both say what level is: of a turned head the eyes alone say it badly.
  const [x, y] = [across.x + down.y, across.y - down.x]
  const length = Math.hypot(x, y)
  const side = crop.scale * Math.max(Math.hypot(across.x, across.y), Math.hypot(down.x, down.y))
  if (!(length > 0 && side >= 1 && Number.isFinite(side))) return undefined
  const centre = { x: middle.x + crop.down * down.x, y: middle.y + crop.down * down.y }
  return { centre, side, axis: { x: x / length, y: y / length } }
}

function placed(values: Float32Array, square: RotatedSquare, size: number): Float64Array {
  const points = new Float64Array(values.length)
  for (let i = 0; i < values.length; i += 3) {
    const { x, y } = fromSquare(square, values[i]!, values[i + 1]!, size)
    points[i] = x
    points[i + 1] = y
    points[i + 2] = (values[i + 2]! * square.side) / size
  }
  return points
}

function valuesOf(outputs: Readonly<Record<string, Tensor>>, name: string, length: number, id: string): Float32Array {
  const tensor = Object.hasOwn(outputs, name) ? outputs[name] : undefined
  if (tensor?.data.length === length) return tensor.data
  throw new LivenessError(
    'MODEL_OUTPUT',
    `Model ${id}: expected ${length} values for output "${name}" but received ${tensor?.data.length ?? 'nothing'}.`,
  )
}
