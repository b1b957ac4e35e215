// Tokens that were used, or whose store lost its data: after FLUSHALL, an eviction, or a failover to a replica that missed the mark.
import { createMemoryStore, createTokenSigner, createTokenVerifier, generateTokenKeys } from '@unspoof/session'
import { issueToken } from '@unspoof/session/testing'

export const name = 'tokens'

const NAMES = { issuer: 'https://id.example', audience: 'https://app.example' }

/** @param {{ short: boolean }} options */
export async function run({ short }) {
  const n = short ? 5 : 40
  const { privateKey, publicKey } = await generateTokenKeys()
  const signer = await createTokenSigner({ key: privateKey, kid: publicKey.kid, ...NAMES })
  const passed = { used: 0, lost: 0, raced: 0 }
  for (let i = 0; i < n; i++) {
    const store = createMemoryStore()
    const issue = (jti) => issueToken({ signer, store }, claims(jti), Math.floor(Date.now() / 1000))
    const verifier = await createTokenVerifier({ keys: [publicKey], store, ...NAMES })
    const accepts = (token) =>
      verifier.verify(token, { subject: 'ada' }).then(
        () => true,
        () => false,
      )
    const raced = await issue(`raced-${i}`)
    const answers = await Promise.all(Array.from({ length: 20 }, () => accepts(raced)))
    if (answers.filter(Boolean).length !== 1) passed.raced++
    if (await accepts(raced)) passed.used++
    const lost = await issue(`lost-${i}`)
    // What a store without its data answers: nothing is there.
    await store.delete(`grant:lost-${i}`)
    await store.delete(`grant:raced-${i}`)
    if ((await accepts(lost)) || (await accepts(raced))) passed.lost++
  }
  return {
    rows: [
      { attack: 'used token again', passed: passed.used, n, limit: 0 },
      { attack: 'token after the store lost its data', passed: passed.lost, n, limit: 0 },
      {
        attack: 'one token verified 20 times at once, accepted more or less than once',
        passed: passed.raced,
        n,
        limit: 0,
      },
    ],
  }
}

function claims(jti) {
  const models = [{ id: 'pad', version: '1' }]
  const session = {
    sid: 'session',
    nonce: 'nonce',
    operatingPoint: 'balanced',
    steps: [],
    models,
    image: '0'.repeat(64),
  }
  return { sub: 'ada', jti, ...session }
}
