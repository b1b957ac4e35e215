/** One pass over the images of a submission: what the judgement needs of each frame, without keeping its pixels. */
import {
  type Frame,
  LivenessError,
  type LivenessResult,
  lumaGrid,
  type PerceptualHash,
  perceptualHash,
  type Reason,
  type SequenceResult,
} from '@unspoof/core'
import { type FaceGeometry, faceGeometry } from '@unspoof/core/protocol'
import { toHex } from './bytes.ts'
import { type DepthFrame, depthFrame } from './depth/depth-frame.ts'
import { type ContinuityFrame, continuityFrame } from './frames/continuity.ts'
import { FRAME_SIDE, type ResolvedSessionsOptions } from './options.ts'

/** What is kept of a frame when its pixels are gone. */
export interface Evidence {
  readonly width: number
  readonly height: number
  readonly grid: Float64Array
  readonly hash: PerceptualHash
  readonly sha256: string
  readonly decodeReasons: readonly Reason[]
  /** Undefined until the frame was judged. */
  judged: JudgedEvidence | undefined
}

export interface JudgedEvidence {
  readonly face: FaceGeometry | undefined
  readonly continuity: ContinuityFrame | undefined
  /** Undefined where depth is not measured, or the mesh was not found. */
  readonly depth: DepthFrame | undefined
  readonly result: LivenessResult
}

/** Cameras make 4:3, 16:9 and at most 21:9. */
const MAX_ASPECT = 2.5

export interface EvidenceInput {
  readonly images: readonly Uint8Array[]
  readonly operatingPoint: SequenceOperatingPoint
  readonly minJudged: number
  /** Whether movements were asked for: without one there is no depth to measure. */
  readonly moves: boolean
  readonly signal: AbortSignal
}

type SequenceOperatingPoint = NonNullable<
  Parameters<ResolvedSessionsOptions['liveness']['checkSequence']>[1]
>['operatingPoint']

/**
 * Feeds the images one by one, so that at most two frames' pixels are alive.
 * @throws what decoding and judging throw; FRAMES_INVALID, IMAGE_TOO_LARGE
 */
export async function gatherEvidence(
  { decode, liveness, landmarker, submitTimeoutMs }: ResolvedSessionsOptions,
  { images, operatingPoint, minJudged, moves, signal }: EvidenceInput,
): Promise<{ readonly evidence: readonly Evidence[]; readonly sequence: SequenceResult }> {
  const evidence: Evidence[] = []
  const depths: Promise<DepthFrame | undefined>[] = []
  let current: Frame
  async function* frames(): AsyncGenerator<Frame> {
    for (const image of images) {
      signal.throwIfAborted()
      // Of the frame before: its pixels are needed no longer then.
      await depths.at(-1)
      const { frame, reasons } = await decode(image)
      // The camera of a browser makes no such images: animations, transparent ones, tiny ones.
      if (frame === undefined) throw new LivenessError('FRAMES_INVALID', 'Expected plain images of a camera.')
      checkSize(frame, evidence[0])
      evidence.push(await evidenceOf(image, frame, reasons ?? []))
      current = frame
      yield frame
    }
  }
  const sequence = await liveness.checkSequence(frames(), {
    operatingPoint,
    faces: 'single',
    minFrames: minJudged,
    maxFrames: images.length,
    maxDurationMs: submitTimeoutMs,
    // Every frame is judged: the movements are in the last ones.
    stopEarly: false,
    signal,
    onFrame(result, index) {
      const depth = landmarker === null || !moves ? undefined : depthFrame(landmarker, current, result.face)
      // It is awaited before the next frame; a sequence that ends before must not leave it unhandled.
      depth?.catch(() => undefined)
      depths[index] = depth ?? Promise.resolve(undefined)
      const face = faceGeometry(result.face)
      evidence[index]!.judged = { face, continuity: continuityFrame(current, result.face), depth: undefined, result }
    },
  })
  for (const [index, depth] of depths.entries()) {
    const seen = evidence[index]!
    if (seen.judged !== undefined) seen.judged = { ...seen.judged, depth: await depth }
  }
  return { evidence, sequence }
}

function checkSize({ width, height }: Frame, first: Evidence | undefined): void {
  const side = Math.max(width, height)
  if (side > FRAME_SIDE.max)
    throw new LivenessError('IMAGE_TOO_LARGE', `Expected frames of at most ${FRAME_SIDE.max} pixels a side.`)
  if (side < FRAME_SIDE.min || Math.min(width, height) < side / MAX_ASPECT) {
    throw new LivenessError(
      'FRAMES_INVALID',
      `Expected frames of at least ${FRAME_SIDE.min} pixels on the longer side, and at most ${MAX_ASPECT} times as long as wide.`,
    )
  }
  if (first !== undefined && (first.width !== width || first.height !== height)) {
    throw new LivenessError('FRAMES_INVALID', 'Expected all frames to have one size.')
  }
}

async function evidenceOf(image: Uint8Array, frame: Frame, decodeReasons: readonly Reason[]): Promise<Evidence> {
  const grid = lumaGrid(frame)
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', image as Uint8Array<ArrayBuffer>)))
  const { width, height } = frame
  return { width, height, grid, hash: perceptualHash(grid), sha256, decodeReasons, judged: undefined }
}
