/** Who was there, in memory; yours is in a database. */
import { Injectable } from '@nestjs/common'

export interface CheckIn {
  readonly employee: string
  /** ISO 8601. */
  readonly at: string
  /** SHA-256 of the picture that was judged; the picture itself is not kept. */
  readonly picture: string
}

@Injectable()
export class AttendanceService {
  readonly #checkIns: CheckIn[] = []

  add(employee: string, picture: string): CheckIn {
    const checkIn = { employee, at: new Date().toISOString(), picture }
    this.#checkIns.push(checkIn)
    return checkIn
  }

  /** The same picture again is a replay. */
  hasPicture(picture: string): boolean {
    return this.#checkIns.some((checkIn) => checkIn.picture === picture)
  }

  of(employee: string): CheckIn[] {
    return this.#checkIns.filter((checkIn) => checkIn.employee === employee)
  }
}
