/** The real session server with the real judgement, for the browser tests. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createLiveness, decodeImage } from '@unspoof/node'
import {
  type ChallengeKind,
  createMemoryStore,
  createSessionHandler,
  createSessions,
  createTokenSigner,
  createTokenVerifier,
  generateTokenKeys,
  type LivenessClaims,
  toNodeHandler,
} from '@unspoof/session'

export interface TestSessions {
  /** What the next session is asked for. */
  asked: ChallengeKind
  /** For a static server: answers everything below `/liveness/`, for the account `ada`. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => boolean
  verify(token: string): Promise<LivenessClaims>
  close(): Promise<void>
}

const KINDS = ['move-closer', 'turn-left', 'turn-right'] as const
const NAMES = { issuer: 'https://login.example', audience: 'https://login.example' }

/** @param steps movements a session asks for; of one the kind is {@link TestSessions.asked} */
export async function startSessions(steps?: number): Promise<TestSessions> {
  const liveness = await createLiveness()
  const store = createMemoryStore()
  const keys = await generateTokenKeys()
  const signer = await createTokenSigner({ key: keys.privateKey, kid: keys.publicKey.kid!, ...NAMES })
  const verifier = await createTokenVerifier({ keys: [keys.publicKey], store, ...NAMES })
  const sessions = createSessions({
    liveness,
    decode: (jpeg) => decodeImage(jpeg),
    // The film of the fake camera is one image, zoomed and turned: depth would refuse it.
    landmarker: null,
    store,
    signer,
    challenges: KINDS,
    steps: steps ?? 1,
    ...(steps === undefined ? { random: () => (KINDS.indexOf(test.asked) + 0.5) / KINDS.length } : {}),
    // Slower than by default, so that a busy machine takes its frames in time, and has the time to judge them.
    capture: { intervalMs: 700 },
    submitTimeoutMs: 60_000,
    // One picture plays all the people here, so every session after the first would be a repeat.
    seenFramesTtlMs: 0,
  })
  const handler = toNodeHandler(createSessionHandler(sessions, { basePath: '/liveness', subject: () => 'ada' }))
  const test: TestSessions = {
    asked: 'move-closer',
    handle(request, response) {
      if (request.url?.startsWith('/liveness/') !== true) return false
      void handler(request, response)
      return true
    },
    verify: (token) => verifier.verify(token, { subject: 'ada' }),
    close: () => liveness.close(),
  }
  return test
}
