/** commitStep(): takes the digests of one step's frames, and only then tells the next movement. */
import { LivenessError } from '@unspoof/core'
import {
  type ChallengeKind,
  type CommitAnswer,
  type CommitRequest,
  PROTOCOL_VERSION,
  type Step,
} from '@unspoof/core/protocol'
import { equalText } from './bytes.ts'
import { drawPlan } from './challenge/plan.ts'
import {
  type Context,
  checkSubject,
  commitKey,
  expired,
  type FoundSession,
  findOpenSession,
  keptKey,
  REMEMBERED_MS,
  readCommits,
  refuseNonce,
  stepTimeMs,
  UPLOAD_MS,
  used,
} from './context.ts'
import type { Attempter } from './limits/attempts.ts'
import { readCommit } from './protocol/read.ts'
import type { CommitRecord, FirstCommitRecord } from './records.ts'

const DAY_MS = 24 * 3600_000

export async function commitStep(context: Context, id: string, body: unknown, who: Attempter): Promise<CommitAnswer> {
  checkSubject(who.subject)
  const request = readCommit(body)
  const session = await findOpenSession(context, id, who.subject)
  if (!equalText(request.nonce, session.record.nonce)) return refuseNonce(context, who)
  return request.step === 0
    ? commitHeld(context, id, request, session, who)
    : commitMovement(context, id, request, session)
}

/** The first commit draws the movements; from here on an account that does not go on has failed. */
async function commitHeld(
  context: Context,
  id: string,
  { frames, mirrored = false }: CommitRequest,
  { record, elapsedMs }: FoundSession,
  who: Attempter,
): Promise<CommitAnswer> {
  const { options, records, attempts } = context
  if (elapsedMs > options.ttlMs) throw expired()
  checkCount(frames, record.holdFrames)
  await attempts.begin(who)
  const plan = drawPlan({ ...options, kept: await keptKinds(context, record.subject) })
  const commit: FirstCommitRecord = { frames, atMs: elapsedMs, mirrored, plan }
  if (await records.add(commitKey(id, 0), commit, REMEMBERED_MS)) {
    await records.set(keptKey(record.subject), { kinds: plan.map(({ kind }) => kind) }, DAY_MS)
    return answer(plan, 0, record.intervalMs)
  }
  await attempts.passed(who)
  const earlier = await records.get<FirstCommitRecord>(commitKey(id, 0))
  return again(earlier?.value, frames, earlier?.value.plan ?? [], 0, record.intervalMs)
}

async function commitMovement(
  context: Context,
  id: string,
  { step, frames }: CommitRequest,
  { record, elapsedMs }: FoundSession,
): Promise<CommitAnswer> {
  const commits = await readCommits(context, id, step)
  const asked = commits?.[0].plan[step - 1]
  const before = commits?.[step - 1]
  if (commits === undefined || asked === undefined || before === undefined)
    throw new LivenessError('FRAMES_INVALID', 'Expected the commits of a session in order.')
  const { plan } = commits[0]
  const earlier = commits[step]
  if (earlier !== undefined) return again(earlier, frames, plan, step, record.intervalMs)
  if (elapsedMs - before.atMs > stepTimeMs(asked.frames, record.intervalMs)) throw expired()
  checkCount(frames, asked.frames)
  const commit: CommitRecord = { frames, atMs: elapsedMs }
  if (await context.records.add(commitKey(id, step), commit, REMEMBERED_MS))
    return answer(plan, step, record.intervalMs)
  const stored = await context.records.get<CommitRecord>(commitKey(id, step))
  return again(stored?.value, frames, plan, step, record.intervalMs)
}

/** Who abandons a session is asked for the same movements again: starting anew is no way to an easier one. */
async function keptKinds({ records }: Context, subject: string): Promise<readonly ChallengeKind[] | undefined> {
  return (await records.get<{ kinds: readonly ChallengeKind[] }>(keptKey(subject)))?.value.kinds
}

/** The same commit sent twice, because its answer was lost, is answered the same; another one is refused. */
function again(
  earlier: CommitRecord | undefined,
  frames: CommitRequest['frames'],
  plan: readonly Step[],
  step: number,
  intervalMs: number,
): CommitAnswer {
  if (earlier === undefined || JSON.stringify(earlier.frames) !== JSON.stringify(frames)) throw used()
  return answer(plan, step, intervalMs)
}

function answer(plan: readonly Step[], committed: number, intervalMs: number): CommitAnswer {
  const step = plan[committed] ?? null
  const withinMs = step === null ? UPLOAD_MS : stepTimeMs(step.frames, intervalMs)
  return { version: PROTOCOL_VERSION, step, withinMs }
}

function checkCount(frames: readonly unknown[], expected: number): void {
  if (frames.length !== expected)
    throw new LivenessError('FRAMES_INVALID', `Expected ${expected} frames but received ${frames.length}.`)
}
