/** `unspoof bench`: how fast, side by side in one run. */
import { writeFile } from 'node:fs/promises'
import { cpus } from 'node:os'
import { LivenessError, parsePadCard } from '@unspoof/core'
import { bundledModel, DEFAULT_DETECTORS, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { POOL_DEFAULTS } from '@unspoof/node'
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
import { benchHttp, type HttpRow } from '../bench/http.ts'
import { BATCHES, benchModels, type ModelRow, THREADS, variantsOf } from '../bench/models.ts'
import { benchPreprocessing, type PreprocessingRow } from '../bench/preprocessing.ts'
import type { Arguments, Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { readPicture } from '../files.ts'
import { MODEL_OPTIONS } from '../options.ts'
import { table } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { VERSION } from '../version.ts'

/** A published pipeline to compare with, if its weights are on this machine: YuNet finds the face, MiniFASNet judges it. */
const CONTENDER = { detector: 'yunet-2023mar-640', model: 'facenox-minifasnet-v2-se-128' } as const

/** The names of its checks begin with this. */
const CONTENDER_NAME = 'article: '

/** What `--only` names. */
const PARTS = ['start', 'models', 'checks', 'pixels', 'pool', 'http'] as const

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
    only: { type: 'string', value: 'PARTS', help: `Some of it, separated by commas: ${PARTS.join(', ')}.` },
    seconds: { type: 'string', value: 'N', help: 'Time of each measurement and candidate. Default: 1.' },
    json: { type: 'string', value: 'FILE', help: 'Writes all numbers as JSON.' },
    help: { type: 'boolean', short: 'h', help: 'Shows this page.' },
  },
  notes: [
    `The image becomes a JPEG of ${PICTURE_SIZE.width} x ${PICTURE_SIZE.height}. Candidates take turns, so a busy machine disturbs all of them alike. Trust the ratios more than the milliseconds. With the weights of ${CONTENDER.detector} and ${CONTENDER.model} (cache or --models-dir), that pipeline runs beside the default one, named "article".`,
  ],
  examples: [
    'unspoof bench selfie.jpg',
    'unspoof bench selfie.jpg --only checks,http --seconds 5',
    'unspoof bench selfie.jpg -m silent-face-v2-80 --models-dir weights/ --json bench.json',
  ],
  run,
}

interface BenchReport {
  readonly environment: object
  readonly start?: StartRow
  readonly models: readonly ModelRow[]
  readonly checks: readonly CheckRow[]
  readonly pixels: readonly PreprocessingRow[]
  readonly pool: readonly PoolRow[]
  readonly http: readonly HttpRow[]
}

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [input, ...rest] = args.positionals
  if (input === undefined || rest.length > 0) {
    throw new LivenessError('OPTION_INVALID', 'Expected one picture with a face: unspoof bench selfie.jpg')
  }
  const seconds = args.number('seconds', { min: 0.05, max: 60 }) ?? 1
  const folders = args.list('models-dir')
  const jpeg = await benchPicture(await readPicture(input))
  const contender = await contenderParts(folders)
  const others = await allVariants(args.list('model'), folders)
  const only = partsFrom(args)
  const progress = terminal.progress('Measuring', THREADS.length * BATCHES.length + 4)

  // First, while nothing is loaded yet.
  const start = only.has('start') ? await benchStart(jpeg) : undefined
  const pads = [...(await variantsOf(DEFAULT_PAD_MODEL, folders)), ...others]
  const specs = [...new Set([...pads, ...contender.models, ...contender.detectors, DEFAULT_DETECTORS[0]!])]
  const models = only.has('models') ? await benchModels(specs, folders, seconds, () => progress.advance()) : []
  const checks: CheckRow[] = []
  for (const threads of only.has('checks') ? THREADS : []) {
    // By themselves: threads that one check leaves behind would take processors from the next.
    checks.push(...(await benchChecks(checkSetups(threads, others, contender), jpeg, folders, seconds)))
  }
  progress.advance()
  const card = parsePadCard(await bundledModel(DEFAULT_PAD_MODEL).card(), DEFAULT_PAD_MODEL)
  const pixels = only.has('pixels') ? await benchPreprocessing(jpeg, card, seconds) : []
  progress.advance()
  const pool: PoolRow[] = []
  for (const workers of only.has('pool') ? new Set([1, POOL_DEFAULTS.workers]) : []) {
    pool.push(await benchPool(jpeg, workers, Math.max(1, seconds)))
  }
  progress.advance()
  const http = only.has('http') ? [await benchHttp(jpeg, POOL_DEFAULTS.workers, Math.max(1, seconds))] : []
  progress.end()

  const report: BenchReport = {
    environment: {
      unspoof: VERSION,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpu: `${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}`,
    },
    ...(start === undefined ? {} : { start }),
    models,
    checks,
    pixels,
    pool,
    http,
  }
  terminal.print(renderBench(report))
  const json = args.text('json')
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 1)}\n`)
  return EXIT.OK
}

function partsFrom(args: Arguments): ReadonlySet<string> {
  const named = args.text('only')?.split(',')
  const unknown = named?.find((part) => !(PARTS as readonly string[]).includes(part))
  if (unknown !== undefined) {
    throw new LivenessError(
      'OPTION_INVALID',
      `Expected some of ${PARTS.join(', ')} for --only but received "${unknown.slice(0, 40)}".`,
    )
  }
  return new Set(named ?? PARTS)
}

interface ContenderParts {
  readonly models: readonly string[]
  readonly detectors: readonly string[]
}

async function contenderParts(folders: readonly string[]): Promise<ContenderParts> {
  return {
    models: await variantsOf(CONTENDER.model, folders),
    detectors: await variantsOf(CONTENDER.detector, folders),
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

function checkSetups(threads: number, others: readonly string[], contender: ContenderParts): CheckSetup[] {
  return [
    { name: 'default, 1 crop', crops: 1, threads },
    { name: 'default with 3 crops', crops: 3, threads },
    ...contender.detectors.slice(0, 1).flatMap((detector) =>
      contender.models.slice(0, 1).map(
        (model): CheckSetup => ({
          name: `${CONTENDER_NAME}${detector} + ${model}`,
          crops: 1,
          threads,
          model,
          detector,
        }),
      ),
    ),
    ...others.map((model): CheckSetup => ({ name: `${model}, 1 crop`, crops: 1, threads, model })),
  ]
}

function renderBench({ environment, start, models, checks, pixels, pool, http }: BenchReport): string {
  const lines = Object.entries(environment).map(([name, value]) => `${name} ${value}`)
  const blocks = [lines.join(', ')]
  if (models.length > 0) blocks.push(modelText(models))
  if (checks.length > 0) blocks.push(checkText(checks))
  if (pixels.length > 0) blocks.push(pixelText(pixels))
  const rest = [
    ...(pool.length === 0
      ? []
      : [
          `Pool: ${pool.map(({ workers, checksPerSecond }) => `${checksPerSecond.toFixed(0)} checks/s with ${workers} ${workers === 1 ? 'worker' : 'workers'}`).join(', ')}`,
        ]),
    ...http.map(
      ({ workers, connections, checksPerSecond, median, p99 }) =>
        `HTTP: ${checksPerSecond.toFixed(0)} checks/s of unspoof serve with ${workers} ${workers === 1 ? 'worker' : 'workers'} and ${connections} connections from this machine; median ${median.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
    ),
    ...(start === undefined
      ? []
      : [
          `Start: models loaded in ${start.load.toFixed(0)} ms, first check ${start.firstCheck.toFixed(0)} ms, ${start.memory.toFixed(0)} MiB`,
        ]),
  ]
  if (rest.length > 0) blocks.push(rest.join('\n'))
  return blocks.join('\n\n')
}

