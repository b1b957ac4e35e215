/** Makes model sources fit to be sent to workers. */
import { type ModelSource, parseCard, toLivenessError } from '@unspoof/core'
import type { PortableSource } from './protocol.ts'

/**
 * A name goes as it is; a source of the caller's own is read here, once, because functions cannot be sent. The bytes are
 * checked in each worker, as always.
 * @throws LivenessError MODEL_MISSING, CARD_INVALID
 */
export async function toPortable(choice: string | ModelSource, variant: string | undefined): Promise<PortableSource> {
  if (typeof choice === 'string') return choice
  const { location } = choice
  try {
    const card = await choice.card()
    const { files } = parseCard(card, location)
    const file = files.find((candidate) => candidate.variant === variant) ?? files[0]!
    return { location, card, bytes: await choice.read(file) }
  } catch (error) {
    throw toLivenessError(error, 'MODEL_MISSING', `The model at ${location} cannot be read.`)
  }
}
