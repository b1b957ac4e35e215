/** The recipes of benchmarks/load.mjs in their short form: nothing breaks. How fast it is depends on the machine, and is not asked. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isBuilt = ['core', 'node', 'express'].every((name) => existsSync(`${root}/packages/${name}/dist/index.js`))
if (!isBuilt) console.warn('The packages are not built: the load recipes are not tested.')

interface Goal {
  readonly text: string
  readonly value: unknown
  readonly pass: boolean
  readonly fact: boolean
}

describe.skipIf(!isBuilt)('the load recipes', () => {
  it('answer every request in one of the documented ways, stay bounded, and recover', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'load-'))
    try {
      const json = join(folder, 'load.json')
      const child = spawn(process.execPath, ['benchmarks/load.mjs', '--short', '--json', json], {
        cwd: root,
        env: { ...process.env, NODE_OPTIONS: '' },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString()
      })
      const [code] = await once(child, 'exit')
      const report = JSON.parse(await readFile(json, 'utf8')) as { recipes: Record<string, { goals: Goal[] }> }
      expect(Object.keys(report.recipes)).toEqual(['R1', 'R2', 'R3', 'R4', 'R6', 'R7', 'R8'])
      const facts = Object.entries(report.recipes).flatMap(([name, { goals }]) =>
        goals.filter(({ fact }) => fact).map((goal) => ({ name, ...goal })),
      )
      expect(facts.length).toBeGreaterThanOrEqual(13)
      expect(facts.filter(({ pass }) => !pass)).toEqual([])
      expect(output).toContain('the server ended with 0')
      expect(code).toBe(0)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }, 180_000)
})
