/** What the store holds of a session, sealed: whoever reads or writes the store can neither learn nor make a record. */
import { LivenessError, type OperatingPointName, type ReasonCode, type Verdict, type VerdictCode } from '@unspoof/core'
import type { ChallengeKind, CommittedFrame, Step } from '@unspoof/core/protocol'
import type { InjectionReport } from './injection/signals.ts'
import type { Keys } from './keys.ts'
import type { Store } from './store/store.ts'

/** A started session. The subject is kept as its keyed hash. */
export interface SessionRecord {
  readonly subject: string
  readonly nonce: string
  readonly operatingPoint: OperatingPointName
  readonly holdFrames: number
  readonly intervalMs: number
}

/** The digests of one step's frames. */
export interface CommitRecord {
  readonly frames: readonly CommittedFrame[]
  /** Milliseconds since the session started, by the store's clock. */
  readonly atMs: number
}

/** The first commit, and what was drawn by it. */
export interface FirstCommitRecord extends CommitRecord {
  readonly mirrored: boolean
  readonly plan: readonly Step[]
}

/** What a submission came to. */
export interface ResultRecord {
  readonly verdict: Verdict
  readonly code: VerdictCode
  readonly reasons: readonly ReasonCode[]
  /** The movements that were asked for, in order. */
  readonly steps: readonly ChallengeKind[]
  readonly operatingPoint: OperatingPointName
  readonly models: readonly { readonly id: string; readonly version: string }[]
  /** Calibrated P(live) of the sequence, 0..1; `null` where no model ran. Stays on the server. */
  readonly liveProbability: number | null
  readonly injection: InjectionReport | null
  /** The frame to compare with an ID photo; `null` unless the verdict is `live`. */
  readonly reference: ReferenceFrame | null
  /** The token's id, which reading the result burns as well; `null` where there is no token. */
  readonly jti: string | null
  /** ISO 8601. */
  readonly finishedAt: string
}

/** One of the submitted frames, chosen by the server. */
export interface ReferenceFrame {
  /** Its place in the submission. */
  readonly index: number
  /** Lower-case hex of the JPEG's SHA-256. */
  readonly sha256: string
}

export interface Records {
  set(key: string, record: object, ttlMs: number): Promise<void>
  /** **Atomic**, see {@link Store.add}. */
  add(key: string, record: object, ttlMs: number): Promise<boolean>
  /** @throws LivenessError STORE_UNAVAILABLE where the store answers what was not sealed for this key with this secret. */
  get<T>(key: string): Promise<{ readonly value: T; readonly expiresInMs: number } | undefined>
}

export function createRecords(store: Store, keys: Keys): Records {
  // A server of another version seals for another place, and is not misread.
  const place = (key: string): string => `record 2 ${key}`
  return {
    async set(key, record, ttlMs) {
      await store.set(key, await keys.seal(JSON.stringify(record), place(key)), ttlMs)
    },
    async add(key, record, ttlMs) {
      return store.add(key, await keys.seal(JSON.stringify(record), place(key)), ttlMs)
    },
    async get<T>(key: string) {
      const stored = await store.get(key)
      if (stored === undefined) return undefined
      const text = await keys.open(stored.value, place(key))
      if (text === undefined) {
        throw new LivenessError('STORE_UNAVAILABLE', 'A record in the store was not sealed with this secret.', {
          hint: 'Pass the same secret to every process, and let nothing else write under this prefix.',
          retryAfter: 2,
        })
      }
      return { value: JSON.parse(text) as T, expiresInMs: stored.expiresInMs }
    },
  }
}
