/** readResult(): the result for the backend, once. */
import { LivenessError } from '@unspoof/core'
import {
  type Context,
  checkSubject,
  expired,
  findSession,
  REMEMBERED_MS,
  readKey,
  resultKey,
  used,
  usedKey,
} from './context.ts'
import type { ResultRecord } from './records.ts'
import { grantKey } from './token/claims.ts'

export interface ResultOptions {
  /** Who is to be let in: must be who the session was started for. */
  readonly subject: string
  /** False leaves the result to be read again; then it is the application's part that it lets in once. @default true */
  readonly consume?: boolean
}

/** For the backend only: it has the score. */
export interface SessionResult extends Omit<ResultRecord, 'jti'> {
  readonly id: string
  readonly subject: string
}

export async function readResult(
  context: Context,
  id: string,
  { subject, consume = true }: ResultOptions,
): Promise<SessionResult> {
  const { store, ttlMs } = context.options
  checkSubject(subject)
  const { elapsedMs } = await findSession(context, id, subject)
  const stored = await context.records.get<ResultRecord>(resultKey(id))
  if (stored === undefined) {
    if ((await store.get(readKey(id))) !== undefined) throw used()
    const submitted = (await store.get(usedKey(id))) !== undefined
    if (submitted && elapsedMs > ttlMs) throw used()
    if (elapsedMs > ttlMs) throw expired()
    throw new LivenessError('SESSION_PENDING', 'Nothing was submitted to this session, or it is still being judged.')
  }
  const { jti, ...result } = stored.value
  if (consume) {
    // Token and result are two ways to let somebody in once: either burns both.
    if (!(await store.add(readKey(id), '1', REMEMBERED_MS))) throw used()
    if (jti !== null && (await store.take(grantKey(jti))) === undefined) throw used()
  }
  return { id, subject, ...result }
}
