/** `req.liveness`, for everybody who imports this package. */
import type { RequestLiveness } from '@unspoof/http'

declare global {
  namespace Express {
    interface Request {
      /** The verdict about this request's pictures. Undefined where no liveness check ran. */
      liveness?: RequestLiveness
    }
  }
}

export type { RequestLiveness }
