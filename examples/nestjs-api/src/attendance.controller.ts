/** Checking in takes a picture of a live face; looking it up does not. */
import { ConflictException, Controller, Get, Inject, Param, Post, UseGuards } from '@nestjs/common'
import { Liveness, LivenessGuard, LivenessOptions, type RequestLiveness, SkipLiveness } from '@unspoof/nestjs'
import { AttendanceService } from './attendance.service.ts'

@UseGuards(LivenessGuard)
@Controller('attendance')
export class AttendanceController {
  constructor(@Inject(AttendanceService) private readonly attendance: AttendanceService) {}

  @Post(':employee')
  @LivenessOptions({ operatingPoint: 'strict', fields: 'photo' })
  checkIn(@Param('employee') employee: string, @Liveness() result: RequestLiveness) {
    const picture = result.image?.sha256 ?? ''
    if (this.attendance.hasPicture(picture)) throw new ConflictException('This picture was used before.')
    const { at } = this.attendance.add(employee, picture)
    return { employee, at }
  }

  @Get(':employee')
  @SkipLiveness()
  list(@Param('employee') employee: string) {
    return this.attendance.of(employee).map(({ at }) => ({ at }))
  }
}
