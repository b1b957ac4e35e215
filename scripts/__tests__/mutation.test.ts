/** A sample of scripts/mutate.mjs: mistakes in the code that decides are noticed, and a mistake that is not would be. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { mutantsOf, traced } from '../mutation/mutants.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))

function mutate(...args: string[]) {
  return spawnSync(process.execPath, ['scripts/mutate.mjs', ...args], {
    cwd: root,
    // Vitest inside Vitest must not take itself for one of its workers.
    env: { PATH: process.env.PATH },
    encoding: 'utf8',
  })
}

it('notices flipped comparisons of the verdict', { timeout: 180_000 }, () => {
  const { status, stdout, stderr } = mutate(
    'decide',
    '--file',
    'decide/decide.ts',
    '--kind',
    'comparison',
    '--every',
    '3',
  )
  expect(stdout, stderr).toMatch(/^\d+ of \d+ mutants noticed, \d explained, 0 survived/m)
  expect(status, stderr).toBe(0)
})

it('fails where the tests do not look', { timeout: 180_000 }, () => {
  const { status, stdout } = mutate(
    ...['decide', '--file', 'decide/decide.ts', '--kind', 'comparison', '--every', '8'],
    ...['--tests', 'packages/core/src/decide/__tests__/sequence.test.ts'],
  )
  expect(stdout).toContain('SURVIVED packages/core/src/decide/decide.ts')
  expect(status).toBe(1)
})

it('traces every place of a source without changing what it does', () => {
  const source = [
    'const list = [1, 2]',
    // What begins a line must not become a call of the line before, nor a name of the source hide the trace.
    'list[0] += 1',
    'const at = (reached, i) => (i > 0 && !false ? list[i] : reached)',
    'if (at(5, 1) === 2) list.push(at(6, -1))',
    'return list',
  ].join('\n')
  const mutants = mutantsOf(source)
  const run = (text: string, reached: (i: number) => void): unknown => new Function('globalThis', text)({ reached })
  const seen = new Set<number>()
  const places = mutants.map(({ place }, i) => ({ i, place }))
  expect(run(traced(source, places), (i) => seen.add(i))).toEqual(run(source, () => undefined))
  expect([...seen].sort((a, b) => a - b)).toEqual(mutants.map((_, i) => i))
})
