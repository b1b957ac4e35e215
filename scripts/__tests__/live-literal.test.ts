import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = new URL('../..', import.meta.url).pathname
const RULE = 'Only grantLive() of @unspoof/core'

/** Lints one file with the configuration of this repository, in a folder of its own. */
function lint(path: string, code: string): { status: number | null; output: string } {
  const folder = mkdtempSync(join(tmpdir(), 'unspoof-lint-'))
  try {
    cpSync(join(ROOT, 'biome.json'), join(folder, 'biome.json'))
    cpSync(join(ROOT, 'scripts/lint'), join(folder, 'scripts/lint'), { recursive: true })
    mkdirSync(join(folder, dirname(path)), { recursive: true })
    writeFileSync(join(folder, path), code)
    const biome = join(ROOT, 'node_modules/.bin/biome')
    const { status, stdout, stderr } = spawnSync(biome, ['lint', '--vcs-enabled=false', path], {
      cwd: folder,
      encoding: 'utf8',
    })
    return { status, output: stdout + stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test.each([
  "export const answer = { verdict: 'live' }",
  "export const answer = make('live')",
  "export const answer = isGood ? 'live' : 'spoof'",
  "let verdict = 'retry'\nverdict = 'live'\nexport { verdict }",
])('the lint refuses to make a live verdict outside grantLive: %s', (code) => {
  const { status, output } = lint('packages/session/src/judge.ts', code)
  expect(output).toContain(RULE)
  expect(status).not.toBe(0)
})

test('the lint lets code compare with live, name it as a type, and use it in tests', () => {
  const code = "export const isLive = (verdict: 'live' | 'spoof'): boolean => verdict === 'live'"
  expect(lint('packages/session/src/judge.ts', code).status).toBe(0)
  expect(lint('packages/session/src/__tests__/judge.test.ts', "export const a = 'live'").status).toBe(0)
})
