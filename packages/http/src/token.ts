/** Signed results of liveness sessions, accepted in place of a picture. */
import {
  type CheckOptions,
  checkKeys,
  DEFAULTS,
  invalid,
  LivenessError,
  OPERATING_POINTS,
  type OperatingPoint,
} from '@unspoof/core'

/** What a verified token says. */
export interface VerifiedToken {
  /** The user the session was started for. */
  readonly subject?: string
  /** Where the session was decided. */
  readonly operatingPoint?: OperatingPoint
  readonly model?: readonly { readonly id: string; readonly version: string; readonly variant: string }[]
}

/** Checks a token and burns it, so that it passes once. `@unspoof/session`'s verifier is one. */
export interface TokenVerifier<Req = unknown> {
  /**
   * @param route the operating point of the route, to be compared before the token is burned
   * @throws LivenessError TOKEN_INVALID, TOKEN_SUBJECT, OPERATING_POINT_TOO_WEAK, STORE_UNAVAILABLE
   */
  verify(
    token: string,
    request: Req,
    route: { readonly operatingPoint: NonNullable<CheckOptions['operatingPoint']> },
  ): Promise<VerifiedToken>
}

export interface SessionOptions<Req = unknown> extends TokenVerifier<Req> {
  /**
   * The user this request is about, from the application's own login. Compared with the token's subject where given;
   * without it a token of any user passes, unless the verifier compares by itself.
   */
  readonly subject?: (request: Req) => string | undefined | Promise<string | undefined>
}

/** The headers a token may come in; `Authorization: Liveness <token>` works too. */
export const TOKEN_HEADERS = ['liveness-token', 'x-liveness-token'] as const

/** A longer header is no token of ours, and is not worth a signature check. */
const MAX_TOKEN_LENGTH = 8192

/**
 * The token of a request; undefined where there is none.
 * @throws LivenessError TOKEN_INVALID for several or an over-long one.
 */
export function readToken(header: (name: string) => readonly string[]): string | undefined {
  const scheme = /^Liveness +(\S+)$/i
  const tokens = [
    ...TOKEN_HEADERS.flatMap((name) => header(name)),
    ...header('authorization').flatMap((value) => scheme.exec(value)?.[1] ?? []),
  ]
  if (tokens.length === 0) return undefined
  if (tokens.length > 1 || tokens[0]!.length > MAX_TOKEN_LENGTH) throw invalidToken()
  return tokens[0]
}

/**
 * @param wanted the operating point of the route
 * @throws LivenessError TOKEN_INVALID, TOKEN_SUBJECT, OPERATING_POINT_TOO_WEAK, and what the verifier throws.
 */
export async function verifyToken<Req>(
  token: string,
  session: SessionOptions<Req>,
  request: Req,
  wanted: CheckOptions['operatingPoint'],
): Promise<VerifiedToken> {
  const verified: unknown = await session.verify(token, request, {
    operatingPoint: wanted ?? DEFAULTS.operatingPoint,
  })
  // A verifier that forgets to answer has not verified anything.
  if (typeof verified !== 'object' || verified === null) throw invalidToken()
  const result = verified as VerifiedToken
  if (session.subject !== undefined) {
    const subject = await session.subject(request)
    if (subject === undefined || subject === '' || subject !== result.subject) {
      throw new LivenessError('TOKEN_SUBJECT', 'The token was made for another user.')
    }
  }
  if (!isStrongEnough(result.operatingPoint, wanted)) {
    throw new LivenessError('OPERATING_POINT_TOO_WEAK', 'The session was decided at a weaker operating point.')
  }
  return result
}

/** A point without a name cannot be compared with a named one, and counts as weaker. */
function isStrongEnough(had: OperatingPoint | undefined, wanted: CheckOptions['operatingPoint']): boolean {
  if (had === undefined) return wanted === undefined
  const needed = wanted ?? DEFAULTS.operatingPoint
  if (typeof needed === 'number') return had.threshold >= needed
  // Strictest first.
  const names: readonly string[] = OPERATING_POINTS
  return names.includes(had.name) && names.indexOf(had.name) <= names.indexOf(needed)
}

/** @throws LivenessError OPTION_INVALID */
export function checkSessionOptions(session: SessionOptions<never> | undefined): void {
  if (session === undefined) return
  if (typeof session !== 'object' || session === null || typeof session.verify !== 'function') {
    throw invalid('session', 'an object with verify(token, request)', session)
  }
  if (Object.getPrototypeOf(session) === Object.prototype) checkKeys('session', session, ['verify', 'subject'])
  if (session.subject !== undefined && typeof session.subject !== 'function') {
    throw invalid('session.subject', 'a function of the request', session.subject)
  }
}

function invalidToken(): LivenessError {
  return new LivenessError('TOKEN_INVALID', 'Expected one valid liveness token.')
}
