/** Health indicator for @nestjs/terminus (@unspoof/nestjs/terminus). */
import { Inject, Injectable } from '@nestjs/common'
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus'
import { isLivenessError } from '@unspoof/core'
import type { LivenessPool } from '@unspoof/node'
import { LivenessService } from './service.ts'

/**
 * Says whether faces can be judged: `up` once the models are loaded and while workers take checks. In a readiness check, not in a liveness probe, which
 * would restart the process for a missing file.
 */
@Injectable()
export class LivenessHealthIndicator {
  readonly #health: HealthIndicatorService
  readonly #service: LivenessService

  constructor(
    @Inject(HealthIndicatorService) health: HealthIndicatorService,
    @Inject(LivenessService) service: LivenessService,
  ) {
    this.#health = health
    this.#service = service
  }

  async isHealthy<const Key extends string>(key: Key): Promise<HealthIndicatorResult<Key>> {
    const indicator = this.#health.check(key)
    try {
      const liveness = await this.#service.liveness()
      // A pool says more than that it was started: its workers may be gone since.
      const health = (liveness as Partial<Pick<LivenessPool, 'health'>>).health?.()
      if (health?.ready === false) return indicator.down({ code: 'MODEL_UNAVAILABLE', ...health })
      return indicator.up({ ...health })
    } catch (error) {
      // The code says what is wrong; the message may name files of the server.
      return indicator.down({ code: isLivenessError(error) ? error.code : 'MODEL_UNAVAILABLE' })
    }
  }
}
