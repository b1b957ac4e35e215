/** Sessions of `unspoof serve`: which store, which keys, who may ask, mounted as routes of node:http. */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { LivenessError, type OperatingPointName } from '@unspoof/core'
import { createFaceLandmarker, decodeImage } from '@unspoof/node'
import {
  type ChallengeKind,
  createMemoryStore,
  createSessionHandler,
  createSessions,
  createTokenSigner,
  type SessionLiveness,
  toNodeHandler,
} from '@unspoof/session'
import { createRedisStore } from '@unspoof/session/redis'
import { Redis } from 'ioredis'
import type { PublicJwk, TokenKey } from './token-key.ts'

/** The account a request is about, as whoever holds the backend key knows it. */
export const SUBJECT_HEADER = 'liveness-subject'
/** The address or device of the person; failures are counted by it, too. */
export const CLIENT_HEADER = 'liveness-client'

/** Bytes; as short as a secret may be that nobody can guess. */
const MIN_SECRET = 32
/** Milliseconds that Redis may take to connect, and to answer a command. */
const REDIS_TIMEOUT = 3000

export interface SessionSettings {
  /** redis://...; without it sessions live in this process. */
  readonly redis?: string | undefined
  /** Key of what the store may not know; the same for every server over one Redis. */
  readonly secret?: string | undefined
  /** What callers must show; undefined: whoever reaches the port may ask. */
  readonly backendKey?: string | undefined
  readonly tokenKey: TokenKey
  readonly issuer: string
  readonly audience: string
  readonly operatingPoint?: OperatingPointName | undefined
  readonly challenges?: readonly ChallengeKind[] | undefined
  /** Measure whether a head or a flat image moved. */
  readonly depth: boolean
  /** Told of errors of 500 and above. */
  readonly onError?: ((error: LivenessError) => void) | undefined
}

export interface SessionRoutes {
  readonly publicKeys: { readonly keys: readonly PublicJwk[] }
  /** True where the request shows the backend key, or none is asked for. */
  isAllowed(req: IncomingMessage): boolean
  /** The address or device the request is from, as its sender says. */
  clientOf(req: IncomingMessage): string | undefined
  handle(req: IncomingMessage, res: ServerResponse): Promise<void>
  /** Whether the store answers. Never rejects. */
  isStoreReady(): Promise<boolean>
  close(): Promise<void>
}

/** @throws LivenessError OPTION_INVALID; STORE_UNAVAILABLE where Redis cannot be reached; what loading the face mesh throws */
export async function createSessionRoutes(
  liveness: SessionLiveness,
  settings: SessionSettings,
): Promise<SessionRoutes> {
  const { redis: url, secret, backendKey, tokenKey, issuer, audience } = settings
  for (const [name, value] of Object.entries({ UNSPOOF_SESSION_SECRET: secret, UNSPOOF_BACKEND_KEY: backendKey })) {
    if (value !== undefined && Buffer.byteLength(value) < MIN_SECRET) {
      throw new LivenessError('OPTION_INVALID', `Expected at least ${MIN_SECRET} bytes in ${name}.`, {
        hint: 'openssl rand -base64 32',
      })
    }
  }
  if (url !== undefined && secret === undefined) {
    throw new LivenessError(
      'OPTION_INVALID',
      'Expected UNSPOOF_SESSION_SECRET, the same for every server over one Redis.',
      {
        hint: 'openssl rand -base64 32',
      },
    )
  }
  const redis = url === undefined ? undefined : await connect(url)
  const signer = await createTokenSigner({
    key: tokenKey.key,
    kid: tokenKey.kid,
    algorithm: tokenKey.algorithm,
    issuer,
    audience,
  })
  // Without a movement there is no depth to measure.
  const measured = settings.depth && settings.challenges?.length !== 0
  const landmarker = measured ? await createFaceLandmarker() : null
  const sessions = createSessions({
    liveness,
    decode: decodeImage,
    landmarker,
    signer,
    store: redis === undefined ? createMemoryStore() : createRedisStore(redis),
    ...(secret === undefined ? {} : { secret }),
    ...(settings.operatingPoint === undefined ? {} : { operatingPoint: settings.operatingPoint }),
    ...(settings.challenges === undefined ? {} : { challenges: settings.challenges }),
  })
  const handler = createSessionHandler<IncomingMessage>(sessions, {
    subject: (_, req) => single(req, SUBJECT_HEADER),
    clientKey: (_, req) => single(req, CLIENT_HEADER),
    // Whoever got this far has shown the key.
    backend: () => true,
    basePath: '/v1',
    // Its callers are servers; what a browser is allowed is for them to say.
    crossSite: true,
    ...(settings.onError === undefined ? {} : { onError: settings.onError }),
  })
  const wanted = backendKey === undefined ? undefined : digest(backendKey)
  return {
    publicKeys: { keys: tokenKey.published },
    isAllowed(req) {
      if (wanted === undefined) return true
      const [, key] = /^Bearer +(\S+)$/i.exec(req.headers.authorization ?? '') ?? []
      return key !== undefined && timingSafeEqual(digest(key), wanted)
    },
    clientOf: (req) => single(req, CLIENT_HEADER),
    handle: toNodeHandler(handler),
    isStoreReady: async () => redis === undefined || (await redis.ping().catch(() => undefined)) === 'PONG',
    async close() {
      redis?.disconnect()
      await landmarker?.close()
    },
  }
}

/** @throws LivenessError OPTION_INVALID, STORE_UNAVAILABLE */
async function connect(url: string): Promise<Redis> {
  if (!/^rediss?:\/\/./.test(url)) {
    // Without the address itself: it may hold a password.
    throw new LivenessError('OPTION_INVALID', 'Expected redis:// or rediss:// for the address of Redis.')
  }
  // In an outage commands fail at once instead of queueing up: the person is told to try again.
  const redis = new Redis(url, {
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
    lazyConnect: true,
    connectTimeout: REDIS_TIMEOUT,
    commandTimeout: REDIS_TIMEOUT,
  })
  let last: Error | undefined
  // ioredis connects again by itself; the caller of each failed command hears of it.
  redis.on('error', (error: Error) => {
    last = error
  })
  try {
    await redis.connect()
    await redis.ping()
    return redis
  } catch (error) {
    redis.disconnect()
    const cause = last ?? (error as Error)
    // The code only: a message may hold the address, and with it a password.
    const code = (cause as NodeJS.ErrnoException).code ?? /^[A-Z]{4,}/.exec(cause.message)?.[0] ?? 'no answer'
    throw new LivenessError('STORE_UNAVAILABLE', `Redis cannot be reached (${code}).`, {
      cause,
      hint: 'Check that Redis runs, and the address and password in --redis or UNSPOOF_REDIS_URL.',
    })
  }
}

/** A header that is there exactly once: two of them are a client's and a proxy's, and nobody knows which is which. */
function single(req: IncomingMessage, name: string): string | undefined {
  const values = req.headersDistinct[name]
  return values?.length === 1 && values[0] !== '' && values[0]!.length <= 200 ? values[0] : undefined
}

/** Of equal length, whatever the key's. */
function digest(key: string): Buffer {
  return createHash('sha256').update(key).digest()
}
