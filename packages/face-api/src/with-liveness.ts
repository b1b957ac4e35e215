/** withLiveness(): adds the liveness of each face to what another library found. */
import {
  type CheckOptions,
  checkKeys,
  type Face,
  type FaceResult,
  iou,
  type Liveness,
  type LivenessResult,
  VERDICT_CODES,
} from '@unspoof/core'
import { createLiveness, type WebInput } from '@unspoof/web'
import { fromMediaPipeDetection, fromMediaPipeLandmarks, type InputSize, type Size, sizeOf, toFace } from './faces.ts'
import type {
  BrowserDetectedFace,
  FaceApiDetection,
  FaceApiResult,
  HumanFace,
  HumanResult,
  MediaPipeDetection,
  MediaPipeDetectorResult,
  MediaPipeLandmarkerResult,
  PlainBox,
} from './results.ts'

export interface WithLivenessOptions<Input = WebInput> extends Omit<CheckOptions, 'faces'> {
  /**
   * A ready liveness, from `@unspoof/web` or, in Node, `@unspoof/node`.
   * @default one that is made on the first call in a page, from `/unspoof/`, and shared by all later calls
   */
  readonly liveness?: Pick<Liveness<Input>, 'check' | 'checkFaces'>
  /** Size of the input in pixels, where it cannot be read from it (a path, a Buffer, a Blob). */
  readonly size?: Size
  /**
   * Finds each face again with our own detector, so that the number is the one `check` gives: every detector draws its boxes
   * and points differently, and the probability depends on them. Where ours finds nothing, the canonical face of the landmarks
   * is judged, or the box where there are none. False saves a run of the detector and judges what was given. @default true
   */
  readonly refine?: boolean
}

/** A result with the verdict on that face. */
export type WithLiveness<Result> = Result & { readonly liveness: LivenessResult }

/** One face in the shape of a library that lists them. */
export type OneFace = FaceApiResult | FaceApiDetection | HumanFace | BrowserDetectedFace | MediaPipeDetection | PlainBox

/** A task of face-api.js, which can be awaited, but whose `then` is declared narrower than that of a promise. */
interface FaceApiTask<T> {
  then(onfulfilled: (value: T) => T | PromiseLike<T>): Promise<T>
  run(): Promise<T>
}

type Awaitable<T> = T | PromiseLike<T> | FaceApiTask<T>

const OPTION_KEYS = [
  'liveness',
  'size',
  'refine',
  'operatingPoint',
  'crops',
  'minStability',
  'timeoutMs',
  'signal',
] as const satisfies readonly (keyof WithLivenessOptions)[]

/**
 * Results keep their type and their order. Results of a promise or of a face-api.js task are awaited. A video moves on
 * while a detector works: give both the same still picture (a canvas) where the number must be exact.
 * @throws LivenessError INPUT_INVALID for results that are not understood, and everything `checkFaces` throws.
 */
