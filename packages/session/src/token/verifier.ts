/** Decides whether a token is one of ours, for this account, strong enough, and used for the first time. */
import {
  checkKeys,
  checkOneOf,
  invalid,
  LivenessError,
  OPERATING_POINTS,
  type OperatingPoint,
  type OperatingPointName,
} from '@unspoof/core'
import { type CryptoKey, importJWK, type JWK, type JWTPayload, jwtVerify } from 'jose'
import { equalText } from '../bytes.ts'
import { CHALLENGE_KINDS, type ChallengeKind } from '../challenge/challenge.ts'
import type { Store } from '../store/store.ts'
import {
  burnedKey,
  type LivenessClaims,
  MAX_TOKEN_SECONDS,
  TOKEN_ALGORITHMS,
  TOKEN_LEEWAY_SECONDS,
  TOKEN_TYPE,
  type TokenAlgorithm,
} from './claims.ts'

export interface TokenVerifierOptions {
  /** Public keys, each with `kid` and `alg` (`EdDSA` or `ES256`). Never fetched, never taken from a token. */
  readonly keys: readonly JWK[]
  readonly issuer: string
  readonly audience: string
  /** Where burned tokens are remembered: share it between all servers that accept this audience. */
  readonly store: Store
  /** The weakest operating point that passes. @default 'balanced' */
  readonly operatingPoint?: OperatingPointName
  /** Models that may have judged, as `id` or `id@version`. @default any */
  readonly models?: readonly string[]
  /** Challenges that count. @default any */
  readonly challenges?: readonly ChallengeKind[]
  /** Milliseconds since 1970. @default Date.now */
  readonly now?: () => number
}

export interface VerifyTokenOptions {
  /** Who is logged in, or wants to be. */
  readonly subject: string
  /** Where a route asks for more than the verifier. */
  readonly operatingPoint?: OperatingPointName
}

export interface TokenVerifier {
  /**
   * Accepts a token once.
   * @throws LivenessError TOKEN_INVALID (one message for every fault), TOKEN_SUBJECT, OPERATING_POINT_TOO_WEAK, STORE_UNAVAILABLE
   */
  verify(token: string, options: VerifyTokenOptions): Promise<LivenessClaims>
  /**
   * The same for the `session` option of `livenessMiddleware()` and `LivenessModule`, which accept a token in place of a picture.
   * `subject` answers who is logged in; a request without anybody is refused with TOKEN_SUBJECT.
   */
  forRequests<Req>(subject: (request: Req) => string | undefined | Promise<string | undefined>): RequestVerifier<Req>
}

/** A verifier that asks the request who it is about. */
export interface RequestVerifier<Req> {
  /**
   * @param route what the route asks for; a token names its operating point, so it satisfies no threshold given as a number
   * @throws LivenessError those of {@link TokenVerifier.verify}; a token that is refused is not used up
   */
  verify(
    token: string,
    request: Req,
    route?: { readonly operatingPoint?: OperatingPointName | number | undefined },
  ): Promise<VerifiedRequest>
}

export interface VerifiedRequest {
  readonly subject: string
  /** A token names its operating point and does not tell the threshold: 0 here, so that it satisfies no bound given as a number. */
  readonly operatingPoint: OperatingPoint
  readonly model: readonly { readonly id: string; readonly version: string; readonly variant: string }[]
}

/** Longest token looked at. Ours have about 700 characters. */
const MAX_LENGTH = 4096

/** What our tokens have in their header. */
const HEADER = ['alg', 'kid', 'typ']

