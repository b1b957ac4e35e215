/** What a liveness token says. */
import type { OperatingPointName } from '@unspoof/core'
import type { ChallengeKind } from '../challenge/challenge.ts'

/** The `typ` of the header: no other kind of JWT of the same keys passes for one of these (RFC 8725, 3.11). */
export const TOKEN_TYPE = 'liveness+jwt'

export const TOKEN_ALGORITHMS = ['EdDSA', 'ES256'] as const
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number]

/** Longest life of a token, seconds. */
export const MAX_TOKEN_SECONDS = 300

/** Clocks of two servers may differ by this much, seconds. */
export const TOKEN_LEEWAY_SECONDS = 5

/** The payload: whoever holds it may read it, so it has no score. All times are seconds since 1970. */
export interface LivenessClaims {
  readonly iss: string
  readonly aud: string
  /** The account the session was started for. */
  readonly sub: string
  /** Burned by the first verifier that accepts the token. */
  readonly jti: string
  readonly iat: number
  readonly exp: number
  /** The session's id and nonce. */
  readonly sid: string
  readonly nonce: string
  readonly verdict: 'live'
  readonly operatingPoint: OperatingPointName
  readonly challenge: ChallengeKind
  readonly models: readonly { readonly id: string; readonly version: string }[]
}

/** Store key of a burned token; the session's own result uses the same, so that either passes and not both. */
export function burnedKey(jti: string): string {
  return `jti:${jti}`
}
