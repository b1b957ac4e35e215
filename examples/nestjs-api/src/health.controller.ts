/** Alive is not ready: a missing model must not restart the process again and again. */
import { Controller, Get, Inject } from '@nestjs/common'
import { HealthCheckService } from '@nestjs/terminus'
import { LivenessHealthIndicator } from '@unspoof/nestjs/terminus'

@Controller()
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(LivenessHealthIndicator) private readonly faces: LivenessHealthIndicator,
  ) {}

  @Get('livez')
  livez() {
    return { status: 'ok' }
  }

  @Get('readyz')
  readyz() {
    return this.health.check([() => this.faces.isHealthy('face-liveness')])
  }
}