/** @throws LivenessError OPTION_INVALID */
export async function createTokenVerifier(options: TokenVerifierOptions): Promise<TokenVerifier> {
  checkKeys('token verifier', options, [
    'keys',
    'issuer',
    'audience',
    'store',
    'operatingPoint',
    'models',
    'challenges',
    'now',
  ])
  const { issuer, audience, store, models } = options
  for (const [name, value] of Object.entries({ issuer, audience })) {
    if (typeof value !== 'string' || value === '') throw invalid(name, 'a string', value)
  }
  if (typeof store?.add !== 'function') throw invalid('store', 'a Store, in which used tokens are remembered', store)
  if (models !== undefined && (!Array.isArray(models) || models.length === 0))
    throw invalid('models', 'an array of at least one id', models)
  const least = checkOneOf('operatingPoint', options.operatingPoint ?? 'balanced', OPERATING_POINTS)
  for (const kind of options.challenges ?? []) checkOneOf('challenges', kind, CHALLENGE_KINDS)
  const keys = await importKeys(options.keys)
  const now = options.now ?? Date.now

  const claimsOf = async (token: unknown): Promise<LivenessClaims | undefined> => {
    if (typeof token !== 'string' || token.length > MAX_LENGTH) return undefined
    let trusted = false
    try {
      const { payload, protectedHeader } = await jwtVerify(
        token,
        ({ kid, alg }) => {
          const known = keys.get(kid ?? '')
          trusted = known?.algorithm === alg
          // An unknown key costs the same work as a known one: the signature is checked all the same, in vain.
          const key = trusted ? known : [...keys.values()].find(({ algorithm }) => algorithm === alg)
          if (key === undefined) throw new Error('no key of this algorithm')
          return key.key
        },
        {
          algorithms: [...TOKEN_ALGORITHMS],
          typ: TOKEN_TYPE,
          issuer,
          audience,
          clockTolerance: TOKEN_LEEWAY_SECONDS,
          currentDate: new Date(now()),
          requiredClaims: ['iss', 'aud', 'sub', 'jti', 'iat', 'exp'],
        },
      )
      // `jwk`, `jku`, `x5c`, `x5u`, `crit` and the like are none of ours, whatever they say.
      if (!trusted || Object.keys(protectedHeader).some((name) => !HEADER.includes(name))) return undefined
      return checkedClaims(payload, now() / 1000)
    } catch {
      return undefined
    }
  }

  const verifier: TokenVerifier = {
    async verify(token, { subject, operatingPoint }) {
      if (typeof subject !== 'string' || subject === '')
        throw invalid('subject', 'the subject of the logged-in account', subject)
      const asked =
        operatingPoint === undefined
          ? least
          : stronger(least, checkOneOf('operatingPoint', operatingPoint, OPERATING_POINTS))
      const claims = await claimsOf(token)
      if (claims === undefined) throw refused('TOKEN_INVALID')
      if (!equalText(claims.sub, subject)) throw refused('TOKEN_SUBJECT')
      if (strength(claims.operatingPoint) < strength(asked)) throw refused('OPERATING_POINT_TOO_WEAK')
      if (
        models !== undefined &&
        !claims.models.every(({ id, version }) => models.includes(id) || models.includes(`${id}@${version}`))
      ) {
        throw refused('TOKEN_INVALID')
      }
      if (options.challenges !== undefined && !options.challenges.includes(claims.challenge))
        throw refused('TOKEN_INVALID')
      // Last, so that a refused token is not used up. Remembered until no clock in tolerance would accept it any more.
      const first = await store.add(burnedKey(claims.jti), '1', (MAX_TOKEN_SECONDS + 2 * TOKEN_LEEWAY_SECONDS) * 1000)
      if (!first) throw refused('TOKEN_INVALID')
      return claims
    },
    forRequests: (subject) => ({
      async verify(token, request, route) {
        const who = await subject(request)
        if (who === undefined || who === '') throw refused('TOKEN_SUBJECT')
        const wanted = route?.operatingPoint
        if (typeof wanted === 'number') throw refused('OPERATING_POINT_TOO_WEAK')
        const claims = await verifier.verify(
          token,
          wanted === undefined ? { subject: who } : { subject: who, operatingPoint: wanted },
        )
        return {
          subject: claims.sub,
          operatingPoint: { name: claims.operatingPoint, threshold: 0 },
          model: claims.models.map(({ id, version }) => ({ id, version, variant: '' })),
        }
      },
    }),
  }
  return verifier
}

interface KnownKey {
  readonly key: CryptoKey | Uint8Array
  readonly algorithm: TokenAlgorithm
}

async function importKeys(keys: readonly JWK[]): Promise<Map<string, KnownKey>> {
  if (!Array.isArray(keys) || keys.length === 0) throw invalid('keys', 'an array of at least one public JWK', keys)
  const known = new Map<string, KnownKey>()
  for (const [i, jwk] of keys.entries()) {
    if (typeof jwk?.kid !== 'string' || jwk.kid === '') throw invalid(`keys[${i}].kid`, 'a string', jwk?.kid)
    if (known.has(jwk.kid))
      throw new LivenessError(
        'OPTION_INVALID',
        `Expected every key to have a kid of its own, but keys[${i}] has one of an earlier key.`,
      )
    // A private or symmetric key here would be a secret in the wrong place.
    if (jwk.d !== undefined || jwk.k !== undefined)
      throw new LivenessError('OPTION_INVALID', `Expected a public key for keys[${i}].`)
    const algorithm = checkOneOf(`keys[${i}].alg`, jwk.alg, TOKEN_ALGORITHMS)
    try {
      known.set(jwk.kid, { key: await importJWK(jwk, algorithm), algorithm })
    } catch (cause) {
      throw new LivenessError('OPTION_INVALID', `Expected a public ${algorithm} JWK for keys[${i}].`, { cause })
    }
  }
  return known
}

/** The payload with every claim checked; the signature is good, but the signer may be another version. */
function checkedClaims(payload: JWTPayload, nowSeconds: number): LivenessClaims | undefined {
  const { iss, aud, sub, jti, iat, exp, sid, nonce, verdict, operatingPoint, challenge, models } = payload
  const texts = [iss, aud, sub, jti, sid, nonce].every(
    (value) => typeof value === 'string' && value !== '' && value.length <= 200,
  )
  const times =
    Number.isInteger(iat) &&
    Number.isInteger(exp) &&
    exp! - iat! <= MAX_TOKEN_SECONDS &&
    iat! <= nowSeconds + TOKEN_LEEWAY_SECONDS
  const named =
    verdict === 'live' &&
    OPERATING_POINTS.includes(operatingPoint as OperatingPointName) &&
    CHALLENGE_KINDS.includes(challenge as ChallengeKind) &&
    Array.isArray(models) &&
    models.length > 0 &&
    models.every((model: unknown) => isModel(model))
  return texts && times && named ? (payload as unknown as LivenessClaims) : undefined
}

function isModel(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { id, version } = value as Record<string, unknown>
  return typeof id === 'string' && typeof version === 'string'
}

/** The names are ordered: strict lets the fewest attacks pass. */
function strength(name: OperatingPointName): number {
  return { lenient: 0, balanced: 1, strict: 2 }[name]
}

function stronger(a: OperatingPointName, b: OperatingPointName): OperatingPointName {
  return strength(a) >= strength(b) ? a : b
}

function refused(code: 'TOKEN_INVALID' | 'TOKEN_SUBJECT' | 'OPERATING_POINT_TOO_WEAK'): LivenessError {
  return new LivenessError(code, 'The liveness token was not accepted.')
}