export async function withLiveness<Result extends OneFace, Input = WebInput>(
  results: Awaitable<readonly Result[]>,
  input: Input,
  options?: WithLivenessOptions<Input>,
): Promise<WithLiveness<Result>[]>
export async function withLiveness<Result extends HumanResult, Input = WebInput>(
  results: Awaitable<Result>,
  input: Input,
  options?: WithLivenessOptions<Input>,
): Promise<Omit<Result, 'face'> & { readonly face: WithLiveness<Result['face'][number]>[] }>
export async function withLiveness<Result extends MediaPipeDetectorResult, Input = WebInput>(
  results: Awaitable<Result>,
  input: Input,
  options?: WithLivenessOptions<Input>,
): Promise<Omit<Result, 'detections'> & { readonly detections: WithLiveness<Result['detections'][number]>[] }>
/** One verdict a face, beside `faceLandmarks`. */
export async function withLiveness<Result extends MediaPipeLandmarkerResult, Input = WebInput>(
  results: Awaitable<Result>,
  input: Input,
  options?: WithLivenessOptions<Input>,
): Promise<Result & { readonly liveness: LivenessResult[] }>
/** Undefined, as of `detectSingleFace`, stays undefined. */
export async function withLiveness<Result extends OneFace | undefined, Input = WebInput>(
  result: Awaitable<Result>,
  input: Input,
  options?: WithLivenessOptions<Input>,
): Promise<Result extends undefined ? undefined : WithLiveness<Result>>
export async function withLiveness<Input>(
  given: Awaitable<unknown>,
  input: Input,
  options: WithLivenessOptions<Input> = {},
): Promise<unknown> {
  checkKeys('withLiveness', options, OPTION_KEYS)
  const results = await given
  if (results === undefined || results === null) return undefined
  const size = options.size ?? sizeOf(input)
  const judge = (faces: readonly Face[]): Promise<LivenessResult[]> => judgeFaces(faces, input, options)
  if (Array.isArray(results)) return judgeList(results, size, judge)
  if (typeof results === 'object') {
    if ('detections' in results) {
      const { detections } = results as MediaPipeDetectorResult
      const verdicts = await judge(detections.map((detection) => fromMediaPipeDetection(detection, size)))
      return { ...results, detections: detections.map((detection, i) => attach(detection, verdicts[i]!)) }
    }
    if ('faceLandmarks' in results) {
      const { faceLandmarks } = results as MediaPipeLandmarkerResult
      return {
        ...results,
        liveness: await judge(faceLandmarks.map((landmarks) => fromMediaPipeLandmarks(landmarks, size))),
      }
    }
    if ('face' in results && Array.isArray(results.face))
      return { ...results, face: await judgeList(results.face, size, judge) }
  }
  return (await judgeList([results], size, judge))[0]
}

async function judgeList(
  results: readonly unknown[],
  size: InputSize,
  judge: (faces: readonly Face[]) => Promise<LivenessResult[]>,
): Promise<unknown[]> {
  const verdicts = await judge(results.map((result) => toFace(result, size)))
  return results.map((result, i) => attach(result as object, verdicts[i]!))
}

async function judgeFaces<Input>(
  faces: readonly Face[],
  input: Input,
  { liveness, size: _, refine = true, ...check }: WithLivenessOptions<Input>,
): Promise<LivenessResult[]> {
  if (faces.length === 0) return []
  const ready = liveness ?? ((await defaultLiveness()) as unknown as Liveness<Input>)
  if (!refine) return ready.checkFaces(input, faces, check)
  const own = await ready.check(input, { ...check, faces: 'all' })
  const matches = faces.map((face) => bestMatch(face, own.faces))
  const rest = faces.filter((_, i) => matches[i] === undefined)
  const others = rest.length === 0 ? [] : [...(await ready.checkFaces(input, rest, check))]
  return matches.map((match) => (match === undefined ? others.shift()! : resultOf(own, match)))
}

/** Boxes of two detectors on one face overlap at least this much. */
const SAME_FACE = 0.25

function bestMatch(face: Face, own: readonly FaceResult[]): FaceResult | undefined {
  let best: FaceResult | undefined
  let bestOverlap = SAME_FACE
  for (const candidate of own) {
    const overlap = iou(face.box, candidate.face.box)
    if (overlap < bestOverlap) continue
    best = candidate
    bestOverlap = overlap
  }
  return best
}

/** The result of a picture as if it had only this face. */
function resultOf(picture: LivenessResult, face: FaceResult): LivenessResult {
  const { verdict, reasons } = face
  const hint = verdict === 'live' ? '' : (reasons[0]?.hint ?? '')
  return { ...picture, ...face, code: VERDICT_CODES[verdict], hint, faces: [face] }
}

/** A copy that keeps methods and getters: results of face-api.js are instances of classes. */
function attach<Result extends object>(result: Result, liveness: LivenessResult): WithLiveness<Result> {
  const copy = Object.create(Object.getPrototypeOf(result), Object.getOwnPropertyDescriptors(result))
  return Object.assign(copy, { liveness })
}

let shared: ReturnType<typeof createLiveness> | undefined

/** Made once; a failed load is tried again by the next call. */
function defaultLiveness(): ReturnType<typeof createLiveness> {
  if (shared === undefined) {
    const loading = createLiveness()
    shared = loading
    loading.catch(() => {
      if (shared === loading) shared = undefined
    })
  }
  return shared
}
