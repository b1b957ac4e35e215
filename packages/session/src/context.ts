/** What the parts of createSessions() share: options, keys, records, counters, and how a session is found. */
import { invalid, LivenessError } from '@unspoof/core'
import { equalText } from './bytes.ts'
import { createSeenFrames, type SeenFrames } from './frames/seen-frames.ts'
import { createKeys, type Keys } from './keys.ts'
import { type Attempts, createAttempts } from './limits/attempts.ts'
import type { ResolvedSessionsOptions } from './options.ts'
import {
  type CommitRecord,
  createRecords,
  type FirstCommitRecord,
  type Records,
  type SessionRecord,
} from './records.ts'

export interface Context {
  readonly options: ResolvedSessionsOptions
  readonly keys: Keys
  readonly records: Records
  readonly attempts: Attempts
  readonly seenFrames: SeenFrames | undefined
}

export function createContext(options: ResolvedSessionsOptions): Context {
  const keys = createKeys(options.secret)
  const { store, limits, seenFramesTtlMs } = options
  return {
    options,
    keys,
    records: createRecords(store, keys),
    attempts: createAttempts(store, keys, limits),
    seenFrames: seenFramesTtlMs === 0 ? undefined : createSeenFrames(store, keys, seenFramesTtlMs),
  }
}

/** A session is remembered so long after its start, to tell "expired" from "never was", and its markers outlive it. */
export const REMEMBERED_MS = 1_800_000

/** Milliseconds to send the frames after the last commit: some 1 MB over a slow line. */
export const UPLOAD_MS = 60_000

/** Milliseconds for a step beside three times its frames: to read, to move, and for the network. */
const READ_AND_MOVE_MS = 3000

/** Milliseconds from one commit to the next. */
export function stepTimeMs(frames: number, intervalMs: number): number {
  return READ_AND_MOVE_MS + 3 * frames * intervalMs
}

export const sessionKey = (id: string): string => `session:${id}`
export const commitKey = (id: string, step: number): string => `commit:${id}:${step}`
export const usedKey = (id: string): string => `used:${id}`
export const resultKey = (id: string): string => `result:${id}`
export const readKey = (id: string): string => `read:${id}`
/** Which session of an account is open; `subject` is its keyed name. */
export const openKey = (subject: string): string => `open:${subject}`
/** The movements of an account's abandoned session. */
export const keptKey = (subject: string): string => `kept:${subject}`

export interface FoundSession {
  readonly record: SessionRecord
  /** Milliseconds since the session started, by the store's clock. */
  readonly elapsedMs: number
}

/** @throws LivenessError SESSION_UNKNOWN, the same for a session that never was and for somebody else's. */
export async function findSession({ records, keys }: Context, id: string, subject: string): Promise<FoundSession> {
  const wellFormed = typeof id === 'string' && /^[\w-]{22}$/.test(id)
  const stored = wellFormed ? await records.get<SessionRecord>(sessionKey(id)) : undefined
  const name = await keys.name('subject', subject)
  if (stored === undefined || !equalText(stored.value.subject, name)) {
    throw new LivenessError('SESSION_UNKNOWN', 'There is no such session.')
  }
  return { record: stored.value, elapsedMs: REMEMBERED_MS - stored.expiresInMs }
}

/**
 * A session that can still be committed to and submitted.
 * @throws LivenessError SESSION_UNKNOWN; SESSION_USED, also where a newer session of the account ended it
 */
export async function findOpenSession(context: Context, id: string, subject: string): Promise<FoundSession> {
  const found = await findSession(context, id, subject)
  const { store } = context.options
  if ((await store.get(usedKey(id))) !== undefined) throw used()
  if ((await store.get(openKey(found.record.subject)))?.value !== id) {
    throw new LivenessError('SESSION_USED', 'A newer session of this account ended this one.')
  }
  return found
}

/** The commits of a session so far, the first one first. */
export async function readCommits(
  { records }: Context,
  id: string,
  upTo: number,
): Promise<readonly [FirstCommitRecord, ...CommitRecord[]] | undefined> {
  const first = await records.get<FirstCommitRecord>(commitKey(id, 0))
  if (first === undefined) return undefined
  const later: CommitRecord[] = []
  for (let step = 1; step <= Math.min(upTo, first.value.plan.length); step++) {
    const stored = await records.get<CommitRecord>(commitKey(id, step))
    if (stored === undefined) break
    later.push(stored.value)
  }
  return [first.value, ...later]
}

/** Counts a failure of who does not know the nonce; nothing is used up. */
export async function refuseNonce({ attempts }: Context, who: Parameters<Attempts['begin']>[0]): Promise<never> {
  await attempts.begin(who)
  await attempts.failed(who)
  throw new LivenessError('NONCE_MISMATCH', 'The frames do not belong to the nonce of this session.')
}

export function checkSubject(subject: unknown): void {
  if (typeof subject !== 'string' || subject === '' || subject.length > 200)
    throw invalid('subject', 'a string of 1 to 200 characters', subject)
}

export function used(): LivenessError {
  return new LivenessError('SESSION_USED', 'This session was used before.')
}

export function expired(): LivenessError {
  return new LivenessError('SESSION_EXPIRED', 'The time of this session, or of its step, is over.')
}
