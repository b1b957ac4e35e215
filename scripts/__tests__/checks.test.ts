/** Our own checks find what they are there to find. */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ROOT, run } from '@unspoof/test-utils/run'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { isConventional } from '../commits.mjs'

vi.setConfig({ testTimeout: 120_000 })

const script = (name: string, ...args: string[]) => run(process.execPath, [join(ROOT, 'scripts', name), ...args], ROOT)
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const EXPORTS = {
  '.': {
    import: { types: './dist/index.d.ts', default: './dist/index.js' },
    require: { types: './dist/index.d.cts', default: './dist/index.cjs' },
  },
}
const PACKAGE = {
  name: 'sample',
  version: '1.0.0',
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  repository: { type: 'git', url: 'git+https://github.com/unspoof/unspoof.git' },
  exports: EXPORTS,
  files: ['dist'],
}
const FILES = {
  'dist/index.js': 'export const one = 1\n',
  'dist/index.cjs': 'exports.one = 1\n',
  'dist/index.d.ts': 'export declare const one: number\n',
  'dist/index.d.cts': 'export declare const one: number\n',
}

let parent: string

beforeAll(async () => {
  // Inside the repository, so that samples find its node_modules. Git ignores the folder.
  await mkdir(join(ROOT, '.tmp'), { recursive: true })
  parent = await mkdtemp(join(ROOT, '.tmp/checks-'))
})
afterAll(() => rm(parent, { recursive: true, force: true }))

async function sample(name: string, files: Readonly<Record<string, string>>): Promise<string> {
  const folder = join(parent, name)
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), content)
  }
  return folder
}

const packageSample = (name: string, manifest: object) =>
  sample(name, { ...FILES, 'package.json': json({ ...PACKAGE, ...manifest }) })

it('publint.mjs and attw.mjs pass a good package', async () => {
  const folder = await packageSample('good', {})
  for (const name of ['publint.mjs', 'attw.mjs']) expect(await script(name, folder)).toMatchObject({ status: 0 })
})

it('publint.mjs reports a file that is missing in the tarball', async () => {
  const folder = await packageSample('no-types-for-require', { files: ['dist/index.*js', 'dist/index.d.ts'] })
  const { status, stderr } = await script('publint.mjs', folder)
  expect(stderr).toMatch(/sample: .*index\.d\.cts.* does not exist/)
  expect(status).toBe(1)
})

it('attw.mjs reports a package without types', async () => {
  const folder = await packageSample('no-types', {
    exports: { '.': { import: './dist/index.js', require: './dist/index.cjs' } },
    files: ['dist/*.js', 'dist/*.cjs'],
  })
  const { status, stderr } = await script('attw.mjs', folder)
  expect(stderr).toContain('does not contain types')
  expect(status).toBe(1)
})

it('licences.mjs reports licences that are not allowed', async () => {
  const path = join(parent, 'package-lock.json')
  await copyFile(join(ROOT, 'package-lock.json'), path)
  expect((await script('licences.mjs', path)).status).toBe(0)
  const lock = JSON.parse(await readFile(path, 'utf8')) as { packages: Record<string, { license: string }> }
  for (const licence of ['GPL-3.0-only', 'MIT AND GPL-3.0-only', undefined]) {
    lock.packages['node_modules/onnxruntime-node']!.license = licence!
    await writeFile(path, JSON.stringify(lock))
    const { status, stderr } = await script('licences.mjs', path)
    expect(status).toBe(1)
    expect(stderr).toMatch(/^onnxruntime-node@\S+: (GPL-3\.0-only|MIT AND GPL-3\.0-only|no licence) /)
  }
})

it('count-reporter.ts counts a test file that does not load as a failure', async () => {
  const folder = await sample('tests', {
    'vitest.config.js': `export default { test: { reporters: [${JSON.stringify(join(ROOT, 'scripts/count-reporter.ts'))}] } }\n`,
    'one.test.js': "import { expect, it } from 'vitest'\nit('adds', () => expect(1 + 1).toBe(2))\n",
    'two.test.js': "import './nothing.js'\n",
  })
  const { status, stdout } = await run(
    process.execPath,
    [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder],
    folder,
  )
  expect(stdout).toContain('1 passed, 1 failed, 0 skipped')
  expect(status).toBe(1)
})

it.each([
  ['fix(session): reject empty counter values from Redis', true],
  ['feat(core,node)!: rename the entry point', true],
  ['Reject empty counter values', false],
  ['fix(session): Reject empty counter values', false],
  ['fix(session): reject empty counter values.', false],
  [`fix(session): ${'x'.repeat(60)}`, false],
])('commits.mjs judges "%s": %s', (subject, expected) => {
  expect(isConventional(subject)).toBe(expected)
})

it('npm run check runs every check, the tests last, and CI runs it', async () => {
  const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const steps = scripts.check!.split(' && ').map((step) => step.replace(/^npm (run )?/, ''))
  const expected = 'lint typecheck links licences build knip publint attw sizes release:dry docs test'.split(' ')
  expect(steps).toEqual(expected)
  expect((await readFile(join(ROOT, '.ci/run'), 'utf8')).trimEnd()).toMatch(/\nnpm run check$/)
  expect(await readFile(join(ROOT, '.github/workflows/ci.yml'), 'utf8')).toContain('run: .ci/run\n')
})
