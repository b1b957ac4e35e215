/** From a source to a running session: card, bytes, length, SHA-256, runtime, shapes. Nothing is loaded that was not checked. */
import { LivenessError, toLivenessError } from '../errors.ts'
import type { CardFile, ModelCard } from './card.ts'
import type { LoadOptions, Runtime, RuntimeSession, TensorInfo } from './runtime.ts'
import type { ModelSource } from './source.ts'

export interface LoadedModel<Card extends ModelCard> {
  readonly card: Card
  readonly file: CardFile
  readonly session: RuntimeSession
}

export interface LoadModelOptions<Card extends ModelCard> extends LoadOptions {
  readonly source: ModelSource
  readonly runtime: Runtime
  readonly parse: (json: unknown, location: string) => Card
  /** Which file of the card. @default its first */
  readonly variant?: string
}

/** @throws LivenessError CARD_INVALID, MODEL_MISSING, MODEL_HASH, MODEL_LOAD */
export async function loadModel<Card extends ModelCard>(options: LoadModelOptions<Card>): Promise<LoadedModel<Card>> {
  const { source, runtime, variant } = options
  let json: unknown
  try {
    json = await source.card()
  } catch (error) {
    throw toLivenessError(error, 'MODEL_MISSING', `No readable model card at ${source.location}.`)
  }
  const card = options.parse(json, source.location)
  const file = variant === undefined ? card.files[0]! : card.files.find((f) => f.variant === variant)
  if (file === undefined) {
    throw new LivenessError(
      'OPTION_INVALID',
      `Model ${card.id} has no variant "${variant}"; it has ${card.files.map((f) => f.variant).join(', ')}.`,
    )
  }
  let bytes: Uint8Array
  try {
    bytes = await source.read(file)
  } catch (error) {
    throw toLivenessError(error, 'MODEL_MISSING', `Cannot read ${file.name} of model ${card.id} at ${source.location}.`)
  }
  await verifyBytes(bytes, file, card.id)
  const load: LoadOptions = options.threads === undefined ? {} : { threads: options.threads }
  try {
    return { card, file, session: await runtime.load(bytes, load) }
  } catch (error) {
    throw toLivenessError(error, 'MODEL_LOAD', `${runtime.name} cannot load ${file.name} of model ${card.id}.`)
  }
}

/**
 * Checks length and SHA-256. Runtimes load altered weights without complaint, so this comes first, always.
 * @throws LivenessError MODEL_HASH
 */
export async function verifyBytes(bytes: Uint8Array, file: CardFile, id: string): Promise<void> {
  if (bytes.byteLength !== file.bytes) {
    throw new LivenessError(
      'MODEL_HASH',
      `${file.name} of model ${id} has ${bytes.byteLength} bytes; its card says ${file.bytes} (files.bytes).`,
    )
  }
  if ((await sha256Hex(bytes)) !== file.sha256) {
    throw new LivenessError(
      'MODEL_HASH',
      `${file.name} of model ${id} has another SHA-256 than its card says (files.sha256).`,
    )
  }
}

/** Lower-case hex. Needs WebCrypto: every Node, and pages on https or localhost. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  if (globalThis.crypto?.subtle === undefined) {
    throw new LivenessError(
      'CAMERA_INSECURE',
      'WebCrypto is missing: the page is not served over https or from localhost.',
    )
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/**
 * Compares what the card promises with what the network has; `null` in `expected` accepts any size.
 * @throws LivenessError CARD_INVALID naming the card's field.
 */
export function checkTensor(
  infos: readonly TensorInfo[],
  name: string,
  expected: readonly (number | null)[],
  id: string,
  field: string,
): TensorInfo {
  const info = infos.find((candidate) => candidate.name === name)
  if (info === undefined) {
    throw new LivenessError(
      'CARD_INVALID',
      `Card ${id}, ${field}.name: the network has no "${name.slice(0, 40)}"; it has ${infos.map((i) => i.name).join(', ')}.`,
    )
  }
  const fits =
    info.dims.length === expected.length &&
    info.dims.every((size, i) => size === null || expected[i] === null || size === expected[i])
  if (!fits) {
    const shape = (dims: readonly (number | null)[]): string => dims.map((d) => d ?? 'n').join(' x ')
    throw new LivenessError(
      'CARD_INVALID',
      `Card ${id}, ${field}: the network's "${name}" is ${shape(info.dims)}, the card says ${shape(expected)}.`,
    )
  }
  return info
}
