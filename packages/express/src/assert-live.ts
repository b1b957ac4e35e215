/** The check that a handler makes behind a global mount. */
import { assertLiveResult } from '@unspoof/http'
import type { Request } from 'express'
import type { RequestLiveness } from './types.ts'

/**
 * Throws unless this request was judged `live`. Behind `app.use(livenessMiddleware())` a request without a picture
 * reaches the handler as `not-checked`: call this where only a live face may go on.
 * @param property where the middleware put its result. @default 'liveness'
 * @throws LivenessError SPOOF, RETRY or NOT_CHECKED (also where no middleware ran)
 */
export function assertLive<Property extends string = 'liveness'>(
  req: Request,
  property?: Property,
): asserts req is Request & Record<Property, RequestLiveness> {
  assertLiveResult((req as unknown as Record<string, unknown>)[property ?? 'liveness'])
}
