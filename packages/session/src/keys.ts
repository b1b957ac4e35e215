/** What is derived from the server's secret: names for the store that tell nothing, and a seal for records. */
import { invalid } from '@unspoof/core'
import { fromBase64Url, toBase64Url, utf8 } from './bytes.ts'

export interface Keys {
  /** A store key for something private (an account, an address, a hash): HMAC-SHA-256, cut to 128 bits. */
  name(purpose: string, text: string): Promise<string>
  /** Encrypts and authenticates a text (AES-256-GCM, random nonce). `place` is where it belongs: it opens nowhere else. */
  seal(text: string, place: string): Promise<string>
  /** The text, or undefined where it was not sealed with this secret for this place. */
  open(sealed: string, place: string): Promise<string | undefined>
}

/** Shortest secret, in bytes. */
const MIN_SECRET = 32

/**
 * @param secret at least 32 bytes, or undefined for a random one that lives as long as this process.
 * @throws LivenessError OPTION_INVALID
 */
export function createKeys(secret: string | Uint8Array | undefined): Keys {
  const bytes =
    typeof secret === 'string' ? utf8(secret) : (secret ?? crypto.getRandomValues(new Uint8Array(MIN_SECRET)))
  if (!(bytes instanceof Uint8Array) || bytes.length < MIN_SECRET) {
    throw invalid('secret', `a string or Uint8Array of at least ${MIN_SECRET} bytes`, secret)
  }
  const root = crypto.subtle.importKey('raw', new Uint8Array(bytes), 'HKDF', false, ['deriveBits'])
  // HKDF (RFC 5869) gives each use a key of its own, so that a name never helps to open a seal.
  const derive = async (info: string): Promise<ArrayBuffer> =>
    crypto.subtle.deriveBits(
      { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: utf8(`unspoof session ${info}`) },
      await root,
      256,
    )
  const nameKey = derive('names').then((key) =>
    crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
  )
  const sealKey = derive('seals').then((key) =>
    crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt', 'decrypt']),
  )
  return {
    async name(purpose, text) {
      const mac = await crypto.subtle.sign('HMAC', await nameKey, utf8(`${purpose}\0${text}`))
      return `${purpose}:${toBase64Url(new Uint8Array(mac, 0, 16))}`
    },
    async seal(text, place) {
      const iv = crypto.getRandomValues(new Uint8Array(12))
      const algorithm = { name: 'AES-GCM', iv, additionalData: utf8(place) }
      const sealed = await crypto.subtle.encrypt(algorithm, await sealKey, utf8(text))
      return `${toBase64Url(iv)}.${toBase64Url(new Uint8Array(sealed))}`
    },
    async open(sealed, place) {
      const [nonce, content] = sealed.split('.')
      if (nonce === undefined || content === undefined) return undefined
      try {
        const algorithm = { name: 'AES-GCM', iv: fromBase64Url(nonce), additionalData: utf8(place) }
        const text = await crypto.subtle.decrypt(algorithm, await sealKey, fromBase64Url(content))
        return new TextDecoder().decode(text)
      } catch {
        return undefined
      }
    },
  }
}
