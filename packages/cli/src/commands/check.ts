/** `unspoof check`: the verdict on pictures, videos and folders. */
import { stat } from 'node:fs/promises'
import path from 'node:path'
import { type Liveness, LivenessError, SEQUENCE_DEFAULTS, SEQUENCE_RANGES, toLivenessError } from '@unspoof/core'
import {
  createLiveness,
  createLivenessPool,
  type NodeInput,
  type NodeLivenessOptions,
  POOL_DEFAULTS,
} from '@unspoof/node'
import { type Outcome, toJson, toSummary, toText, verdictOf } from '../check/output.ts'
import { VIDEO_FPS, videoFrames } from '../check/video.ts'
import type { Arguments, Command } from '../command.ts'
import { exitCodeOf } from '../exit-codes.ts'
import { byName, expandInputs, isVideo } from '../files.ts'
import { resolveModel } from '../models/resolve.ts'
import { cropsFrom, MODEL_OPTIONS, operatingPointFrom } from '../options.ts'
import type { Terminal } from '../terminal/terminal.ts'

export const checkCommand: Command = {
  name: 'check',
  summary: 'Tells whether pictures or videos show a live person or an attack.',
  usage: ['check FILE|FOLDER|GLOB...', 'check -                    (one picture from standard input)'],
  options: {
    json: { type: 'boolean', help: 'Prints one JSON object a line.' },
    'operating-point': MODEL_OPTIONS['operating-point'],
    calibration: MODEL_OPTIONS.calibration,
    model: {
      type: 'string',
      short: 'm',
      value: 'MODEL',
      multiple: true,
      help: 'A model id, ID:VARIANT or a folder with a card.json; several are averaged.',
    },
    'models-dir': MODEL_OPTIONS['models-dir'],
    crops: MODEL_OPTIONS.crops,
    faces: {
      type: 'string',
      value: 'single|all',
      help: 'single: several faces of comparable size are answered retry. all: every face is judged, the worst counts.',
    },
    sequence: { type: 'boolean', help: 'Takes each folder for the frames of one video, in the order of their names.' },
    fps: { type: 'string', value: 'N', help: `Frames a second that are read of a video file. Default: ${VIDEO_FPS}.` },
    'max-frames': {
      type: 'string',
      value: 'N',
      help: `Frames of a video or sequence that are read at most. Default: ${SEQUENCE_DEFAULTS.maxFrames}.`,
    },
    help: { type: 'boolean', short: 'h', help: 'Shows this page.' },
  },
  notes: [
    'Folders are searched for JPEG, PNG and WebP files. Video files (mp4, mov, webm, mkv, avi, m4v) are decoded by the ffmpeg on the PATH.',
    'Exit status: 0 all live, 1 a spoof, 3 only retries (or retries and no spoof), 2 an error, which wins over the others.',
  ],
  examples: [
    'unspoof check selfie.jpg',
    "unspoof check 'captures/**/*.jpg' --json > results.jsonl",
    'unspoof check video.mp4 --operating-point strict',
  ],
  run,
}

/** From this many pictures on the start of worker threads pays. */
const POOL_FROM = 6

/** One thing to judge. */
interface Work {
  readonly input: string
  readonly judge: (liveness: Liveness<NodeInput>) => Promise<Outcome>
}

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  if (args.positionals.length === 0) {
    throw new LivenessError('OPTION_INVALID', 'Expected pictures, folders or globs: unspoof check selfie.jpg')
  }
  const options = await livenessOptions(args)
  const work = await plan(args)
  const workers = Math.min(POOL_DEFAULTS.workers, work.length)
  const pooled = work.length >= POOL_FROM
  await using liveness = pooled ? await createLivenessPool({ ...options, workers }) : await createLiveness(options)
  const asJson = args.flag('json')
  const progress = terminal.progress('Checking', work.length)
  const outcomes: Outcome[] = []
  /** Results in the order of the inputs, each as soon as those before it are there. */
  const emit = (index: number, outcome: Outcome) => {
    outcomes[index] = outcome
    progress.advance()
  }
  let printed = 0
  let next = 0
  const worker = async () => {
    for (let index = next++; index < work.length; index = next++) {
      emit(index, await work[index]!.judge(liveness))
      for (let ready = outcomes[printed]; ready !== undefined; ready = outcomes[printed]) {
        terminal.print(asJson ? toJson(ready) : toText(ready, terminal))
        printed++
      }
    }
  }
  // The pool's queue holds little: never more checks at once than it has workers.
  await Promise.all(Array.from({ length: pooled ? workers : 1 }, worker))
  progress.end()
  if (!asJson && outcomes.length > 1) terminal.print(`\n${toSummary(outcomes)}`)
  return exitCodeOf(outcomes.map(verdictOf))
}

