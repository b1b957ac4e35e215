/** Health indicator for @nestjs/terminus (@unspoof/nestjs/terminus). */
import { Inject, Injectable } from '@nestjs/common'
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus'
import { isLivenessError } from '@unspoof/core'
import { LivenessService } from './service.ts'

/**
 * Says whether faces can be judged: `up` once the models are loaded. In a readiness check, not in a liveness probe, which
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
      await this.#service.liveness()
      return indicator.up()
    } catch (error) {
      // The code says what is wrong; the message may name files of the server.
      return indicator.down({ code: isLivenessError(error) ? error.code : 'MODEL_UNAVAILABLE' })
    }
  }
}
