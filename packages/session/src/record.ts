/** What the store holds of a session and of its result, written and read strictly. */
import {
  LivenessError,
  OPERATING_POINTS,
  type OperatingPointName,
  REASONS,
  type ReasonCode,
  VERDICT_CODES,
  type Verdict,
  type VerdictCode,
} from '@unspoof/core'
import { CHALLENGE_KINDS, type ChallengeKind } from './challenge/challenge.ts'
import type { InjectionReport } from './injection/signals.ts'

/** A started session. The subject is kept as its keyed hash. */
export interface SessionRecord {
  readonly subject: string
  readonly nonce: string
  readonly challenge: ChallengeKind
  readonly operatingPoint: OperatingPointName
  readonly frames: number
  readonly holdFrames: number
  readonly intervalMs: number
}

/** What a submission came to; no pictures, no hashes. */
export interface ResultRecord {
  readonly verdict: Verdict
  readonly code: VerdictCode
  readonly reasons: readonly ReasonCode[]
  readonly challenge: ChallengeKind
  readonly operatingPoint: OperatingPointName
  readonly models: readonly { readonly id: string; readonly version: string }[]
  /** Calibrated P(live) of the sequence, 0..1; `null` where no model ran. Stays on the server. */
  readonly liveProbability: number | null
  readonly injection: InjectionReport | null
  /** The token's id, which reading the result burns as well; `null` where there is no token. */
  readonly jti: string | null
  /** ISO 8601. */
  readonly finishedAt: string
}

/** @throws LivenessError STORE_UNAVAILABLE where the store answers what was never written: never taken for a session. */
export function readSessionRecord(text: string): SessionRecord {
  const record = parse(text)
  const good =
    typeof record.subject === 'string' &&
    typeof record.nonce === 'string' &&
    record.nonce.length >= 22 &&
    CHALLENGE_KINDS.includes(record.challenge as ChallengeKind) &&
    OPERATING_POINTS.includes(record.operatingPoint as OperatingPointName) &&
    isCount(record.frames) &&
    isCount(record.holdFrames) &&
    isCount(record.intervalMs)
  if (!good) throw garbage()
  return record as unknown as SessionRecord
}

/** @throws LivenessError STORE_UNAVAILABLE */
export function readResultRecord(text: string): ResultRecord {
  const record = parse(text)
  const { verdict, code, reasons } = record
  const good =
    typeof verdict === 'string' &&
    Object.hasOwn(VERDICT_CODES, verdict) &&
    VERDICT_CODES[verdict as Verdict] === code &&
    Array.isArray(reasons) &&
    reasons.every((reason: unknown) => typeof reason === 'string' && Object.hasOwn(REASONS, reason)) &&
    CHALLENGE_KINDS.includes(record.challenge as ChallengeKind) &&
    OPERATING_POINTS.includes(record.operatingPoint as OperatingPointName) &&
    Array.isArray(record.models) &&
    (record.jti === null || typeof record.jti === 'string') &&
    typeof record.finishedAt === 'string'
  if (!good) throw garbage()
  return record as unknown as ResultRecord
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Answered below, like everything else that is no record.
  }
  throw garbage()
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) > 0
}

function garbage(): LivenessError {
  return new LivenessError('STORE_UNAVAILABLE', 'The store answered something that was never written there.', {
    retryAfter: 2,
  })
}
