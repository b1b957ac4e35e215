// @ts-check
/**
 * Fails if a commit subject is not a Conventional Commit of at most 72 characters. Ten lines instead of commitlint, which
 * brings 90 packages. Commits up to FIRST were made before the rule.
 */
import { execFileSync } from 'node:child_process'

const FIRST = '3e228c1'
const SUBJECT = /^(build|chore|ci|docs|feat|fix|perf|refactor|revert|style|test)(\([a-z0-9,-]+\))?!?: [^A-Z\s].*[^.\s]$/

/** @param {string[]} args */
const git = (...args) => execFileSync('git', args, { encoding: 'utf8' }).trim()

/** @param {string} subject */
export const isConventional = (subject) => subject.length <= 72 && SUBJECT.test(subject)

if (process.argv[1] === import.meta.filename) {
  const subjects = git('log', '--no-merges', '--format=%s', `${FIRST}..HEAD`).split('\n').filter(Boolean)
  const wrong = subjects.filter((subject) => !isConventional(subject))
  for (const subject of wrong) console.error(`Not "type(scope): subject" in at most 72 characters: ${subject}`)
  if (wrong.length > 0) process.exitCode = 1
  console.log(`commits: looked at ${subjects.length}.`)
}
