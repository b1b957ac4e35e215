/** The attacks of benchmarks/attacks.mjs in their short form: none passes. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const isBuilt = ['core', 'evaluation', 'node', 'session'].every((name) =>
  existsSync(`${root}/packages/${name}/dist/index.js`),
)
if (!isBuilt) console.warn('The packages are not built: the attacks are not run.')

async function attacks(...options: string[]): Promise<{ code: number; out: string; err: string }> {
  const command = promisify(execFile)(process.execPath, ['benchmarks/attacks.mjs', ...options], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return command.then(
    ({ stdout, stderr }) => ({ code: 0, out: stdout, err: stderr }),
    (error) => ({ code: error.code, out: error.stdout, err: error.stderr }),
  )
}

describe.skipIf(!isBuilt)('benchmarks/attacks.mjs', () => {
  // Those on availability measure time: they are for a machine that does nothing else.
  it.each(['stills', 'tokens', 'shopping'])(
    'lets no attack of the short form pass: %s',
    { timeout: 600_000 },
    async (name) => {
      const { code, out, err } = await attacks('--short', '--only', name)
      expect(err).toBe('')
      expect(out).toMatch(/ok +[^:]+: 0 of [1-9]/)
      expect(out).not.toContain('BROKEN')
      expect(code).toBe(0)
    },
  )

  it('names the kinds of attack where --only asks for one that is not there', async () => {
    const { code, err } = await attacks('--only', 'nothing')
    expect(code).toBe(2)
    expect(err).toContain('stills')
  })
})
