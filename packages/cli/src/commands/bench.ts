/** `unspoof bench`: how fast, side by side in one run. */
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import { DEFAULTS, LivenessError } from '@unspoof/core'
import { DEFAULT_DETECTORS, DEFAULT_PAD_MODEL } from '@unspoof/models'
import {
  benchChecks,
  benchPicture,
  benchPool,
  benchStart,
  type CheckRow,
  type CheckSetup,
  PICTURE_SIZE,
  type PoolRow,
  type StartRow,
} from '../bench/checks.ts'
import { BATCHES, benchModels, type ModelRow, THREADS, variantsOf } from '../bench/models.ts'
import type { Arguments, Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { readPicture } from '../files.ts'
import { MODEL_OPTIONS } from '../options.ts'
import { table } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { VERSION } from '../version.ts'

/** The parts of the article this project began with, where their weights are on this machine. */
const ARTICLE = { detector: 'yunet-2023mar-640', model: 'facenox-minifasnet-v2-se-128' } as const

export const benchCommand: Command = {
  name: 'bench',
  summary: 'Measures models and the whole check side by side: medians and ratios.',
  usage: ['bench PICTURE                (a picture with one face)'],
  options: {
    model: {
      type: 'string',
      short: 'm',
      value: 'MODEL',
      multiple: true,
      help: 'Another model to put beside the default one, with every variant that is there.',
    },
    'models-dir': MODEL_OPTIONS['models-dir'],
    seconds: { type: 'string', value: 'N', help: 'Time of each measurement and candidate. Default: 1.' },
    json: { type: 'string', value: 'FILE', help: 'Writes all numbers as JSON.' },
    help: { type: 'boolean', short: 'h', help: 'Shows this page.' },
  },
  notes: [
    `The picture is made a JPEG of ${PICTURE_SIZE.width} x ${PICTURE_SIZE.height}. Candidates take turns, so that a busy machine disturbs all of them alike: trust the ratios more than the milliseconds. With the weights of ${ARTICLE.detector} and ${ARTICLE.model} (cache or --models-dir), the parts of the original article run beside ours.`,
  ],
  examples: [
    'unspoof bench selfie.jpg',
    'unspoof bench selfie.jpg -m silent-face-v2-80 --models-dir weights/ --json bench.json',
  ],
  run,
}

interface BenchReport {
  readonly environment: object
  readonly start: StartRow
  readonly models: readonly ModelRow[]
  readonly checks: readonly CheckRow[]
  readonly pool: readonly PoolRow[]
}

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [input, ...rest] = args.positionals
  if (input === undefined || rest.length > 0) {
    throw new LivenessError('OPTION_INVALID', 'Expected one picture with a face: unspoof bench selfie.jpg')
  }
  const seconds = args.number('seconds', { min: 0.05, max: 60 }) ?? 1
  const folders = args.list('models-dir')
  const jpeg = await benchPicture(await readPicture(input))
  const article = await articleParts(folders)
  const others = await allVariants(args.list('model'), folders)
  const progress = terminal.progress('Measuring', THREADS.length * BATCHES.length + 3)

  // First, while nothing is loaded yet.
  const start = await benchStart(jpeg)
  const pads = [...(await variantsOf(DEFAULT_PAD_MODEL, folders)), ...others]
  const specs = [...new Set([...pads, ...article.models, ...article.detectors, DEFAULT_DETECTORS[0]!])]
  const models = await benchModels(specs, folders, seconds, () => progress.advance())
  const checks = await benchChecks(checkSetups(others, article), jpeg, folders, seconds)
  progress.advance()
  const pool: PoolRow[] = []
  for (const workers of new Set([1, availableParallelism()])) {
    pool.push(await benchPool(jpeg, workers, Math.max(1, seconds)))
    progress.advance()
  }
  progress.end()

  const report: BenchReport = {
    environment: {
      unspoof: VERSION,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpu: `${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}`,
    },
    start,
    models,
    checks,
    pool,
  }
  terminal.print(renderBench(report))
  const json = args.text('json')
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 1)}\n`)
  return EXIT.OK
}

interface ArticleParts {
  readonly models: readonly string[]
  readonly detectors: readonly string[]
}

async function articleParts(folders: readonly string[]): Promise<ArticleParts> {
  return {
    models: await variantsOf(ARTICLE.model, folders),
    detectors: await variantsOf(ARTICLE.detector, folders),
  }
}

async function allVariants(specs: readonly string[], folders: readonly string[]): Promise<string[]> {
  const variants: string[] = []
  for (const spec of specs) {
    const found = await variantsOf(spec, folders)
    if (found.length === 0) {
      throw new LivenessError('MODEL_MISSING', `The weights of ${spec} are not on this machine.`, {
        hint: 'Get them with "unspoof models pull", or name their folder with --models-dir.',
      })
    }
    variants.push(...found)
  }
  return variants
}

function checkSetups(others: readonly string[], article: ArticleParts): CheckSetup[] {
  const threaded = (threads: number): CheckSetup[] => [
    { name: 'default, 1 crop', crops: 1, threads },
    { name: `default, ${DEFAULTS.crops} crops`, crops: DEFAULTS.crops, threads },
    ...article.detectors.slice(0, 1).flatMap((detector) =>
      article.models.slice(0, 1).map(
        (model): CheckSetup => ({
          name: `article: ${detector} + ${model}`,
          crops: 1,
          threads,
          model,
          detector,
        }),
      ),
    ),
    ...others.map((model): CheckSetup => ({ name: `${model}, 1 crop`, crops: 1, threads, model })),
  ]
  return THREADS.flatMap(threaded)
}

function renderBench({ environment, start, models, checks, pool }: BenchReport): string {
  const base = (row: ModelRow) =>
    models.find((other) => other.threads === row.threads && other.batch === row.batch)!.measurement.median
  const modelRows = models.map((row) => [
    row.model,
    String(row.threads),
    String(row.batch),
    row.measurement.median.toFixed(2),
    (row.measurement.median / row.batch).toFixed(2),
    `${(row.measurement.median / base(row)).toFixed(2)} x`,
  ])
  const checkBase = (row: CheckRow) =>
    checks.find((other) => other.setup.threads === row.setup.threads)!.measurement.median
  const checkRows = checks.map((row) => [
    row.setup.name,
    String(row.setup.threads),
    row.measurement.median.toFixed(1),
    row.measurement.p95.toFixed(1),
    `${(row.measurement.median / checkBase(row)).toFixed(2)} x`,
    ...(['decode', 'detect', 'quality', 'crop', 'model'] as const).map((step) => row.steps[step].toFixed(1)),
    row.verdict,
  ])
  const right = (title: string) => ({ title, align: 'right' as const })
  return [
    Object.entries(environment)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    '',
    'Model only (milliseconds a run; ratio to the first model of the same threads and batch)',
    table([{ title: 'model' }, ...['threads', 'batch', 'median', 'a picture', 'ratio'].map(right)], modelRows),
    '',
    `Whole check from the bytes of a ${PICTURE_SIZE.width} x ${PICTURE_SIZE.height} JPEG (milliseconds; ratio to the first of the same threads)`,
    table(
      [
        { title: 'check' },
        ...['threads', 'median', 'p95', 'ratio', 'decode', 'detect', 'quality', 'crop', 'model'].map(right),
        { title: 'verdict' },
      ],
      checkRows,
    ),
    '',
    `Pool: ${pool.map(({ workers, checksPerSecond }) => `${checksPerSecond.toFixed(0)} checks/s with ${workers} ${workers === 1 ? 'worker' : 'workers'}`).join(', ')}`,
    `Start: models loaded in ${start.load.toFixed(0)} ms, first check ${start.firstCheck.toFixed(0)} ms, ${start.memory.toFixed(0)} MiB`,
  ].join('\n')
}
