/** Runs the built command line as a user would: another process, its exit status, what it wrote. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parsePadCard } from '@unspoof/core'
import { bundledModelFolder, DEFAULT_PAD_MODEL } from '@unspoof/models'
import { afterAll, vi } from 'vitest'

const PACKAGE = fileURLToPath(new URL('../..', import.meta.url))
export const BIN = path.join(PACKAGE, 'bin', 'unspoof.js')
export const FACE = fileURLToPath(new URL('../../../../fixtures/astronaut.jpg', import.meta.url))
export const SHARED = fileURLToPath(new URL('../../../../../shared', import.meta.url))

// Each test starts several processes that load models; on a busy machine that takes its time.
vi.setConfig({ testTimeout: 120_000 })

/** The default model, whichever that is: tests are about the commands. */
export const DEFAULT_CARD = parsePadCard(
  JSON.parse(readFileSync(path.join(bundledModelFolder(DEFAULT_PAD_MODEL), 'card.json'), 'utf8')),
  DEFAULT_PAD_MODEL,
)
export const DEFAULT_ID = DEFAULT_CARD.id

/** As reports name it. */
export const DEFAULT_KEY =
  DEFAULT_CARD.files.length > 1 ? `${DEFAULT_ID}:${DEFAULT_CARD.files[0]!.variant}` : DEFAULT_ID

/** A card folder of one's own: the default model, copied. */
export async function copyDefaultModel(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true })
  for (const name of ['card.json', ...DEFAULT_CARD.files.map((file) => file.name)]) {
    await copyFile(path.join(bundledModelFolder(DEFAULT_PAD_MODEL), name), path.join(folder, name))
  }
  return folder
}

if (!existsSync(path.join(PACKAGE, 'dist', 'bin.js'))) {
  throw new Error('These tests run the built command line: npm run build')
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Record<string, string>
  readonly cwd?: string
  readonly input?: Uint8Array
}

/** The environment of a user without any of ours: no debug switch, no colours, no proxy. */
export function cleanEnvironment(env: Record<string, string> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(UNSPOOF|NO_COLOR|FORCE_COLOR|.*_proxy$|VITEST|NODE_OPTIONS)/i.test(name),
  )
  return { ...Object.fromEntries(kept), ...env }
}

export function unspoof(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [BIN, ...args], {
      env: cleanEnvironment(options.env),
      cwd: options.cwd ?? PACKAGE,
      stdio: 'pipe',
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code) =>
      resolve({ code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() }),
    )
    child.stdin.on('error', () => {})
    child.stdin.end(options.input)
  })
}

export function spawnUnspoof(args: readonly string[], env: Record<string, string> = {}) {
  return spawn(process.execPath, [BIN, ...args], {
    env: cleanEnvironment(env),
    cwd: PACKAGE,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** A folder that is gone after the tests of this file. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'unspoof-cli-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}
