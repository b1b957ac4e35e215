/** The image cannot be built in every test run; that it would have all it needs can be read, and tried in a folder laid out like it. */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, readFile, stat, symlink } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { cleanEnvironment, FACE, temporaryFolder } from './run.ts'

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))
const FOLDERS: Readonly<Record<string, string>> = { unspoof: 'packages/cli', '@unspoof/models': 'models' }
const folderOf = (name: string): string => FOLDERS[name] ?? name.replace('@unspoof/', 'packages/')
const isOurs = (name: string): boolean => name.startsWith('@unspoof/')

const dockerfile = await readFile(path.join(ROOT, 'packages/cli/Dockerfile'), 'utf8')
/** The stage that is shipped. */
const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '))
const copied = [...last.matchAll(/^COPY --from=build \/app\/(\S+) \.\/?(\S*)$/gm)].map(([, from, to]) => [from!, to!])

async function dependenciesOf(name: string): Promise<string[]> {
  const text = await readFile(path.join(ROOT, folderOf(name), 'package.json'), 'utf8')
  const { dependencies, optionalDependencies } = JSON.parse(text) as Record<string, Record<string, string> | undefined>
  return Object.keys({ ...dependencies, ...optionalDependencies })
}

/** What `npm ci --omit=dev --workspace unspoof` installs in the first place: ours, and what ours name. */
async function installed(name = 'unspoof', found = new Set<string>()): Promise<Set<string>> {
  if (found.has(name)) return found
  found.add(name)
  for (const other of await dependenciesOf(name)) {
    if (isOurs(other)) await installed(other, found)
    else found.add(other)
  }
  return found
}

it('copies every package of ours that the server imports, and runs as nobody in particular', async () => {
  const ours = [...(await installed())].filter((name) => name === 'unspoof' || isOurs(name)).map(folderOf)
  expect(copied.map(([from]) => from).sort()).toEqual(['node_modules', 'package.json', ...ours].sort())
  for (const [from, to] of copied) {
    await expect(stat(path.join(ROOT, from!))).resolves.toBeDefined()
    // npm links our packages to where they are.
    expect(['', from]).toContain(to)
  }
  expect(last).toMatch(/^USER node$/m)
  expect(last).toContain('ORT_DISABLE_TELEMETRY=1')
})

it('starts from what it copies, judges, is healthy, and stops', async () => {
  const app = await temporaryFolder()
  const filter = (source: string) => !/[/\\](node_modules|training)$/.test(source)
  for (const [from] of copied) {
    if (from === 'node_modules') continue
    await cp(path.join(ROOT, from!), path.join(app, from!), { recursive: true, filter })
  }
  for (const name of await installed()) {
    const link = path.join(app, 'node_modules', name)
    await mkdir(path.dirname(link), { recursive: true })
    const ours = name === 'unspoof' || isOurs(name)
    await symlink(ours ? path.join(app, folderOf(name)) : path.join(ROOT, 'node_modules', name), link)
  }

  const [, ...entry] = JSON.parse(/^ENTRYPOINT (\[.*\])$/m.exec(last)![1]!) as string[]
  const server = spawn(process.execPath, [...entry.map((word) => word.replace('/app', app)), '--port', '0'], {
    cwd: app,
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = once(server, 'exit')
  try {
    let said = ''
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk))
    await expect.poll(() => /Ready\./.test(said) || server.exitCode !== null, { timeout: 100_000 }).toBe(true)
    expect(said).toContain('Ready.')
    const { port } = new URL(/Listening on (\S+)/.exec(said)![1]!)
    const response = await fetch(`http://127.0.0.1:${port}/v1/check`, {
      method: 'POST',
      body: new Uint8Array(await readFile(FACE)),
      headers: { 'content-type': 'image/jpeg' },
    })
    expect(await response.json()).toMatchObject({ verdict: 'live' })

    const [, ...check] = JSON.parse(/^ +CMD (\[.*\])$/m.exec(last)![1]!) as string[]
    const words = check.map((word) => word.replace(':8080', `:${port}`))
    await promisify(execFile)(process.execPath, words)
  } finally {
    server.kill('SIGTERM')
  }
  expect(await ended).toEqual([0, null])
})
