/** The one sentence for bad options and arguments, and the small checks that say it. */
import { type ErrorCode, LivenessError } from './errors.ts'

/** Describes a value by type and size, never by content: it may be a picture or a token. */
export function describe(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'number' || typeof value === 'boolean' || value === undefined) return String(value)
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (ArrayBuffer.isView(value)) return `${value.constructor.name} of ${value.byteLength} bytes`
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'no prototype'})`
  return `a ${typeof value}`
}

/** `Expected <rule> for <name> but received <description>.` */
export function invalid(name: string, rule: string, value: unknown, code: ErrorCode = 'OPTION_INVALID'): LivenessError {
  return new LivenessError(code, `Expected ${rule} for ${name} but received ${describe(value)}.`)
}

export interface Range {
  readonly min: number
  readonly max: number
}

export function checkNumber(name: string, value: unknown, range: Range, code?: ErrorCode): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < range.min || value > range.max) {
    throw invalid(name, `a number from ${range.min} to ${range.max}`, value, code)
  }
  return value
}

export function checkInteger(name: string, value: unknown, range: Range, code?: ErrorCode): number {
  if (!Number.isInteger(value)) throw invalid(name, `an integer from ${range.min} to ${range.max}`, value, code)
  return checkNumber(name, value, range, code)
}

export function checkOneOf<const T extends string | number>(
  name: string,
  value: unknown,
  allowed: readonly T[],
  code?: ErrorCode,
): T {
  if (!allowed.includes(value as T)) {
    const received = typeof value === 'string' && value.length <= 40 ? `'${value}'` : describe(value)
    throw new LivenessError(
      code ?? 'OPTION_INVALID',
      `Expected one of ${allowed.map((a) => JSON.stringify(a)).join(', ')} for ${name} but received ${received}.`,
    )
  }
  return value as T
}

/** Refuses keys that are not known and names the nearest known one. `undefined` values count as absent. */
export function checkKeys(
  name: string,
  value: object,
  known: readonly string[],
  code: ErrorCode = 'OPTION_INVALID',
): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    throw new LivenessError(
      code,
      `Unknown ${name} option "${key.slice(0, 40)}"${near === undefined ? '' : `; did you mean "${near}"?`}`,
      {
        hint: `Known options: ${known.join(', ')}.`,
      },
    )
  }
}

/** The known name that a misspelt one probably means, or `undefined` where none is near. */
export function nearest(key: string, known: readonly string[]): string | undefined {
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(key.length / 3)) + 1
  for (const candidate of known) {
    const distance = editDistance(key.toLowerCase().slice(0, 40), candidate.toLowerCase())
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}
