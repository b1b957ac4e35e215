/**
 * Does it work where AVX2 is missing? One check on this machine's processor, the same one on an emulated Sandy Bridge of 2011
 * (qemu-user), live probabilities side by side. Correctness only: an emulator's times say nothing.
 *
 *     npm run build && node benchmarks/old-cpu.mjs [picture]        needs qemu-user (Debian: apt-get install qemu-user)
 *
 * Exit code 0: same within 0.01, or no qemu on this machine (a line says so); 1: another answer, or none.
 */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const CPU = 'SandyBridge'
const TOLERANCE = 0.01
/** Emulated, a check takes half a minute on a busy machine. */
const TIMEOUT_MS = 300_000
const LOADERS = ['/lib64/ld-linux-x86-64.so.2', '/lib/ld-musl-x86_64.so.1']

const run = promisify(execFile)
const self = fileURLToPath(import.meta.url)
const face = fileURLToPath(new URL('../fixtures/astronaut.jpg', import.meta.url))

if (process.argv[2] === '--check') await check(process.argv[3])
else await compare(process.argv[2] ?? face)

/** What each side runs: the whole check, decoder and detector included, for each file of the model. */
async function check(picture) {
  const { createLiveness } = await import('@unspoof/node')
  const { bundledModel, DEFAULT_PAD_MODEL } = await import('@unspoof/models')
  const bytes = await readFile(picture)
  const answers = {}
  for (const { variant } of (await bundledModel(DEFAULT_PAD_MODEL).card()).files) {
    const liveness = await createLiveness({ variant, crops: 1, timeoutMs: TIMEOUT_MS })
    const { verdict, liveProbability, face } = await liveness.check(bytes)
    await liveness.close()
    answers[variant] = { verdict, liveProbability, box: face?.box }
  }
  console.log(JSON.stringify(answers))
}

async function compare(picture) {
  const qemu = await findQemu()
  if (qemu === undefined) {
    console.log(
      'skipped: there is no qemu-x86_64 on this machine, or it is no x86-64 Linux (apt-get install qemu-user)',
    )
    return
  }
  const levels = await emulatedLevels(qemu)
  console.log(`${CPU} under ${qemu}: ${levels ?? 'the loader does not tell which levels it has'}`)
  // Without this an emulator that passes AVX2 through would prove nothing.
  if (levels?.includes('x86-64-v3 (supported')) throw new Error('The emulated processor has AVX2.')
  const args = [self, '--check', picture]
  const here = JSON.parse((await run(process.execPath, args)).stdout)
  const there = JSON.parse(
    (await run(qemu, ['-cpu', CPU, process.execPath, ...args], { timeout: TIMEOUT_MS, maxBuffer: 2 ** 26 })).stdout,
  )
  for (const variant of Object.keys(here)) {
    const [a, b] = [here[variant], there[variant]]
    const difference = Math.abs(a.liveProbability - b.liveProbability)
    // NaN and null are never within anything.
    const same = Number.isFinite(a.liveProbability) && difference <= TOLERANCE && a.verdict === b.verdict
    console.log(
      `${same ? 'ok    ' : 'WRONG '} ${variant}: ${a.liveProbability} here, ${b.liveProbability} there, face moved by ${movedBy(a.box, b.box)} pixels`,
    )
    if (!same) process.exitCode = 1
  }
}

async function findQemu() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined
  for (const name of ['qemu-x86_64', 'qemu-x86_64-static']) {
    const found = await run(name, ['--version']).catch(() => undefined)
    if (found !== undefined) return name
  }
}

/** The micro-architecture levels the dynamic loader sees: v3 is AVX2. */
async function emulatedLevels(qemu) {
  const loader = LOADERS.find((path) => existsSync(path))
  if (loader === undefined) return undefined
  const { stdout } = await run(qemu, ['-cpu', CPU, loader, '--help']).catch(({ stdout }) => ({ stdout: stdout ?? '' }))
  const levels = stdout.match(/x86-64-v\d( \(supported[^)]*\))?/g)
  return levels?.join(', ')
}

function movedBy(a, b) {
  return Math.max(...['x', 'y', 'width', 'height'].map((key) => Math.abs(a[key] - b[key]))).toPrecision(2)
}
