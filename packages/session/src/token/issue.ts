/** Signs a token and marks it as good for one use. */
import type { Store } from '../store/store.ts'
import { grantKey, type LivenessClaims, TOKEN_LEEWAY_SECONDS } from './claims.ts'
import type { TokenSigner } from './signer.ts'

/** Stores in whose process tokens are issued: a verifier with another memory store would refuse every token. */
const issuers = new WeakSet<Store>()

export function noteIssuer(store: Store): void {
  issuers.add(store)
}

/** Whether a verifier can find in this store what signers write. */
export function canVerify(store: Store): boolean {
  return store.shared || issuers.has(store)
}

/**
 * A token passes only while its mark is in the store, and a verifier takes the mark away: a store that lost its data refuses.
 * @param now seconds since 1970
 */
export async function issueToken(
  { signer, store }: { readonly signer: TokenSigner; readonly store: Store },
  claims: Omit<LivenessClaims, 'iss' | 'aud' | 'iat' | 'exp' | 'verdict'>,
  now: number,
): Promise<string> {
  noteIssuer(store)
  const token = await signer.sign(claims, now)
  await store.add(grantKey(claims.jti), '1', (signer.expiresInSeconds + 2 * TOKEN_LEEWAY_SECONDS) * 1000)
  return token
}
