/** Finds out how an unknown ONNX file wants to be fed, by trying it on labelled pictures. */
import {
  type Box,
  type CardCrop,
  type CardInput,
  type CardOutput,
  cropResize,
  type Frame,
  LivenessError,
  marginOf,
  packTensor,
  type RuntimeSession,
  sigmoid,
} from '@unspoof/core'
import { areaUnder, curveOf, rank, type TrueLabel } from '@unspoof/evaluation'

export interface DoctorPicture {
  readonly frame: Frame
  readonly box: Box
  readonly label: TrueLabel
}

/** What the network itself tells. */
export interface NetworkShape {
  readonly input: string
  readonly layout: 'nchw' | 'nhwc'
  readonly width: number
  readonly height: number
  readonly output: string
  readonly classes: number
}

/** One way to feed and read the network, and how well it separates the pictures. */
export interface Diagnosis {
  readonly input: CardInput
  readonly output: CardOutput
  readonly auc: number
  /** Cross entropy with both classes weighing the same; ln 2 = 0.69 is a coin. */
  readonly loss: number
}

export interface DoctorOptions {
  readonly onProgress?: (done: number, total: number) => void
}

/** @throws LivenessError MODEL_LOAD for a network that is not one picture in, one row of classes out. */
export function shapeOf(session: RuntimeSession): NetworkShape {
  const [input, ...moreInputs] = session.inputs
  const [output, ...moreOutputs] = session.outputs
  if (input === undefined || output === undefined || moreInputs.length > 0 || moreOutputs.length > 0) {
    throw notUnderstood(`has ${session.inputs.length} inputs and ${session.outputs.length} outputs`)
  }
  const dims = input.dims
  const layout = dims.length !== 4 ? undefined : dims[1] === 3 ? 'nchw' : dims[3] === 3 ? 'nhwc' : undefined
  if (layout === undefined) throw notUnderstood('has an input that is not a picture of three channels')
  const [height, width] = layout === 'nchw' ? [dims[2], dims[3]] : [dims[1], dims[2]]
  if (height == null || width == null) {
    throw notUnderstood('leaves the size of its picture open')
  }
  const classes = output.dims.length === 2 ? output.dims[1] : undefined
  if (classes == null || classes < 2) {
    throw notUnderstood('has an output that is not a row of two or more classes')
  }
  return { input: input.name, layout, width, height, output: output.name, classes }
}

function notUnderstood(what: string): LivenessError {
  return new LivenessError(
    'MODEL_LOAD',
    `The doctor knows networks with one picture in and one row of classes out; this one ${what}.`,
    {
      hint: 'Write its card by hand.',
    },
  )
}

/** How pixels become numbers. */
type Format = Pick<CardInput, 'colour' | 'scale' | 'mean' | 'std'>

