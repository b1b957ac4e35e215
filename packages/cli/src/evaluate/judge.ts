/** What one picture gets of each model: decoded and searched once, judged by each. */
import { readFile } from 'node:fs/promises'
import {
  type Box,
  box,
  calibratedLogit,
  createLiveness,
  type DecodedImage,
  type Face,
  type FaceDetector,
  type Frame,
  isLivenessError,
  type Liveness,
  type LivenessResult,
  logit,
  measureQuality,
  type PadModel,
  sigmoid,
} from '@unspoof/core'
import { skinToneAngle } from '@unspoof/evaluation'
import { createNodeRuntime, decodeImage } from '@unspoof/node'
import { openDetector, openPadModel } from '../engine.ts'
import { liveProfile } from '../spectrum.ts'
import { readCelebaBox } from './index-file.ts'
import type { WorkerSetup, WorkerTask } from './messages.ts'
import { hashText } from './near-duplicates.ts'
import { type Perturbation, perturbationOf } from './perturb.ts'
import type { ModelScore, PictureScores } from './scores.ts'

export interface Judge {
  judge(task: WorkerTask): Promise<PictureScores>
  close(): Promise<void>
}

interface JudgedModel {
  readonly key: string
  /** Several form an ensemble. */
  readonly members: readonly PadModel[]
  /** The product's own path from a frame to a verdict, gates and all. */
  readonly liveness: Liveness<DecodedImage>
}

/** @throws LivenessError where a model or the detector cannot be loaded. */
export async function createJudge(setup: WorkerSetup): Promise<Judge> {
  const runtime = createNodeRuntime({ threads: 1 })
  const options = { modelFolders: setup.modelFolders }
  const detector = await openDetector(runtime, setup.detector ?? undefined, options)
  const models: JudgedModel[] = []
  for (const [key, specs] of Object.entries(setup.models)) {
    const members: PadModel[] = []
    for (const spec of specs) members.push(await openPadModel(runtime, spec, options))
    const liveness = createLiveness<DecodedImage>({
      detector,
      models: members.map((model) => ({ model })),
      decode: async (image) => image,
      crops: setup.crops,
      timeoutMs: 600_000,
    })
    models.push({ key, members, liveness })
  }
  return {
    async judge(task) {
      try {
        return await judgePicture(task, setup, detector, models)
      } catch (error) {
        const { code, message } = isLivenessError(error)
          ? error
          : { code: 'INPUT_UNREADABLE', message: 'The picture cannot be read.' }
        return {
          name: task.name,
          perturbation: task.perturbation,
          error: { code, message },
          models: {},
          timings: { decode: 0, detect: 0 },
        }
      }
    },
    async close() {
      for (const { liveness } of models) await liveness.close()
    },
  }
}

async function judgePicture(
  task: WorkerTask,
  setup: WorkerSetup,
  detector: FaceDetector,
  models: readonly JudgedModel[],
): Promise<PictureScores> {
  const bytes = await readFile(task.file)
  const began = performance.now()
  const image = await decodeImage(bytes)
  const decode = performance.now() - began
  const perturbation = task.perturbation === '' ? undefined : perturbationOf(task.perturbation)
  const base = {
    name: task.name,
    perturbation: task.perturbation,
    ...(image.sha256 === undefined ? {} : { sha256: image.sha256 }),
    ...(task.perturbation === '' ? { hash: hashText(image.frame) } : {}),
  }
  return setup.boxes === 'index'
    ? { ...base, ...(await judgeBox(task, image, models, perturbation, decode, setup)) }
    : { ...base, ...(await judgeDetected(task, image, detector, models, perturbation, decode, setup)) }
}

type Judged = Omit<PictureScores, 'name' | 'perturbation' | 'sha256' | 'hash'>

/** As the product does it: the first model's check finds the face, the others judge the same one. */
async function judgeDetected(
  task: WorkerTask,
  original: DecodedImage,
  detector: FaceDetector,
  models: readonly JudgedModel[],
  perturbation: Perturbation | undefined,
  decode: number,
  setup: WorkerSetup,
): Promise<Judged> {
  let image = original
  if (perturbation?.picture !== undefined && original.frame !== undefined) {
    const faces = await detector.detect(original.frame)
    const side = faces[0] === undefined ? 128 : Math.max(faces[0].box.width, faces[0].box.height)
    image = { ...original, frame: await perturbation.picture(original.frame, side) }
  }
  const [first, ...others] = models
  let result = await first!.liveness.check(image)
  let face = result.face
  if (perturbation?.face !== undefined && face !== null) {
    face = { ...face, box: perturbation.face(face.box) }
    result = (await first!.liveness.checkFaces(image, [face]))[0]!
  }
  const scores: Record<string, ModelScore> = { [first!.key]: toScore(result, first!) }
  for (const other of others) {
    // A picture without a face to judge is the same non-response for every model.
    const judged =
      face === null || result.faces.length !== 1 ? result : (await other.liveness.checkFaces(image, [face]))[0]!
    scores[other.key] = toScore(judged, other)
  }
  return {
    models: scores,
    ...(result.signals === null ? {} : { signals: result.signals }),
    ...(face === null || image.frame === undefined ? {} : measureFace(task, setup, image.frame, face.box, first!)),
    timings: { decode, detect: result.timings.detect },
  }
}

