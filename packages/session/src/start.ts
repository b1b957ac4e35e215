/** startSession(): a nonce, and what to capture. The movements are not drawn yet. */
import { checkOneOf, OPERATING_POINTS, type OperatingPointName } from '@unspoof/core'
import { PROTOCOL_VERSION, type StartedSession } from '@unspoof/core/protocol'
import { randomId } from './bytes.ts'
import { MAX_MOVED } from './challenge/plan.ts'
import { type Context, checkSubject, openKey, REMEMBERED_MS, sessionKey } from './context.ts'
import type { Attempter } from './limits/attempts.ts'
import type { SessionRecord } from './records.ts'

export interface CreateSessionOptions extends Attempter {
  /** The account the session is for, 1 to 200 characters: from the application's own login, never from the request's body. */
  readonly subject: string
  /** What failures are also counted by: an address or device, as the application knows it. */
  readonly clientKey?: string
  /** For this session only. @default the sessions' own */
  readonly operatingPoint?: OperatingPointName
}

export async function startSession(
  { options, keys, records, attempts }: Context,
  { subject, clientKey, operatingPoint }: CreateSessionOptions,
): Promise<StartedSession> {
  const { capture, ttlMs, store } = options
  checkSubject(subject)
  const point = checkOneOf('operatingPoint', operatingPoint ?? options.operatingPoint, OPERATING_POINTS)
  await attempts.start({ subject, clientKey })
  const record: SessionRecord = {
    subject: await keys.name('subject', subject),
    nonce: randomId(),
    operatingPoint: point,
    holdFrames: capture.holdFrames,
    intervalMs: capture.intervalMs,
  }
  const id = randomId()
  await records.set(sessionKey(id), record, REMEMBERED_MS)
  // From now on the account's earlier session is over.
  await store.set(openKey(record.subject), id, REMEMBERED_MS)
  return {
    version: PROTOCOL_VERSION,
    id,
    nonce: record.nonce,
    capture: { ...capture, type: 'image/jpeg', maxFrames: capture.holdFrames + MAX_MOVED },
    expiresInMs: ttlMs,
    expiresAt: new Date(options.now() + ttlMs).toISOString(),
  }
}
