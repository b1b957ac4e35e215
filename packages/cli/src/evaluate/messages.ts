/** What the evaluating process and its workers tell each other. */
import type { PictureScores } from './scores.ts'

/** Everything a worker needs once. */
export interface WorkerSetup {
  readonly kind: 'setup'
  /** By key of the report; several specs of one key form an ensemble. */
  readonly models: Readonly<Record<string, readonly string[]>>
  readonly modelFolders: readonly string[]
  readonly detector: string | null
  readonly boxes: 'detector' | 'index'
  readonly crops: 1 | 3 | 5
  /** Measure the skin tone of the face as well. */
  readonly skinTone: boolean
}

export interface WorkerTask {
  readonly kind: 'task'
  readonly name: string
  readonly file: string
  readonly perturbation: string
  /** x, y, width, height of the index. */
  readonly box: readonly [number, number, number, number] | null
  /** True where the box stands in a file beside the picture, as in CelebA-Spoof. */
  readonly boxBeside: boolean
  /** Measure the radial profile of the crop's spectrum, of the first model. */
  readonly profile: boolean
}

export type ToWorker = WorkerSetup | WorkerTask

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string }
  | { readonly kind: 'done'; readonly row: PictureScores }
