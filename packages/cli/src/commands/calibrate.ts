/** `unspoof calibrate`: the threshold of one site, from live captures of its own cameras. */
import { access, constants, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { LivenessError, lumaGrid, type PerceptualHash, perceptualHash, signCalibration } from '@unspoof/core'
import { fitSiteThreshold, formatPercent, nearDuplicates } from '@unspoof/evaluation'
import { createLiveness, decodeImage } from '@unspoof/node'
import type { Arguments, Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { expandInputs, readPicture } from '../files.ts'
import { counted } from '../terminal/counted.ts'
import type { Terminal } from '../terminal/terminal.ts'

const DEFAULT_OUTPUT = 'unspoof-calibration.json'

export const calibrateCommand: Command = {
  name: 'calibrate',
  summary: 'Fits the threshold of a site to live captures of its own cameras.',
  usage: ['calibrate FILE|FOLDER|GLOB... [--output FILE]'],
  options: {
    output: { type: 'string', short: 'o', value: 'FILE', help: `Where the JSON goes. Default: ${DEFAULT_OUTPUT}.` },
    help: { type: 'boolean', short: 'h', help: 'Shows this page.' },
  },
  notes: [
    'Give at least 20 images of live people, taken as your application takes them: several people, several places, no attacks.',
    'The file moves the threshold of the operating point balanced, for the default model only. It never goes below lenient.',
    'Use it as the option calibration of createLiveness() and createLivenessPool(), or with check and serve as --calibration FILE.',
    'Exit status: 0 written; 2 too few or too similar captures, or an error.',
  ],
  examples: ['unspoof calibrate my-live-captures/', 'unspoof check selfie.jpg --calibration unspoof-calibration.json'],
  run,
}

/** A capture that the model judged. */
interface Capture {
  readonly probability: number
  readonly hash: PerceptualHash
}

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  if (args.positionals.length === 0) {
    throw new LivenessError('OPTION_INVALID', 'Expected live captures: unspoof calibrate my-live-captures/')
  }
  const output = path.resolve(args.text('output') ?? DEFAULT_OUTPUT)
  await checkWritable(output)
  const files = await expandInputs(args.positionals)
  await using liveness = await createLiveness()
  const captures: Capture[] = []
  const left = new Map<string, number>()
  const progress = terminal.progress('Reading', files.length)
  for (const file of files) {
    const { frame, reasons } = await decodeImage(await readPicture(file))
    const result = frame === undefined ? undefined : await liveness.check(frame)
    if (frame === undefined || result === undefined || result.liveProbability === null) {
      const why = (result?.reasons ?? reasons ?? [])[0]?.code ?? 'no-image'
      left.set(why, (left.get(why) ?? 0) + 1)
    } else captures.push({ probability: result.liveProbability, hash: perceptualHash(lumaGrid(frame)) })
    progress.advance()
  }
  progress.end()

  const groups = nearDuplicates(captures)
  const copies = new Set(groups.flatMap((group) => group.slice(1)))
  const distinct = captures.filter((capture) => !copies.has(capture))
  for (const [why, n] of left) terminal.note(`${counted(n, 'image')} left out: ${why}`)
  if (copies.size > 0) terminal.note(`${counted(copies.size, 'image')} left out: nearly equal to another one`)

  const { lenient, balanced } = liveness.operatingPoints!
  const fitted = fitSiteThreshold(
    distinct.map(({ probability }) => probability),
    lenient.threshold,
  )
  const calibration = await signCalibration({
    schema: 1,
    model: liveness.models[0]!,
    threshold: Number(fitted.threshold.toFixed(4)),
    captures: distinct.length,
    created: new Date().toISOString(),
  })
  await writeFile(output, `${JSON.stringify(calibration, null, 2)}\n`)
  terminal.print(`balanced: ${balanced.threshold} -> ${calibration.threshold} (${counted(distinct.length, 'capture')})`)
  terminal.print(
    `${fitted.refused} of ${distinct.length} captures lie below it${fitted.refused === 0 ? '' : ` (${formatPercent(fitted.refused / distinct.length, 'up')})`}.`,
  )
  if (fitted.isAtLenient)
    terminal.print('The captures score low: this is the threshold of lenient, below which it does not go.')
  terminal.print(`Written: ${output}`)
  return EXIT.OK
}

/** Found out before the work, not after it. */
async function checkWritable(file: string): Promise<void> {
  const folder = path.dirname(file)
  try {
    await access(folder, constants.W_OK)
  } catch (cause) {
    throw new LivenessError('OPTION_INVALID', `Cannot write to the folder ${folder}.`, { cause })
  }
}