const RANGES: readonly Omit<Format, 'colour'>[] = [
  { scale: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1] },
  { scale: 1, mean: [0, 0, 0], std: [1, 1, 1] },
  { scale: 1 / 255, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  { scale: 1 / 255, mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
]

const FORMATS: readonly Format[] = (['rgb', 'bgr'] as const).flatMap((colour) =>
  RANGES.map((range) => ({ colour, ...range })),
)

const SCALES = [1, 1.2, 1.5, 2, 2.7, 4] as const

/** The borders that models are trained with; `clamp` goes with a crop that is not square. */
const BORDERS: readonly Omit<CardCrop, 'scale'>[] = [
  { square: true, border: 'reflect101', down: 'area', up: 'lanczos4' },
  { square: true, border: 'constant', down: 'linear', up: 'linear' },
  { square: true, border: 'replicate', down: 'linear', up: 'linear' },
  { square: false, border: 'clamp', down: 'linear', up: 'linear' },
]

/** Crops that nearly every model works with a little: enough to tell colour and range. */
const FIRST_LOOK: readonly CardCrop[] = [
  { scale: 1.5, ...BORDERS[0]! },
  { scale: 2.7, ...BORDERS[3]! },
]

/** Ways of colour and range that are tried with every crop, and crops that are tried on all pictures. */
const FINALISTS = { formats: 2, crops: 6 } as const

/**
 * First colour and range, then crop and border, on a third of the pictures; then the best ways on all.
 * @returns the best first.
 * @throws LivenessError DATA_TOO_FEW with fewer than 10 pictures of a class; MODEL_OUTPUT where the network answers NaN throughout.
 */
export async function diagnose(
  session: RuntimeSession,
  pictures: readonly DoctorPicture[],
  options: DoctorOptions = {},
): Promise<Diagnosis[]> {
  const lives = pictures.filter((p) => p.label === 'live')
  const spoofs = pictures.filter((p) => p.label === 'spoof')
  if (lives.length < 10 || spoofs.length < 10) {
    throw new LivenessError(
      'DATA_TOO_FEW',
      `The doctor needs 10 pictures with a face of each class but received ${lives.length} live and ${spoofs.length} spoof.`,
    )
  }
  const shape = shapeOf(session)
  const third = (list: readonly DoctorPicture[]) => list.slice(0, Math.max(10, Math.ceil(list.length / 3)))
  const sample = [...third(lives), ...third(spoofs)]
  const crops = SCALES.flatMap((scale) => BORDERS.map((border): CardCrop => ({ scale, ...border })))
  const total = (FIRST_LOOK.length + crops.length) * sample.length + FINALISTS.crops * pictures.length
  let done = 0
  const attempt = async (crop: CardCrop, formats: readonly Format[], on: readonly DoctorPicture[]) => {
    const found = await tryCrop(session, shape, crop, formats, on)
    done += on.length
    options.onProgress?.(done, total)
    return found
  }
  const formats: Diagnosis[] = []
  for (const crop of FIRST_LOOK) formats.push(...(await attempt(crop, FORMATS, sample)))
  const chosen = distinctFormats(best(formats)).slice(0, FINALISTS.formats)
  const ways: Diagnosis[] = []
  for (const crop of crops) ways.push(...(await attempt(crop, chosen, sample)))
  const finals: Diagnosis[] = []
  for (const { input } of best(ways).slice(0, FINALISTS.crops)) {
    finals.push(...(await attempt(input.crop, [input], pictures)))
  }
  if (finals.length === 0) {
    throw new LivenessError('MODEL_OUTPUT', 'Whatever it is fed, the network does not answer with numbers.')
  }
  return best(finals)
}

/** Each colour and range once, in the order of its best crop. */
function distinctFormats(diagnoses: readonly Diagnosis[]): Format[] {
  const seen = new Map<string, Format>()
  for (const { input } of diagnoses) {
    const { colour, scale, mean, std } = input
    const key = JSON.stringify([colour, scale, mean])
    if (!seen.has(key)) seen.set(key, { colour, scale, mean, std })
  }
  return [...seen.values()]
}

/**
 * A wrong way often ranks nearly as well as the right one, but it moves the answers away from where the network was trained to put
 * them: so within a few hundredths of AUC, the lower loss decides.
 */
function best(diagnoses: readonly Diagnosis[]): Diagnosis[] {
  const merit = ({ auc, loss }: Diagnosis) => auc - 0.1 * Math.min(2, loss)
  return [...diagnoses].sort((a, b) => merit(b) - merit(a))
}

/** Cuts each picture once, feeds it in every way. */
async function tryCrop(
  session: RuntimeSession,
  shape: NetworkShape,
  crop: CardCrop,
  formats: readonly Format[],
  pictures: readonly DoctorPicture[],
): Promise<Diagnosis[]> {
  const { input: name, layout, width, height } = shape
  const inputs = formats.map(
    ({ colour, scale, mean, std }): CardInput => ({ name, width, height, layout, colour, scale, mean, std, crop }),
  )
  const outputs: Float32Array[][] = inputs.map(() => [])
  const size = 3 * width * height
  for (const { frame, box } of pictures) {
    const pixels = cropResize(frame, box, crop, width, height)
    for (const [i, input] of inputs.entries()) {
      const data = new Float32Array(size)
      packTensor(pixels, input, data, 0)
      const dims = layout === 'nchw' ? [1, 3, height, width] : [1, height, width, 3]
      const answer = (await session.run({ [name]: { data, dims } }))[shape.output]
      outputs[i]!.push(answer?.data.slice() ?? new Float32Array(0))
    }
  }
  return inputs.flatMap((input, i) => {
    const read = readOutputs(outputs[i]!, shape, pictures)
    return read === undefined ? [] : [{ input, ...read }]
  })
}

/** Logits or probabilities is told by the numbers; which class is live, by which one separates best. */
function readOutputs(
  rows: readonly Float32Array[],
  shape: NetworkShape,
  pictures: readonly DoctorPicture[],
): Omit<Diagnosis, 'input'> | undefined {
  const { classes, output: name } = shape
  if (!rows.every((row) => row.length === classes && row.every(Number.isFinite))) return undefined
  const isDistribution = (row: Float32Array) =>
    row.every((value) => value >= 0 && value <= 1) && Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-3
  const kind = rows.every(isDistribution) ? 'probabilities' : 'logits'
  let winner: Omit<Diagnosis, 'input'> | undefined
  for (let live = 0; live < classes; live++) {
    const margins = rows.map((row) => marginOf(row, live, kind))
    const ranking = rank(
      pictures.map(({ label }, i) => ({ label, score: Math.min(1, Math.max(0, sigmoid(margins[i]!))) })),
    )
    const auc = areaUnder(curveOf(ranking))
    if (winner !== undefined && auc <= winner.auc) continue
    const names = Array.from({ length: classes }, (_, c) =>
      c === live ? 'live' : classes === 2 ? 'spoof' : `spoof-${c}`,
    )
    winner = { output: { name, kind, classes: names }, auc, loss: balancedLoss(margins, pictures) }
  }
  return winner
}

function balancedLoss(margins: readonly number[], pictures: readonly DoctorPicture[]): number {
  const sums = { live: 0, spoof: 0 }
  const counts = { live: 0, spoof: 0 }
  pictures.forEach(({ label }, i) => {
    const z = label === 'live' ? margins[i]! : -margins[i]!
    // log(1 + e^-z) without overflow.
    sums[label] += Math.max(-z, 0) + Math.log1p(Math.exp(-Math.abs(z)))
    counts[label]++
  })
  return (sums.live / counts.live + sums.spoof / counts.spoof) / 2
}
