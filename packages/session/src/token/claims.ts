/** What a liveness token says. */
import type { OperatingPointName } from '@unspoof/core'
import type { ChallengeKind } from '@unspoof/core/protocol'

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
  /** Its mark in the store is taken by the first verifier that accepts the token. */
  readonly jti: string
  readonly iat: number
  readonly exp: number
  /** The session's id and nonce. */
  readonly sid: string
  readonly nonce: string
  readonly verdict: 'live'
  readonly operatingPoint: OperatingPointName
  /** The movements that were asked for, in order. */
  readonly steps: readonly ChallengeKind[]
  readonly models: readonly { readonly id: string; readonly version: string }[]
  /** SHA-256 of the frame to compare with an ID photo, lower-case hex. */
  readonly image: string
}

/** Store key of the mark that makes a token valid; reading the session's result takes it as well, so that either passes and not both. */
export function grantKey(jti: string): string {
  return `grant:${jti}`
}
