/** The attendance API: one module. */
import { type DynamicModule, Module } from '@nestjs/common'
import { TerminusModule } from '@nestjs/terminus'
import { LivenessModule, type LivenessModuleOptions } from '@unspoof/nestjs'
import { LivenessHealthIndicator } from '@unspoof/nestjs/terminus'
import { AttendanceController } from './attendance.controller.ts'
import { AttendanceService } from './attendance.service.ts'
import { HealthController } from './health.controller.ts'

@Module({})
// biome-ignore lint/complexity/noStaticOnlyClass: a module of Nest is a class
export class AppModule {
  static forRoot(liveness: LivenessModuleOptions = {}): DynamicModule {
    return {
      module: AppModule,
      imports: [LivenessModule.forRoot(liveness), TerminusModule],
      controllers: [AttendanceController, HealthController],
      providers: [AttendanceService, LivenessHealthIndicator],
    }
  }
}
