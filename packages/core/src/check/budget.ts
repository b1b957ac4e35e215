/** Time limit, signal and stage times of one check. */

import { abortedBy, withDeadline } from '../deadline.ts'
import type { Timings } from '../decide/result.ts'
import { LivenessError, toLivenessError } from '../errors.ts'
import type { ResolvedCheckOptions } from '../options.ts'

type Stage = keyof Omit<Timings, 'total'>

export class Budget {
  readonly signal: AbortSignal | undefined
  readonly #began = performance.now()
  readonly #timeoutMs: number
  readonly #stages: Record<Stage, number> = { decode: 0, detect: 0, quality: 0, crop: 0, model: 0 }

  constructor({ signal, timeoutMs }: Pick<ResolvedCheckOptions, 'signal' | 'timeoutMs'>) {
    this.signal = signal
    this.#timeoutMs = timeoutMs
  }

  /**
   * Called between stages: a stage that blocks the thread cannot be interrupted, but the next one need not start.
   * @throws LivenessError ABORTED, CHECK_TIMEOUT
   */
  check(): void {
    if (this.signal?.aborted) throw abortedBy(this.signal)
    if (performance.now() - this.#began > this.#timeoutMs) throw this.#timedOut()
  }

  /** Answers as soon as the work, the time limit or the signal does. */
  async race<T>(work: Promise<T>): Promise<T> {
    try {
      return await withDeadline(work, { ms: this.#timeoutMs, signal: this.signal, timedOut: () => this.#timedOut() })
    } catch (error) {
      throw toLivenessError(error, 'MODEL_UNAVAILABLE', 'The check failed.')
    }
  }

  add(stage: Stage, ms: number): void {
    this.#stages[stage] += ms
  }

  /** Runs a stage, counts its time, and stops where the limit has passed meanwhile. */
  async stage<T>(stage: Stage, work: () => T | Promise<T>): Promise<T> {
    const began = performance.now()
    try {
      return await work()
    } finally {
      this.add(stage, performance.now() - began)
      this.check()
    }
  }

  timings(): Timings {
    return { ...this.#stages, total: performance.now() - this.#began }
  }

  #timedOut(): LivenessError {
    return new LivenessError('CHECK_TIMEOUT', `The check took longer than ${this.#timeoutMs} ms.`)
  }
}
