/** Tells the operator of a server, once, about a fault that does not go away by itself. */
import { isLivenessError, type LivenessError } from '@unspoof/core'

const told = new Set<string>()

/**
 * Emits one process warning (`UNSPOOF_UNAVAILABLE`) for each code, with the chain of causes and the hint. Clients only see that the
 * check is not available.
 */
export function warnPermanent(error: LivenessError): void {
  if (error.retryable || told.has(error.code)) return
  told.add(error.code)
  process.emitWarning(`No image can be checked. ${chainOf(error)}`, {
    type: 'UnspoofWarning',
    code: 'UNSPOOF_UNAVAILABLE',
    detail: `${deepest(error).hint} See ${deepest(error).help}`,
  })
}

function chainOf(error: Error): string {
  const links: string[] = []
  for (let at: unknown = error; at instanceof Error && links.length < 5; at = at.cause) {
    links.push(isLivenessError(at) ? `${at.code}: ${at.message}` : at.message)
  }
  return links.join(' Cause: ')
}

function deepest(error: LivenessError): LivenessError {
  return isLivenessError(error.cause) ? deepest(error.cause) : error
}