const right = (title: string) => ({ title, align: 'right' as const })

function modelText(models: readonly ModelRow[]): string {
  const base = (row: ModelRow) =>
    models.find((other) => other.threads === row.threads && other.batch === row.batch)!.measurement.median
  const rows = models.map((row) => [
    row.model,
    String(row.threads),
    String(row.batch),
    row.measurement.median.toFixed(2),
    (row.measurement.median / row.batch).toFixed(2),
    `${(row.measurement.median / base(row)).toFixed(2)} x`,
  ])
  const columns = [{ title: 'model' }, ...['threads', 'batch', 'median', 'a picture', 'ratio'].map(right)]
  return `Model only (milliseconds a run; ratio to the first model of the same threads and batch)\n${table(columns, rows)}`
}

function checkText(checks: readonly CheckRow[]): string {
  const base = (row: CheckRow) => checks.find((other) => other.setup.threads === row.setup.threads)!.measurement
  const rows = checks.map((row) => [
    row.setup.name,
    String(row.setup.threads),
    row.measurement.median.toFixed(1),
    row.measurement.p95.toFixed(1),
    `${(row.measurement.median / base(row).median).toFixed(2)} x`,
    row.measurement.cpu.toFixed(1),
    ...(['decode', 'detect', 'quality', 'crop', 'model'] as const).map((step) => row.steps[step].toFixed(1)),
    row.verdict,
  ])
  const columns = [
    { title: 'check' },
    ...['threads', 'median', 'p95', 'ratio', 'processor', 'decode', 'detect', 'quality', 'crop', 'model'].map(right),
    { title: 'verdict' },
  ]
  const head = `Whole check from the bytes of a ${PICTURE_SIZE.width} x ${PICTURE_SIZE.height} JPEG (milliseconds; ratio to the first of the same threads; processor: time of all threads)`
  const shares = checks
    .filter(({ setup }) => setup.name.startsWith(CONTENDER_NAME))
    .map((row) => {
      const share = base(row).median / row.measurement.median
      const cpuShare = base(row).cpu / row.measurement.cpu
      const threads = row.setup.threads === 1 ? '1 thread' : `${row.setup.threads} threads`
      return `\n${threads}: ours takes ${share.toFixed(2)} of the time of "article", ${cpuShare.toFixed(2)} of its processor time`
    })
  return `${head}\n${table(columns, rows)}${shares.join('')}`
}

function pixelText(pixels: readonly PreprocessingRow[]): string {
  const rows = pixels.map(({ step, measurement }) => [step, measurement.median.toFixed(2), measurement.p95.toFixed(2)])
  return `Pixel work of a check, one thread (milliseconds)\n${table([{ title: 'step' }, ...['median', 'p95'].map(right)], rows)}`
}
