/** One event for every decision, for logs and metrics. */
import type { ErrorCode, LivenessResult } from '@unspoof/core'
import type { Outcome } from './guard.ts'

/** What was decided about a request. It holds no image, no score and nothing that the client sent but its request id. */
export interface ResultEvent {
  readonly requestId: string
  /** Undefined where no verdict was reached. */
  readonly verdict: LivenessResult['verdict'] | undefined
  readonly code: LivenessResult['code'] | ErrorCode
  readonly reasons: readonly string[]
  readonly model: LivenessResult['model']
  readonly operatingPoint: LivenessResult['operatingPoint'] | undefined
  /** True where a session token was accepted instead of an image. */
  readonly token: boolean
  /** Whether the request may go on. */
  readonly passed: boolean
  /** Milliseconds from the first look at the request to the decision, reading included. */
  readonly ms: number
}

export function resultEvent(outcome: Outcome, requestId: string, ms: number): ResultEvent {
  const result = outcome.passed ? outcome.liveness : outcome.result
  const code = result?.code ?? (outcome.passed ? 'NOT_CHECKED' : (outcome.error?.code ?? 'MODEL_UNAVAILABLE'))
  return {
    requestId,
    verdict: result?.verdict,
    code,
    reasons: result?.reasons.map((reason) => reason.code) ?? [],
    model: result?.model ?? [],
    operatingPoint: result?.liveProbability == null && result?.token === undefined ? undefined : result.operatingPoint,
    token: result?.token !== undefined,
    passed: outcome.passed,
    ms,
  }
}

let warned = false

/** Calls the application's hook. What it throws must not change the answer; the first failure is a process warning. */
export function tell(hook: ((event: ResultEvent) => unknown) | undefined, event: ResultEvent): void {
  const failed = (error: unknown): void => {
    if (warned) return
    warned = true
    process.emitWarning(`onResult failed: ${error instanceof Error ? error.message : String(error)}`, {
      type: 'LivenessWarning',
      code: 'UNSPOOF_ON_RESULT',
    })
  }
  try {
    Promise.resolve(hook?.(event)).catch(failed)
  } catch (error) {
    failed(error)
  }
}
