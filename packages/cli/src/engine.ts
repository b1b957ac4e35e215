/** The parts of the pipeline one by one, for commands that look inside: runtime, detector, models. */
import {
  createFaceDetector,
  type FaceDetector,
  loadModel,
  loadPadModel,
  type PadModel,
  parseDetectorCard,
  type Runtime,
} from '@unspoof/core'
import { bundledModel, DEFAULT_DETECTORS } from '@unspoof/models'
import { resolveModel } from './models/resolve.ts'

export interface EngineOptions {
  /** Folders that hold weights of registry models. */
  readonly modelFolders?: readonly string[]
  readonly threads?: number
}

/** @throws LivenessError OPTION_INVALID, CARD_INVALID, MODEL_MISSING, MODEL_HASH, MODEL_LOAD */
export async function openPadModel(runtime: Runtime, spec: string, options: EngineOptions = {}): Promise<PadModel> {
  const { source, variant } = await resolveModel(spec, options.modelFolders)
  return loadPadModel({
    source,
    runtime,
    ...(variant === undefined ? {} : { variant }),
    ...(options.threads === undefined ? {} : { threads: options.threads }),
  })
}

/** The detectors the packages use where none is chosen, or the one named. */
export async function openDetector(
  runtime: Runtime,
  spec?: string,
  options: EngineOptions = {},
): Promise<FaceDetector> {
  const sources =
    spec === undefined
      ? DEFAULT_DETECTORS.map((id) => ({ source: bundledModel(id), variant: undefined }))
      : [await resolveModel(spec, options.modelFolders)]
  const models = await Promise.all(
    sources.map(({ source, variant }) =>
      loadModel({
        source,
        runtime,
        parse: parseDetectorCard,
        ...(variant === undefined ? {} : { variant }),
        ...(options.threads === undefined ? {} : { threads: options.threads }),
      }),
    ),
  )
  return createFaceDetector({ models })
}
