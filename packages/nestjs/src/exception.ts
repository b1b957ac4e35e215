/** The refusal as a Nest exception. */
import { HttpException } from '@nestjs/common'
import type { LivenessError } from '@unspoof/core'
import type { Rejection, RequestLiveness } from '@unspoof/http'

/**
 * Thrown by {@link LivenessGuard}. Its response is the same body that the other adapters send:
 * `{verdict, code, reasons, hint}` for a verdict and `{error: {...}}` for an error. Exception filters may read `rejection`.
 */
export class LivenessException extends HttpException {
  readonly rejection: Rejection

  constructor(rejection: Rejection) {
    super(rejection.body, rejection.status, { cause: rejection.error })
    this.rejection = rejection
    this.name = 'LivenessException'
  }

  /** The verdict, where there is one. Holds scores: not for clients. */
  get result(): RequestLiveness | undefined {
    return this.rejection.result
  }

  /** The error, where no verdict could be reached. */
  get error(): LivenessError | undefined {
    return this.rejection.error
  }
}
