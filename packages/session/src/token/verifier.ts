/** Decides whether a token is one of ours, for this account, strong enough, and used for the first time. */
import {
  checkInteger,
  checkKeys,
  checkOneOf,
  invalid,
  LivenessError,
  OPERATING_POINTS,
  type OperatingPoint,
  type OperatingPointName,
} from '@unspoof/core'
import { CHALLENGE_KINDS, type ChallengeKind } from '@unspoof/core/protocol'
import { type CryptoKey, importJWK, type JWK, type JWTPayload, jwtVerify } from 'jose'
import { equalText } from '../bytes.ts'
import type { Store } from '../store/store.ts'
import {
  grantKey,
  type LivenessClaims,
  MAX_TOKEN_SECONDS,
  TOKEN_ALGORITHMS,
  TOKEN_LEEWAY_SECONDS,
  TOKEN_TYPE,
  type TokenAlgorithm,
} from './claims.ts'
import { canVerify } from './issue.ts'

export interface TokenVerifierOptions {
  /** Public keys, each with `kid` and `alg` (`EdDSA` or `ES256`). Never fetched, never taken from a token. */
  readonly keys: readonly JWK[]
  readonly issuer: string
  readonly audience: string
  /** The store of the sessions that issue the tokens, or another one over the same Redis: a token passes while its mark is there. */
  readonly store: Store
  /** The weakest operating point that passes. @default 'balanced' */
  readonly operatingPoint?: OperatingPointName
  /** Models that may have judged, as `id` or `id@version`. @default any */
  readonly models?: readonly string[]
  /** Movements a session must have asked for at least, 0 to 3. @default 0 */
  readonly minSteps?: number
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
    'minSteps',
    'now',
  ])
  const { issuer, audience, store, models } = options
  for (const [name, value] of Object.entries({ issuer, audience })) {
    if (typeof value !== 'string' || value === '') throw invalid(name, 'a string', value)
  }
  if (typeof store?.take !== 'function') throw invalid('store', 'the Store of the sessions', store)
  if (models !== undefined && (!Array.isArray(models) || models.length === 0))
    throw invalid('models', 'an array of at least one id', models)
  const least = checkOneOf('operatingPoint', options.operatingPoint ?? 'balanced', OPERATING_POINTS)
  const minSteps = checkInteger('minSteps', options.minSteps ?? 0, { min: 0, max: 3 })
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
      if (claims.steps.length < minSteps) throw refused('TOKEN_INVALID')
      // Last, so that a refused token is not used up. Absent means used, or never issued, or lost with the store's data.
      if ((await store.take(grantKey(claims.jti))) === undefined) {
        if (!canVerify(store)) throw unsharedStore()
        throw refused('TOKEN_INVALID')
      }
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
  const { iss, aud, sub, jti, iat, exp, sid, nonce, verdict, operatingPoint, steps, models, image } = payload
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
    Array.isArray(steps) &&
    steps.every((kind: unknown) => CHALLENGE_KINDS.includes(kind as ChallengeKind)) &&
    typeof image === 'string' &&
    /^[0-9a-f]{64}$/.test(image) &&
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

/** The operator's mistake, not the client's. */
function unsharedStore(): LivenessError {
  return new LivenessError(
    'OPTION_INVALID',
    'The store of this verifier is a memory store that no sessions write to.',
    {
      hint: 'Pass the store of createSessions(), or a Redis store over the same Redis where the sessions run elsewhere.',
    },
  )
}
