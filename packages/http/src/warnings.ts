/** Says once in the process's log what clients are not told: why no image can be judged. */
import type { ErrorCode, LivenessError } from '@unspoof/core'

/** Faults of the installation, which no client mends by trying again. */
const PERMANENT: ReadonlySet<ErrorCode> = new Set([
  'MODEL_MISSING',
  'MODEL_HASH',
  'MODEL_LOAD',
  'CARD_INVALID',
  'RUNTIME_MISSING',
  'RUNTIME_TELEMETRY',
] satisfies ErrorCode[])

const told = new Set<string>()

/** A process warning with the chain of causes, once for each code. */
export function warnUnavailable(error: LivenessError): void {
  const chain = causes(error)
  const permanent = chain.find((cause) => PERMANENT.has((cause as Partial<LivenessError>).code as ErrorCode))
  // What the check threw that is no error of ours is a fault, too.
  const unknown = error.code === 'MODEL_UNAVAILABLE' && chain.length > 1
  if ((permanent === undefined && !unknown) || told.has(error.code)) return
  told.add(error.code)
  const messages = chain.map((cause) => `${(cause as Partial<LivenessError>).code ?? cause.name}: ${cause.message}`)
  const { hint } = chain.at(-1) as Partial<LivenessError>
  process.emitWarning(`No image can be judged. ${messages.join(' Cause: ')}${hint === undefined ? '' : ` ${hint}`}`, {
    type: 'LivenessWarning',
    code: 'UNSPOOF_UNAVAILABLE',
  })
}

/** The error and what caused it, at most five of them. */
function causes(error: Error): Error[] {
  const chain: Error[] = []
  for (let next: unknown = error; next instanceof Error && chain.length < 5; next = next.cause) chain.push(next)
  return chain
}
