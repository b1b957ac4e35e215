/** What a script learns from the exit status. Where several apply, the first of ERROR, SPOOF, RETRY wins. */
import type { Verdict } from '@unspoof/core'

export const EXIT = {
  /** Everything was live, or the command did what it was asked. */
  OK: 0,
  /** At least one picture was judged a spoof. */
  SPOOF: 1,
  /** Something could not be read, loaded or understood; nothing may be concluded from the rest. */
  ERROR: 2,
  /** No spoof and no error, but at least one picture could not be judged. */
  RETRY: 3,
} as const

export function exitCodeOf(verdicts: Iterable<Verdict | 'error'>): number {
  const seen = new Set(verdicts)
  // Nothing judged is not "all live".
  if (seen.size === 0 || seen.has('error')) return EXIT.ERROR
  if (seen.has('spoof')) return EXIT.SPOOF
  if (seen.has('retry') || seen.has('not-checked')) return EXIT.RETRY
  return EXIT.OK
}
