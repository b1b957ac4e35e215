/** A judged picture or video as text and as one line of JSON. */
import type { LivenessError, LivenessResult, Reason, SequenceResult, Verdict } from '@unspoof/core'
import { counted } from '../terminal/counted.ts'
import { printable, type Terminal } from '../terminal/terminal.ts'

/** What became of one input. */
export type Outcome =
  | { readonly kind: 'picture'; readonly input: string; readonly result: LivenessResult }
  | { readonly kind: 'sequence'; readonly input: string; readonly result: SequenceResult; readonly ms: number }
  | { readonly kind: 'error'; readonly input: string; readonly error: LivenessError }

const STYLES = { live: 'green', spoof: 'red', retry: 'yellow', 'not-checked': 'yellow', error: 'magenta' } as const

export function verdictOf(outcome: Outcome): Verdict | 'error' {
  return outcome.kind === 'error' ? 'error' : outcome.result.verdict
}

export function toText(outcome: Outcome, terminal: Terminal): string {
  const verdict = verdictOf(outcome)
  const head = `${terminal.paint(STYLES[verdict], verdict.padEnd(6))} ${printable(outcome.input)}`
  return [head, ...details(outcome).map((line) => `       ${line}`)].join('\n')
}

function details(outcome: Outcome): string[] {
  switch (outcome.kind) {
    case 'error':
      return [outcome.error.message, `${outcome.error.hint} (${outcome.error.code})`]
    case 'sequence': {
      const { liveProbability, reasons, frames } = outcome.result
      return [
        ...(liveProbability === null ? [] : [`live probability ${probability(liveProbability)} over the sequence`]),
        ...reasons.map(reasonText),
        `${frames.read} frames read, ${frames.judged} judged, ${Math.round(outcome.ms)} ms`,
      ]
    }
    case 'picture': {
      const { liveProbability, operatingPoint, stability, reasons, timings } = outcome.result
      const point = `threshold ${probability(operatingPoint.threshold)} (${operatingPoint.name})`
      const steady = stability === null ? '' : `, stability ${stability.toFixed(2)}`
      const { decode, detect, quality, crop, model, total } = timings
      return [
        ...(liveProbability === null ? [] : [`live probability ${probability(liveProbability)}, ${point}${steady}`]),
        ...reasons.map(reasonText),
        `${ms(total)} ms: decode ${ms(decode)}, detect ${ms(detect)}, quality ${ms(quality)}, crop ${ms(crop)}, model ${ms(model)}`,
      ]
    }
  }
}

function reasonText({ code, hint, value, bound }: Reason): string {
  const measured = value === undefined || bound === undefined ? '' : ` (${short(value)}, bound ${short(bound)})`
  return `${code}${measured}: ${hint}`
}

/** One object; what is not known is null, so that every line has the same keys. */
export function toJson(outcome: Outcome): string {
  if (outcome.kind === 'error') {
    const { code, message, hint } = outcome.error
    return JSON.stringify({ input: outcome.input, verdict: null, error: { code, message, hint } })
  }
  if (outcome.kind === 'sequence') {
    const { verdict, liveProbability, reasons, hint, frames } = outcome.result
    return JSON.stringify({
      input: outcome.input,
      verdict,
      liveProbability,
      reasons,
      hint,
      frames,
      ms: outcome.ms,
      error: null,
    })
  }
  const { face, faces, ...result } = outcome.result
  return JSON.stringify({
    input: outcome.input,
    ...result,
    face: face === null ? null : face.box,
    faces: faces.map(({ verdict, liveProbability, stability, reasons, face: found }) => ({
      verdict,
      liveProbability,
      stability,
      reasons: reasons.map(({ code }) => code),
      box: found.box,
    })),
    error: null,
  })
}

/** `12 inputs: 9 live, 2 spoof, 1 retry` */
export function toSummary(outcomes: readonly Outcome[]): string {
  const counts = new Map<string, number>()
  for (const outcome of outcomes) {
    const verdict = verdictOf(outcome)
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
  }
  return `${counted(outcomes.length, 'input')}: ${[...counts].map(([verdict, count]) => `${count} ${verdict}`).join(', ')}`
}

/** Four decimals, but never 0 or 1 where it is not: the last step to certainty is the longest. */
function probability(value: number): string {
  if (value > 0.9999 && value < 1) return '> 0.9999'
  if (value < 0.0001 && value > 0) return '< 0.0001'
  return value.toFixed(4)
}

function short(value: number): string {
  return String(Number(value.toPrecision(3)))
}

function ms(value: number): string {
  return value < 10 ? value.toFixed(1) : value.toFixed(0)
}