async function livenessOptions(args: Arguments): Promise<NodeLivenessOptions> {
  const models = await Promise.all(args.list('model').map((spec) => resolveModel(spec, args.list('models-dir'))))
  const operatingPoint = operatingPointFrom(args)
  const crops = cropsFrom(args)
  const calibration = args.text('calibration')
  const faces = args.choice('faces', ['single', 'all'])
  return {
    ...(models.length === 0
      ? {}
      : {
          models: models.map(({ source, variant }) =>
            variant === undefined ? { model: source } : { model: source, variant },
          ),
        }),
    ...(operatingPoint === undefined ? {} : { operatingPoint }),
    ...(crops === undefined ? {} : { crops }),
    ...(faces === undefined ? {} : { faces }),
    ...(calibration === undefined ? {} : { calibration }),
  }
}

async function plan(args: Arguments): Promise<Work[]> {
  const maxFrames =
    args.number('max-frames', { ...SEQUENCE_RANGES.maxFrames, integer: true }) ?? SEQUENCE_DEFAULTS.maxFrames
  const fps = args.number('fps', { min: 0.1, max: 60 }) ?? VIDEO_FPS
  const works: Work[] = []
  const pictures: string[] = []
  const seen = new Set<string>()
  /** An input that is not there is an error of its own and keeps nothing else from being judged. */
  const flush = async () => {
    for (const pattern of pictures.splice(0)) {
      const files = await expandInputs([pattern]).catch((error: unknown) => {
        if (args.positionals.length === 1) throw error
        works.push({ input: pattern, judge: () => guarded(pattern, () => Promise.reject(error)) })
        return []
      })
      for (const file of files) {
        if (seen.has(path.resolve(file))) continue
        seen.add(path.resolve(file))
        works.push(fileWork(file, fps, maxFrames))
      }
    }
  }
  for (const input of args.positionals) {
    if (input === '-') {
      await flush()
      works.push(pictureWork('-', process.stdin))
    } else if (args.flag('sequence') && (await isFolder(input))) {
      await flush()
      works.push(sequenceWork(input, () => folderFrames(input), maxFrames))
    } else pictures.push(input)
  }
  await flush()
  return works
}

async function isFolder(input: string): Promise<boolean> {
  return (await stat(input).catch(() => undefined))?.isDirectory() === true
}

async function* folderFrames(folder: string): AsyncGenerator<NodeInput> {
  for (const file of byName(await expandInputs([folder]))) yield file
}

function fileWork(file: string, fps: number, maxFrames: number): Work {
  return isVideo(file)
    ? sequenceWork(file, () => videoFrames(file, fps), maxFrames)
    : pictureWork(file, path.resolve(file))
}

function pictureWork(input: string, source: NodeInput): Work {
  return {
    input,
    judge: (liveness) => guarded(input, async () => ({ kind: 'picture', input, result: await liveness.check(source) })),
  }
}

function sequenceWork(input: string, frames: () => AsyncIterable<NodeInput>, maxFrames: number): Work {
  return {
    input,
    judge: (liveness) =>
      guarded(input, async () => {
        const began = performance.now()
        // No hurry: nobody stands in front of a camera.
        const result = await liveness.checkSequence(frames(), {
          maxFrames,
          maxDurationMs: SEQUENCE_RANGES.maxDurationMs.max,
        })
        return { kind: 'sequence', input, result, ms: performance.now() - began }
      }),
  }
}

async function guarded(input: string, work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work()
  } catch (error) {
    return { kind: 'error', input, error: toLivenessError(error, 'INPUT_UNREADABLE', 'The input cannot be judged.') }
  }
}
