/** Fits a model's calibration and operating points on labelled scores, and writes them into a copy of its card. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import {
  type CardOperatingPoint,
  calibratedLogit,
  LivenessError,
  type ModelSource,
  type OperatingPointName,
  type PadCard,
  seededRandom,
  sigmoid,
} from '@unspoof/core'
import { fitOperatingPoints, fitPlatt, type LabelledMargin, type Presentation, reliability } from '@unspoof/evaluation'

export interface FitData extends Presentation {
  /** Mean margin before calibration; `null` for a non-response. */
  readonly margin: number | null
  /** Radial profile of the log spectrum of the crop, where there is one. */
  readonly profile?: readonly number[]
}

export interface FitOutcome {
  readonly calibration: PadCard['calibration']
  readonly operatingPoints: Readonly<Record<OperatingPointName, CardOperatingPoint>>
  /** Undefined where the model has no input with a spectrum. */
  readonly liveSpectrum: PadCard['liveSpectrum']
}

export interface FitModelOptions {
  /** Name of the input the profiles are of. */
  readonly spectrumInput: string | undefined
  readonly targets: Partial<Record<OperatingPointName, number>>
  /** What the data are, for the card. */
  readonly data: string
  /** The command, for the card. */
  readonly command: string
}

const FOLDS = 5

/** @throws LivenessError DATA_TOO_FEW, DATA_INVALID */
export function fitModel(data: readonly FitData[], options: FitModelOptions): FitOutcome {
  const margins = labelled(data)
  const { slope, offset } = fitPlatt(margins)
  if (!(slope > 0)) {
    throw new LivenessError(
      'DATA_INVALID',
      'On these data a higher margin does not mean live: the labels or the class order are wrong.',
    )
  }
  const calibrated = data.map((row) => ({
    ...row,
    score: row.margin === null || row.score === null ? null : sigmoid(calibratedLogit(row.margin, { slope, offset })),
  }))
  const lives = margins.filter((m) => m.label === 'live').length
  return {
    calibration: {
      slope,
      offset,
      fittedOn: `${options.command}; ${options.data}; ${lives} live, ${margins.length - lives} spoof; even prior`,
      ece: crossValidatedEce(data),
    },
    operatingPoints: fitOperatingPoints(calibrated, { targets: options.targets, data: options.data }),
    liveSpectrum:
      options.spectrumInput === undefined ? undefined : spectrumOf(data, options.spectrumInput, options.data),
  }
}

/** Mean and standard deviation of the profiles of the live faces that were judged. */
function spectrumOf(data: readonly FitData[], input: string, source: string): PadCard['liveSpectrum'] {
  const profiles = data.flatMap(({ label, score, profile }) =>
    label === 'live' && score !== null && profile !== undefined ? [profile] : [],
  )
  const n = profiles.length
  const length = profiles[0]?.length ?? 0
  if (length === 0) return undefined
  const mean = Array.from({ length }, (_, r) => profiles.reduce((sum, profile) => sum + profile[r]!, 0) / n)
  const deviation = mean.map((m, r) =>
    Math.sqrt(profiles.reduce((sum, profile) => sum + (profile[r]! - m) ** 2, 0) / n),
  )
  // Three decimals: the next ones are noise, and a card is read by people.
  const short = (values: number[]) => values.map((value) => Number(value.toFixed(3)))
  return { input, mean: short(mean), deviation: short(deviation), n, data: source }
}

function labelled(data: readonly FitData[]): LabelledMargin[] {
  return data.flatMap(({ margin, score, label }) => (margin === null || score === null ? [] : [{ margin, label }]))
}

/** Calibration error on the fold that was left out; the pictures of one subject stay in one fold. */
function crossValidatedEce(data: readonly FitData[]): number {
  const random = seededRandom(1)
  const foldOf = new Map<string, number>()
  const folds = data.map(({ cluster }) => {
    if (cluster === undefined || cluster === '') return Math.floor(random() * FOLDS)
    if (!foldOf.has(cluster)) foldOf.set(cluster, Math.floor(random() * FOLDS))
    return foldOf.get(cluster)!
  })
  const left: Presentation[] = []
  for (let fold = 0; fold < FOLDS; fold++) {
    const train = labelled(data.filter((_, i) => folds[i] !== fold))
    // With few subjects a fold may hold all of one class; then it cannot be left out.
    if (new Set(train.map((m) => m.label)).size < 2) continue
    const calibration = fitPlatt(train)
    for (const { margin, label } of labelled(data.filter((_, i) => folds[i] === fold))) {
      left.push({ label, score: sigmoid(calibratedLogit(margin, calibration)) })
    }
  }
  return left.length === 0 ? 1 : reliability(left).ece
}

/** Writes a card folder that runs by itself: the fitted card, and the weights of the variant it was fitted on. */
export async function writeFittedCard(
  folder: string,
  card: PadCard,
  source: ModelSource,
  variant: string,
  fitted: FitOutcome,
): Promise<string> {
  const file = card.files.find((f) => f.variant === variant)!
  const { liveSpectrum, ...rest } = fitted
  const copy: PadCard = { ...card, ...rest, ...(liveSpectrum === undefined ? {} : { liveSpectrum }), files: [file] }
  await mkdir(folder, { recursive: true })
  await replaceFile(path.join(folder, file.name), await source.read(file))
  const cardPath = path.join(folder, 'card.json')
  await replaceFile(cardPath, `${JSON.stringify(copy, null, 2)}\n`)
  return cardPath
}

/** A reader sees the old file or the new one, never half of it. */
async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const part = `${file}.${process.pid}.part`
  await writeFile(part, content)
  await rename(part, file)
}
