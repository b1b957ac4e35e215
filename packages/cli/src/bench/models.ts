/** The networks alone: raw runs on random numbers, by batch and threads. */
import { type LoadedModel, loadModel, type ModelCard, parseCard, seededRandom, type Tensor } from '@unspoof/core'
import { createNodeRuntime } from '@unspoof/node'
import { resolveModel } from '../models/resolve.ts'
import { type Measurement, measure } from './measure.ts'

export interface ModelRow {
  readonly model: string
  readonly threads: number
  readonly batch: number
  /** Milliseconds of one run of the whole batch. */
  readonly measurement: Measurement
}

export const BATCHES = [1, 8, 32] as const
export const THREADS = [1, 2] as const

/** Every variant of a card that can be read, unless the spec names one. */
export async function variantsOf(spec: string, folders: readonly string[]): Promise<string[]> {
  const { source, variant } = await resolveModel(spec, folders)
  if (variant !== undefined) return [spec]
  const card = parseCard(await source.card(), source.location)
  const readable: string[] = []
  for (const file of card.files) {
    const there = await source.read(file).then(
      () => true,
      () => false,
    )
    if (there) readable.push(`${spec}:${file.variant}`)
  }
  return readable
}

/** All models of one batch and number of threads take turns. */
export async function benchModels(
  specs: readonly string[],
  folders: readonly string[],
  seconds: number,
  onRow: () => void,
): Promise<ModelRow[]> {
  const rows: ModelRow[] = []
  for (const threads of THREADS) {
    const runtime = createNodeRuntime({ threads })
    const loaded: LoadedModel<ModelCard>[] = []
    try {
      for (const spec of specs) {
        const { source, variant } = await resolveModel(spec, folders)
        loaded.push(
          await loadModel({ source, runtime, parse: parseCard, ...(variant === undefined ? {} : { variant }) }),
        )
      }
      for (const batch of BATCHES) {
        const able = loaded.filter(
          ({ session }) => batch === 1 || session.inputs.every((input) => input.dims[0] === null),
        )
        const measurements = await measure(
          able.map(({ card, file, session }) => {
            const feeds = randomFeeds(session.inputs, batch)
            return {
              name: `${card.id}:${file.variant}`,
              run: async () => {
                await session.run(feeds)
              },
            }
          }),
          { seconds },
        )
        for (const measurement of measurements) rows.push({ model: measurement.name, threads, batch, measurement })
        onRow()
      }
    } finally {
      for (const { session } of loaded) await session.close()
    }
  }
  return rows
}

function randomFeeds(
  inputs: readonly { readonly name: string; readonly dims: readonly (number | null)[] }[],
  batch: number,
): Record<string, Tensor> {
  const random = seededRandom(1)
  return Object.fromEntries(
    inputs.map(({ name, dims }) => {
      const shape = dims.map((size, i) => size ?? (i === 0 ? batch : 1))
      const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, random)
      return [name, { data, dims: shape }]
    }),
  )
}
