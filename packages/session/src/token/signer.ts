/** Signs that somebody was live, for the application's other servers. */
import { checkInteger, checkKeys, checkOneOf, invalid, LivenessError } from '@unspoof/core'
import {
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  importJWK,
  importPKCS8,
  type JWK,
  type KeyObject,
  SignJWT,
} from 'jose'
import { randomId } from '../bytes.ts'
import { type LivenessClaims, MAX_TOKEN_SECONDS, TOKEN_ALGORITHMS, TOKEN_TYPE, type TokenAlgorithm } from './claims.ts'

/** What a signer does where nothing else is said. */
export const SIGNER_DEFAULTS = { algorithm: 'EdDSA', expiresInSeconds: 120 } as const
const SIGNER_RANGES = { expiresInSeconds: { min: 5, max: MAX_TOKEN_SECONDS } } as const

export interface TokenSignerOptions {
  /** The private key: a JWK, the text of a PKCS #8 PEM, a CryptoKey or a KeyObject. */
  readonly key: JWK | string | CryptoKey | KeyObject
  /** Names the key to verifiers. To rotate: give verifiers the new public key, then sign with it, then take the old one away. */
  readonly kid: string
  /** @default {@link SIGNER_DEFAULTS.algorithm} */
  readonly algorithm?: TokenAlgorithm
  readonly issuer: string
  /** Who may accept the token. */
  readonly audience: string
  /** At most 300. @default {@link SIGNER_DEFAULTS.expiresInSeconds} */
  readonly expiresInSeconds?: number
}

export interface TokenSigner {
  readonly expiresInSeconds: number
  /**
   * Signs only. Sessions also write the mark without which no verifier accepts the token.
   * @param now seconds since 1970
   */
  sign(claims: Omit<LivenessClaims, 'iss' | 'aud' | 'iat' | 'exp' | 'verdict'>, now: number): Promise<string>
}

/**
 * @throws LivenessError OPTION_INVALID, also where the key cannot be read or does not fit the algorithm.
 */
export async function createTokenSigner(options: TokenSignerOptions): Promise<TokenSigner> {
  checkKeys('token signer', options, ['key', 'kid', 'algorithm', 'issuer', 'audience', 'expiresInSeconds'])
  const algorithm = checkOneOf('algorithm', options.algorithm ?? SIGNER_DEFAULTS.algorithm, TOKEN_ALGORITHMS)
  const { kid, issuer, audience } = options
  for (const [name, value] of Object.entries({ kid, issuer, audience })) {
    if (typeof value !== 'string' || value === '' || value.length > 200)
      throw invalid(name, 'a string of 1 to 200 characters', value)
  }
  const expiresInSeconds = checkInteger(
    'expiresInSeconds',
    options.expiresInSeconds ?? SIGNER_DEFAULTS.expiresInSeconds,
    SIGNER_RANGES.expiresInSeconds,
  )
  const key = await privateKey(options.key, algorithm)
  const signer: TokenSigner = {
    expiresInSeconds,
    sign: (claims, now) =>
      new SignJWT({
        sid: claims.sid,
        nonce: claims.nonce,
        // biome-ignore lint/plugin: sessions sign a token only for a verdict that grantLive() made.
        verdict: 'live',
        operatingPoint: claims.operatingPoint,
        steps: [...claims.steps],
        models: claims.models.map(({ id, version }) => ({ id, version })),
        image: claims.image,
      })
        .setProtectedHeader({ alg: algorithm, kid, typ: TOKEN_TYPE })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(claims.sub)
        .setJti(claims.jti)
        .setIssuedAt(now)
        .setExpirationTime(now + expiresInSeconds)
        .sign(key),
  }
  // A wrong kind of key is found now, not when the first person is waiting.
  try {
    await signer.sign(
      {
        sub: 'self-test',
        jti: randomId(),
        sid: '',
        nonce: '',
        operatingPoint: 'strict',
        steps: [],
        models: [],
        image: '',
      },
      0,
    )
  } catch (cause) {
    throw new LivenessError('OPTION_INVALID', `Expected a private key that can sign with ${algorithm}.`, { cause })
  }
  return signer
}

async function privateKey(
  key: TokenSignerOptions['key'],
  algorithm: TokenAlgorithm,
): Promise<CryptoKey | KeyObject | Uint8Array> {
  try {
    if (typeof key === 'string') return await importPKCS8(key, algorithm)
    // A CryptoKey or KeyObject has a `type`, a JWK has a `kty`.
    return 'kty' in key ? await importJWK(key as JWK, algorithm) : (key as CryptoKey | KeyObject)
  } catch (cause) {
    throw new LivenessError(
      'OPTION_INVALID',
      `Expected a private ${algorithm} key as JWK, PKCS #8 PEM, CryptoKey or KeyObject.`,
      { cause },
    )
  }
}

/** A new pair of keys as JWKs: the private one for {@link createTokenSigner}, the public one for verifiers. Keep the private one secret. */
export async function generateTokenKeys(
  algorithm: TokenAlgorithm = SIGNER_DEFAULTS.algorithm,
): Promise<{ privateKey: JWK; publicKey: JWK }> {
  checkOneOf('algorithm', algorithm, TOKEN_ALGORITHMS)
  const pair = await generateKeyPair(algorithm, { extractable: true })
  const kid = randomId()
  const common = { kid, alg: algorithm, use: 'sig' }
  return {
    privateKey: { ...(await exportJWK(pair.privateKey)), ...common },
    publicKey: { ...(await exportJWK(pair.publicKey)), ...common },
  }
}
