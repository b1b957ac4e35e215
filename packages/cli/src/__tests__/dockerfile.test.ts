/** The image cannot be built in every test run; that it would have all it needs can be read. */
import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'

const ROOT = new URL('../../../../', import.meta.url)
const FOLDERS: Readonly<Record<string, string>> = { unspoof: 'packages/cli', '@unspoof/models': 'models' }

/** The folders of a workspace and of all it depends on. */
async function foldersOf(name: string, found = new Set<string>()): Promise<Set<string>> {
  const folder = FOLDERS[name] ?? name.replace('@unspoof/', 'packages/')
  if (found.has(folder)) return found
  found.add(folder)
  const { dependencies = {} } = JSON.parse(await readFile(new URL(`${folder}/package.json`, ROOT), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const other of Object.keys(dependencies)) if (other.startsWith('@unspoof/')) await foldersOf(other, found)
  return found
}

it('copies every package of ours that the server imports, and runs as nobody in particular', async () => {
  const text = await readFile(new URL('packages/cli/Dockerfile', ROOT), 'utf8')
  const last = text.slice(text.lastIndexOf('\nFROM '))
  const copied = [...last.matchAll(/^COPY --from=build \/app\/(\S+) /gm)].map(([, path]) => path)
  expect(copied.sort()).toEqual(['node_modules', 'package.json', ...(await foldersOf('unspoof'))].sort())
  expect(last).toMatch(/^USER node$/m)
  expect(last).toContain('ORT_DISABLE_TELEMETRY=1')
})
