/** Slows down whoever tries again and again: failures per account and per client, with a pause that doubles; and how often sessions are started. */
import { LivenessError } from '@unspoof/core'
import type { Keys } from '../keys.ts'
import type { Store } from '../store/store.ts'

export interface AttemptLimits {
  /** Failed or abandoned sessions of one subject within {@link windowMs} before a pause. @default 5 */
  readonly failures: number
  /** Failed submissions from one client key, which many people may share. @default 20 */
  readonly clientFailures: number
  /** Milliseconds. @default 180000 (3 minutes) */
  readonly windowMs: number
  /** The first pause, milliseconds; each further one is twice as long. @default 30000 */
  readonly pauseMs: number
  /** The longest pause, milliseconds. Pauses are forgotten after a day. @default 3600000 (1 hour) */
  readonly maxPauseMs: number
  /** Sessions one subject may start a minute. @default 10 */
  readonly starts: number
  /** Sessions one client key may start a minute. @default 60 */
  readonly clientStarts: number
}

export const ATTEMPT_DEFAULTS: AttemptLimits = {
  failures: 5,
  clientFailures: 20,
  windowMs: 180_000,
  pauseMs: 30_000,
  maxPauseMs: 3_600_000,
  starts: 10,
  clientStarts: 60,
}

/** Who tries: the account, and where the application knows it, the client (an address, a device). */
export interface Attempter {
  readonly subject: string
  readonly clientKey?: string | undefined
}

export interface Attempts {
  /** @throws LivenessError ATTEMPTS_EXCEEDED where a pause is on. */
  check(who: Attempter): Promise<void>
  /** Counts a started session. @throws LivenessError ATTEMPTS_EXCEEDED */
  start(who: Attempter): Promise<void>
  /**
   * Counts a failure of the subject ahead of the verdict: who never submits has failed. Then call {@link passed} or {@link failed}.
   * @throws LivenessError ATTEMPTS_EXCEEDED
   */
  begin(who: Attempter): Promise<void>
  /** It passed, or was no fault of the person: takes the failure out of the count. */
  passed(who: Attempter): Promise<void>
  /** It failed: keeps the count, counts for the client, too, and starts a pause where it was one too many. */
  failed(who: Attempter): Promise<void>
}

const DAY_MS = 24 * 3600_000
const MINUTE_MS = 60_000

interface Scope {
  readonly name: string
  readonly failures: number
  readonly starts: number
}

export function createAttempts(store: Store, keys: Keys, limits: AttemptLimits): Attempts {
  const subjectOf = async ({ subject }: Attempter): Promise<Scope> => ({
    name: await keys.name('subject', subject),
    failures: limits.failures,
    starts: limits.starts,
  })
  const clientOf = async ({ clientKey }: Attempter): Promise<Scope | undefined> =>
    clientKey === undefined
      ? undefined
      : { name: await keys.name('client', clientKey), failures: limits.clientFailures, starts: limits.clientStarts }
  const scopesOf = async (who: Attempter): Promise<Scope[]> => {
    const client = await clientOf(who)
    return [await subjectOf(who), ...(client === undefined ? [] : [client])]
  }

  /** @returns its length in milliseconds */
  const pause = async ({ name }: Scope): Promise<number> => {
    const { count } = await store.increment(`pauses:${name}`, 1, DAY_MS)
    // The exponent is bounded so that a day of failures does not overflow.
    const ms = Math.min(limits.maxPauseMs, limits.pauseMs * 2 ** Math.min(30, count - 1))
    await store.add(`paused:${name}`, '1', ms)
    await store.delete(`failures:${name}`)
    return ms
  }

  const checkPauses = async (scopes: readonly Scope[]): Promise<void> => {
    for (const { name } of scopes) {
      const paused = await store.get(`paused:${name}`)
      if (paused !== undefined) throw exceeded(paused.expiresInMs)
    }
  }

  const countFailure = async ({ name }: Scope, by: number): Promise<number> =>
    (await store.increment(`failures:${name}`, by, limits.windowMs)).count

  return {
    async check(who) {
      await checkPauses(await scopesOf(who))
    },

    async start(who) {
      const scopes = await scopesOf(who)
      await checkPauses(scopes)
      for (const { name, starts } of scopes) {
        const { count, expiresInMs } = await store.increment(`starts:${name}`, 1, MINUTE_MS)
        if (count > starts) throw exceeded(expiresInMs)
      }
    },

    async begin(who) {
      await checkPauses(await scopesOf(who))
      const subject = await subjectOf(who)
      // Failures that were never settled are those of abandoned sessions.
      if ((await countFailure(subject, 1)) > subject.failures) throw exceeded(await pause(subject))
    },

    async passed(who) {
      const subject = await subjectOf(who)
      // A count below zero belongs to a window that a pause has closed: it starts at zero.
      if ((await countFailure(subject, -1)) < 0) await countFailure(subject, 1)
    },

    async failed(who) {
      const subject = await subjectOf(who)
      if ((await countFailure(subject, 0)) >= subject.failures) await pause(subject)
      const client = await clientOf(who)
      if (client !== undefined && (await countFailure(client, 1)) >= client.failures) await pause(client)
    },
  }
}

function exceeded(waitMs: number): LivenessError {
  return new LivenessError('ATTEMPTS_EXCEEDED', 'Too many attempts.', {
    retryAfter: Math.max(1, Math.ceil(waitMs / 1000)),
  })
}
