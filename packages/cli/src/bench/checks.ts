/** The whole check, from the bytes of a JPEG to the verdict. */
import {
  createLiveness as createCoreLiveness,
  type DecodedImage,
  LivenessError,
  type LivenessResult,
  type Timings,
} from '@unspoof/core'
import { quantile } from '@unspoof/evaluation'
import { createLiveness, createLivenessPool, createNodeRuntime, decodeImage } from '@unspoof/node'
import sharp from 'sharp'
import { openDetector, openPadModel } from '../engine.ts'
import { type Candidate, type Measurement, measure } from './measure.ts'

export const PICTURE_SIZE = { width: 640, height: 480 } as const

/** A JPEG of 640 x 480, so that numbers of different pictures can be compared. */
export async function benchPicture(bytes: Uint8Array): Promise<Uint8Array> {
  const jpeg = await sharp(bytes)
    .autoOrient()
    .resize(PICTURE_SIZE.width, PICTURE_SIZE.height, { fit: 'contain', background: '#808080' })
    .jpeg({ quality: 90 })
    .toBuffer()
  return new Uint8Array(jpeg)
}

/** A way to check: the default, or a detector and a model put together. */
export interface CheckSetup {
  readonly name: string
  readonly crops: 1 | 3
  readonly threads: number
  readonly model?: string
  readonly detector?: string
}

export interface CheckRow {
  readonly setup: CheckSetup
  readonly measurement: Measurement
  /** Medians of the steps, milliseconds. */
  readonly steps: Timings
  readonly verdict: LivenessResult['verdict']
}

type Checker = { check(bytes: Uint8Array): Promise<LivenessResult>; close(): Promise<void> }

/** All ways take turns on the same bytes. */
export async function benchChecks(
  setups: readonly CheckSetup[],
  jpeg: Uint8Array,
  folders: readonly string[],
  seconds: number,
): Promise<CheckRow[]> {
  const open: { setup: CheckSetup; checker: Checker; results: LivenessResult[] }[] = []
  try {
    for (const setup of setups) open.push({ setup, checker: await openChecker(setup, folders), results: [] })
    const candidates = open.map(
      ({ setup, checker, results }): Candidate => ({
        name: setup.name,
        run: async () => {
          results.push(await checker.check(jpeg))
        },
      }),
    )
    const measurements = await measure(candidates, { seconds })
    return open.map(({ setup, results }, i) => ({
      setup,
      measurement: measurements[i]!,
      steps: medianSteps(results),
      verdict: results[0]!.verdict,
    }))
  } finally {
    for (const { checker } of open) await checker.close()
  }
}

async function openChecker(setup: CheckSetup, folders: readonly string[]): Promise<Checker> {
  const { crops, threads, model, detector } = setup
  if (model === undefined) return createLiveness({ crops, threads })
  const runtime = createNodeRuntime({ threads })
  return createCoreLiveness<Uint8Array>({
    detector: await openDetector(runtime, detector, { modelFolders: folders }),
    models: [{ model: await openPadModel(runtime, model, { modelFolders: folders }) }],
    decode: (bytes): Promise<DecodedImage> => decodeImage(bytes),
    crops,
  })
}

function medianSteps(results: readonly LivenessResult[]): Timings {
  const median = (step: keyof Timings) =>
    quantile(
      results.map(({ timings }) => timings[step]).sort((a, b) => a - b),
      0.5,
    )
  return {
    decode: median('decode'),
    detect: median('detect'),
    quality: median('quality'),
    crop: median('crop'),
    model: median('model'),
    total: median('total'),
  }
}

export interface PoolRow {
  readonly workers: number
  readonly checksPerSecond: number
}

/** Checks a second of a full pool, as a server would use it. */
export async function benchPool(jpeg: Uint8Array, workers: number, seconds: number): Promise<PoolRow> {
  await using pool = await createLivenessPool({ workers })
  await Promise.all(Array.from({ length: workers * 3 }, () => pool.check(jpeg)))
  let done = 0
  const began = performance.now()
  const until = began + seconds * 1000
  const client = async () => {
    while (performance.now() < until) {
      await pool.check(jpeg)
      done++
    }
  }
  // Twice as many clients as workers: nobody waits for the next picture.
  await Promise.all(Array.from({ length: workers * 2 }, client))
  return { workers, checksPerSecond: (done * 1000) / (performance.now() - began) }
}

export interface StartRow {
  /** Milliseconds until the models are loaded, and of the first check after. */
  readonly load: number
  readonly firstCheck: number
  /** MiB of the process after it. */
  readonly memory: number
}

export async function benchStart(jpeg: Uint8Array): Promise<StartRow> {
  const began = performance.now()
  await using liveness = await createLiveness()
  const loaded = performance.now()
  const { face } = await liveness.check(jpeg)
  const checked = performance.now()
  if (face === null) {
    throw new LivenessError('INPUT_INVALID', 'There is no face in this picture: the benchmark needs one to judge.')
  }
  return { load: loaded - began, firstCheck: checked - loaded, memory: process.memoryUsage.rss() / 1024 ** 2 }
}
