/** The key that session tokens are signed with: a JWK, a JWK set whose first key signs, or a PEM, as `openssl genpkey` writes it. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
} from 'node:crypto'
import { LivenessError } from '@unspoof/core'
import type { TokenAlgorithm } from '@unspoof/session'

/** A public key as verifiers want it. */
export interface PublicJwk extends JsonWebKey {
  readonly kid: string
  readonly alg: TokenAlgorithm
  readonly use: 'sig'
}

export interface TokenKey {
  readonly key: KeyObject
  readonly kid: string
  readonly algorithm: TokenAlgorithm
  /** The key's public half first, then those of keys that are only still, or already, known to verifiers. */
  readonly published: readonly PublicJwk[]
}

/**
 * @param text of the file or the environment
 * @throws LivenessError OPTION_INVALID; the message carries nothing of the key
 */
export function readTokenKey(text: string): TokenKey {
  const [first, ...others] = parse(text)
  const key = attempt(() => privateKey(first!))
  const own = publicJwk(key, kidOf(first!))
  return {
    key,
    kid: own.kid,
    algorithm: own.alg,
    published: [
      own,
      ...others.map((other) =>
        publicJwk(
          attempt(() => anyKey(other)),
          kidOf(other),
        ),
      ),
    ],
  }
}

/** A key that lives as long as this process. */
export function generateTokenKey(): TokenKey {
  const { privateKey: key } = generateKeyPairSync('ed25519')
  const own = publicJwk(key, undefined)
  return { key, kid: own.kid, algorithm: own.alg, published: [own] }
}

function parse(text: string): readonly (string | JsonWebKey)[] {
  if (text.trimStart().startsWith('-----BEGIN')) return [text]
  const value: unknown = attempt(() => JSON.parse(text))
  if (typeof value !== 'object' || value === null) throw invalidKey()
  const keys: unknown = 'keys' in value ? value.keys : [value]
  if (!Array.isArray(keys) || keys.length === 0) throw invalidKey()
  return keys as JsonWebKey[]
}

function privateKey(key: string | JsonWebKey): KeyObject {
  return createPrivateKey(typeof key === 'string' ? key : { key, format: 'jwk' })
}

function anyKey(key: string | JsonWebKey): KeyObject {
  return typeof key === 'string' || key.d !== undefined ? privateKey(key) : createPublicKey({ key, format: 'jwk' })
}

function kidOf(key: string | JsonWebKey): string | undefined {
  const kid = typeof key === 'string' ? undefined : key.kid
  return typeof kid === 'string' && kid !== '' ? kid : undefined
}

/** @throws LivenessError OPTION_INVALID for RSA and the like */
function publicJwk(key: KeyObject, kid: string | undefined): PublicJwk {
  const half = key.type === 'public' ? key : createPublicKey(key)
  const { kty, crv, x, y } = half.export({ format: 'jwk' })
  const algorithm = { Ed25519: 'EdDSA', 'P-256': 'ES256' } as const
  if (crv !== 'Ed25519' && crv !== 'P-256') throw invalidKey()
  // RFC 7638: the members a key of this type must have, in alphabetical order.
  const members = y === undefined ? { crv, kty, x } : { crv, kty, x, y }
  const thumbprint = createHash('sha256').update(JSON.stringify(members)).digest('base64url')
  return { ...members, kid: kid ?? thumbprint, alg: algorithm[crv], use: 'sig' }
}

function attempt<T>(read: () => T): T {
  try {
    return read()
  } catch {
    // The parser's own message may quote the key.
    throw invalidKey()
  }
}

function invalidKey(): LivenessError {
  return new LivenessError('OPTION_INVALID', 'Expected a private Ed25519 or P-256 key, as JWK, JWK set or PEM.', {
    hint: 'openssl genpkey -algorithm ed25519 -out key.pem',
  })
}