/** What the report or a fit wants to know of the face beside its score. */
function measureFace(
  task: WorkerTask,
  setup: WorkerSetup,
  frame: Frame,
  face: Box,
  model: JudgedModel,
): Pick<PictureScores, 'skinTone' | 'profile'> {
  const profile = task.profile ? liveProfile(model.members[0]!.card, frame, face) : undefined
  return {
    ...(setup.skinTone ? { skinTone: skinToneAngle(frame, face) } : {}),
    ...(profile === undefined ? {} : { profile: [...profile] }),
  }
}

function toScore(result: LivenessResult, model: JudgedModel): ModelScore {
  const { verdict, liveProbability, stability, reasons, timings } = result
  // Between the two thresholds of an operating point there is a score all the same.
  const answered = verdict === 'live' || verdict === 'spoof' || reasons[0]?.code === 'uncertain'
  return {
    score: answered ? liveProbability : null,
    ...(answered || liveProbability === null ? {} : { unstable: liveProbability }),
    reasons: answered ? [] : reasons.map(({ code }) => code),
    margin: liveProbability === null ? null : marginOf(liveProbability, model),
    stability,
    timings: { crop: timings.crop, model: timings.model },
  }
}

/**
 * Back from the calibrated probability to the mean margin, for fits; an ensemble has no one margin. Beyond +-36 a double cannot
 * tell the probability from 0 or 1.
 */
function marginOf(probability: number, { members }: JudgedModel): number | null {
  if (members.length !== 1) return null
  const { slope, offset } = members[0]!.card.calibration
  const odds = Math.min(36, Math.max(-36, logit(probability)))
  return (odds - offset) / slope
}

/** To reproduce published numbers: the index's box, one crop, no gates. */
async function judgeBox(
  task: WorkerTask,
  image: DecodedImage,
  models: readonly JudgedModel[],
  perturbation: Perturbation | undefined,
  decode: number,
  setup: WorkerSetup,
): Promise<Judged> {
  const timings = { decode, detect: 0 }
  const silent = (reasons: ModelScore['reasons']): Judged => ({
    models: Object.fromEntries(
      models.map(({ key }) => [
        key,
        { score: null, reasons, margin: null, stability: null, timings: { crop: 0, model: 0 } },
      ]),
    ),
    timings,
  })
  const { frame } = image
  if (frame === undefined) return silent((image.reasons ?? []).map(({ code }) => code))
  const found = await boxOf(task, frame)
  if (found === undefined) return silent(['no-face'])
  // Pictures whose size changes would need their boxes changed with them; the box's own perturbations need no such care.
  const changed =
    perturbation?.picture === undefined ? frame : await perturbation.picture(frame, Math.max(found.width, found.height))
  const moved = perturbation?.face === undefined ? found : perturbation.face(found)
  const scale = changed.width / frame.width
  const faceBox = box(
    moved.x * scale,
    moved.y * (changed.height / frame.height),
    moved.width * scale,
    moved.height * (changed.height / frame.height),
  )
  const face: Face = { box: faceBox, detectorBox: faceBox, keyPoints: undefined, score: 1 }
  const scores: Record<string, ModelScore> = {}
  for (const { key, members } of models) {
    let odds = 0
    let crop = 0
    let spent = 0
    let margin: number | null = null
    for (const { card, score } of members) {
      const { margins, timings: member } = await score(changed, [faceBox])
      odds += calibratedLogit(margins[0]!, card.calibration) / members.length
      crop += member.crop
      spent += member.model
      margin = members.length === 1 ? margins[0]! : null
    }
    scores[key] = { score: sigmoid(odds), reasons: [], margin, stability: null, timings: { crop, model: spent } }
  }
  return {
    models: scores,
    signals: measureQuality(changed, face),
    ...measureFace(task, setup, changed, faceBox, models[0]!),
    timings,
  }
}

async function boxOf(task: WorkerTask, frame: Frame) {
  if (task.boxBeside) return readCelebaBox(task.file, frame.width, frame.height)
  return task.box === null ? undefined : box(...task.box)
}
