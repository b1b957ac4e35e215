import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { expect, it } from 'vitest'
import { measure } from '../bench/measure.ts'
import { DEFAULT_CARD, DEFAULT_ID, FACE, temporaryFolder, unspoof } from './run.ts'

it('lets candidates take turns', async () => {
  const order: string[] = []
  const candidate = (name: string) => ({
    name,
    run: async () => {
      order.push(name)
    },
  })
  const [a, b] = await measure([candidate('a'), candidate('b')], { seconds: 0, minRuns: 5 })
  expect([a!.runs, b!.runs]).toEqual([5, 5])
  expect(order.slice(6).join('')).toBe('ababababab')
})

it('prints models, whole checks, throughput and start side by side', { timeout: 120_000 }, async () => {
  const json = path.join(await temporaryFolder(), 'bench.json')
  const { code, stdout, stderr } = await unspoof(['bench', FACE, '--seconds', '0.05', '--json', json], {
    env: { UNSPOOF_CACHE_DIR: path.dirname(json) },
  })
  expect(code, stderr).toBe(0)
  expect(stdout).toMatch(new RegExp(`${DEFAULT_ID}:${DEFAULT_CARD.files[0]!.variant} +1 +32 `))
  expect(stdout).toMatch(/default with 3 crops +2 .* live/)
  const report = JSON.parse(await readFile(json, 'utf8'))
  for (const { measurement } of [...report.models, ...report.checks]) expect(measurement.median).toBeGreaterThan(0)
  expect(report.pool[0].checksPerSecond).toBeGreaterThan(0)
  expect(report.start.memory).toBeGreaterThan(10)
  expect(stdout).toMatch(/HTTP: \d+ checks\/s of unspoof serve/)
  expect(report.http[0].checksPerSecond).toBeGreaterThan(0)
  expect(stdout).toMatch(/the same, sharp .* \d\.\d\d +\d/)
})

it('measures only what it is asked for, and says what it can be asked for', { timeout: 120_000 }, async () => {
  const { code, stdout } = await unspoof(['bench', FACE, '--seconds', '0.05', '--only', 'pixels'])
  expect(code).toBe(0)
  expect(stdout).toContain('Pixel work of a check')
  expect(stdout).not.toMatch(/Model only|Whole check|Pool:|HTTP:|Start:/)
  const wrong = await unspoof(['bench', FACE, '--only', 'pixels,everything'])
  expect(wrong.code).toBe(2)
  expect(wrong.stderr).toContain('Expected some of start, models, checks, pixels, pool, http for --only')
})
