/** A loaded PAD model: crops in, margins out. */
import { marginOf } from '../decide/margin.ts'
import { LivenessError, toLivenessError } from '../errors.ts'
import type { Box } from '../image/box.ts'
import { cropResize, packTensor } from '../image/crop.ts'
import type { Frame } from '../image/frame.ts'
import type { CardInput, PadCard } from './card.ts'
import { parsePadCard } from './card-schema.ts'
import { checkTensor, loadModel } from './load.ts'
import type { LoadOptions, Runtime, Tensor } from './runtime.ts'
import type { ModelSource } from './source.ts'

export interface PadModel {
  readonly card: PadCard
  readonly variant: string
  /**
   * Scores boxes of one frame in one batch (one by one where the model's batch is fixed).
   * @returns for each box the margin `logit(live) - logsumexp(other logits)`, finite, before calibration.
   * @throws LivenessError MODEL_OUTPUT when the network fails or answers NaN, Infinity or another shape than its card says.
   */
  score(frame: Frame, boxes: readonly Box[]): Promise<PadScores>
  close(): Promise<void>
}

export interface PadScores {
  readonly margins: readonly number[]
  /** Milliseconds. */
  readonly timings: { readonly crop: number; readonly model: number }
}

export interface PadModelOptions extends LoadOptions {
  readonly source: ModelSource
  readonly runtime: Runtime
  /** Which file of the card. @default its first */
  readonly variant?: string
}

/** More boxes than this are scored in several runs, so that memory stays bounded. */
const MAX_BATCH = 8

/** @throws LivenessError CARD_INVALID, MODEL_MISSING, MODEL_HASH, MODEL_LOAD */
export async function loadPadModel(options: PadModelOptions): Promise<PadModel> {
  const { card, file, session } = await loadModel({ ...options, parse: parsePadCard })
  const classes = card.output.classes.length
  // biome-ignore lint/plugin: the name of a class, not a verdict.
  const live = card.output.classes.indexOf('live')
  let maxBatch = MAX_BATCH
  try {
    card.inputs.forEach((input, i) => {
      const info = checkTensor(session.inputs, input.name, shapeOf(input, null), card.id, `inputs[${i}]`)
      if (info.dims[0] === 1) maxBatch = 1
    })
    const unfed = session.inputs.find((info) => !card.inputs.some((input) => input.name === info.name))
    if (unfed !== undefined) {
      throw new LivenessError('CARD_INVALID', `Card ${card.id}, inputs: the network also wants "${unfed.name}".`)
    }
    checkTensor(session.outputs, card.output.name, [null, classes], card.id, 'output')
  } catch (error) {
    await session.close()
    throw error
  }

  async function run(feeds: Record<string, Tensor>, n: number): Promise<number[]> {
    let output: Tensor | undefined
    try {
      output = (await session.run(feeds))[card.output.name]
    } catch (error) {
      throw toLivenessError(error, 'MODEL_OUTPUT', `Model ${card.id} failed to run.`)
    }
    if (output === undefined || output.data.length !== n * classes) {
      throw new LivenessError(
        'MODEL_OUTPUT',
        `Model ${card.id} answered ${output?.data.length ?? 0} values where ${n} x ${classes} were expected.`,
      )
    }
    const margins: number[] = []
    for (let i = 0; i < n; i++) {
      const row = output.data.subarray(i * classes, (i + 1) * classes)
      const margin = marginOf(row, live, card.output.kind)
      if (!Number.isFinite(margin)) {
        throw new LivenessError('MODEL_OUTPUT', `Model ${card.id} answered values that are not ${card.output.kind}.`)
      }
      margins.push(margin)
    }
    return margins
  }

  return {
    card,
    variant: file.variant,
    async score(frame, boxes) {
      const margins: number[] = []
      let crop = 0
      let model = 0
      for (let start = 0; start < boxes.length; start += maxBatch) {
        const batch = boxes.slice(start, start + maxBatch)
        const began = performance.now()
        const feeds = Object.fromEntries(card.inputs.map((input) => [input.name, inputTensor(frame, batch, input)]))
        const cropped = performance.now()
        margins.push(...(await run(feeds, batch.length)))
        crop += cropped - began
        model += performance.now() - cropped
      }
      return { margins, timings: { crop, model } }
    },
    close: () => session.close(),
  }
}

function shapeOf(input: CardInput, n: number | null): (number | null)[] {
  const { layout, width, height } = input
  return layout === 'nchw' ? [n, 3, height, width] : [n, height, width, 3]
}

function inputTensor(frame: Frame, boxes: readonly Box[], input: CardInput): Tensor {
  const size = 3 * input.width * input.height
  const data = new Float32Array(boxes.length * size)
  boxes.forEach((box, i) => {
    packTensor(cropResize(frame, box, input.crop, input.width, input.height), input, data, i * size)
  })
  return { data, dims: shapeOf(input, boxes.length) as number[] }
}
