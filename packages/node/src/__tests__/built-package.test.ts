/** The built package in processes of its own: both module systems, a silent clean end, and no trace of telemetry. */
import { execFile, execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const dist = fileURLToPath(new URL('../../dist/', import.meta.url))
const face = fileURLToPath(new URL('../../../../fixtures/astronaut.jpg', import.meta.url))
const isBuilt = existsSync(join(dist, 'index.js'))
if (!isBuilt) console.warn('skipped: the tests of the built package need a build (npm run build)')

const esm = JSON.stringify(join(dist, 'index.js'))
const cjs = JSON.stringify(join(dist, 'index.cjs'))
const picture = JSON.stringify(face)

/** What every continuous integration sets, and what would make onnxruntime keep its telemetry to itself. */
const CI_VARIABLES =
  /^(CI|GITHUB_ACTIONS|TF_BUILD|JENKINS_URL|GITLAB_CI|TRAVIS|CIRCLECI|BUILD_.*|ORT_.*|VITEST.*|NODE_OPTIONS)$/

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'unspoof-built-'))
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

/** Runs a script with empty folders for home, temp and work, and tells what it printed and which files it left there. */
async function runAlone(script: string, wrap: readonly string[] = []) {
  const folder = mkdtempSync(join(root, 'run-'))
  const [home, temp, cwd] = ['home', 'temp', 'cwd'].map((name) => join(folder, name)) as [string, string, string]
  for (const path of [home, temp, cwd]) mkdirSync(path)
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !CI_VARIABLES.test(name) && !name.startsWith('XDG_')),
  )
  const [command, ...args] = [...wrap, process.execPath, '-e', script]
  const result = await new Promise<{ exit: number; stdout: string; stderr: string }>((resolve) => {
    const options = {
      cwd,
      timeout: 60_000,
      env: { ...env, HOME: home, USERPROFILE: home, TMPDIR: temp, TEMP: temp, TMP: temp },
    }
    execFile(command!, args, options, (error, stdout, stderr) =>
      resolve({ exit: error === null ? 0 : Number(error.code ?? -1), stdout, stderr }),
    )
  })
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return { ...result, files: files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length)) }
}

const inlineCheck = `const liveness = await createLiveness(); console.log((await liveness.check(${picture})).verdict); await liveness.close();`
const poolCheck = `const pool = await createLivenessPool({ workers: 2 }); console.log((await pool.check(${picture})).verdict, pool.health().workers); await pool.close();`
const inEsm = (body: string) =>
  `import(${esm}).then(async ({ createLiveness, createLivenessPool, disableTelemetry }) => { ${body} })`
const inCjs = (body: string) =>
  `const { createLiveness, createLivenessPool } = require(${cjs}); (async () => { ${body} })()`

describe.skipIf(!isBuilt)('the built package', () => {
  it.each([
    ['ESM', inEsm(inlineCheck), /^(live|spoof|retry)\n$/],
    ['CJS', inCjs(inlineCheck), /^(live|spoof|retry)\n$/],
    ['ESM, pool', inEsm(poolCheck), /^(live|spoof|retry) 2\n$/],
    ['CJS, pool', inCjs(poolCheck), /^(live|spoof|retry) 2\n$/],
  ])('%s: answers, is silent, ends by itself, and leaves no file: no telemetry', async (_name, script, stdout) => {
    const result = await runAlone(script)
    expect(result.stderr).toBe('')
    expect(result.exit).toBe(0)
    expect(result.stdout).toMatch(stdout)
    expect(result.files).toEqual([])
  })

  it('an idle pool that nobody closed does not keep the process alive', async () => {
    const result = await runAlone(
      inEsm(
        `const pool = await createLivenessPool({ workers: 1 }); console.log((await pool.check(${picture})).verdict.length > 0)`,
      ),
    )
    expect(result).toMatchObject({ exit: 0, stdout: 'true\n', stderr: '' })
  })

  it('in a worker thread of the application, the kernels run unless the main thread has switched telemetry off', async () => {
    const runIn = (options: string) => {
      const inside = `require(${cjs}).createLiveness(${options}).then((l) => l.close().then(() => l.diagnostics().runtime), (e) => e.code).then((s) => require('node:worker_threads').parentPort.postMessage(s))`
      return `new (require('node:worker_threads').Worker)(${JSON.stringify(inside)}, { eval: true }).on('message', console.log)`
    }
    expect(await runAlone(runIn(''))).toMatchObject({ exit: 0, stdout: 'unspoof kernels\n', files: [] })
    const refused = await runAlone(runIn("{ runtime: 'native' }"))
    expect(refused).toMatchObject({ exit: 0, stdout: 'RUNTIME_TELEMETRY\n', files: [] })
    const allowed = await runAlone(`require(${cjs}).disableTelemetry(); ${runIn('')}`)
    expect(allowed).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^onnxruntime-node/), files: [] })
  })

  it('exits with the code it was given while workers run models, and while they load them', {
    timeout: 120_000,
  }, async () => {
    const exitAfter = (ms: number) =>
      `createLivenessPool({ workers: 2 }).then((pool) => { for (let i = 0; i < 40; i++) pool.check(${picture}).catch(() => {}); setTimeout(() => process.exit(7), ${ms}) }); if (${ms} > 900) setTimeout(() => process.exit(7), ${ms} - 700)`
    for (const ms of [60, 80, 100, 120, 1000, 1200]) {
      const result = await runAlone(inEsm(exitAfter(ms)))
      expect(result, `${ms} ms`).toMatchObject({ exit: 7, stderr: '' })
    }
  })

  it('the check for files would see the telemetry: onnxruntime-node alone leaves some', async (context) => {
    // Without a network, so that not even a test sends anything.
    const offline = ['unshare', '-rn']
    try {
      execFileSync(offline[0]!, [offline[1]!, 'true'], { stdio: 'ignore' })
    } catch {
      return context.skip('network namespaces are not available here')
    }
    const model = JSON.stringify(
      fileURLToPath(new URL('../../../../models/blazeface-short/model.onnx', import.meta.url)),
    )
    const library = JSON.stringify(fileURLToPath(import.meta.resolve('onnxruntime-node')))
    const result = await runAlone(
      `require(${library}).InferenceSession.create(${model}).then((s) => s.release())`,
      offline,
    )
    expect(result.exit).toBe(0)
    expect(result.files.filter((file) => /onnxruntime|mat-debug|deviceid/.test(file))).not.toEqual([])
  })
})
