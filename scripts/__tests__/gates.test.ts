/** Every gate of `npm run check` lets a good sample pass and fails on one planted error. */
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { type Ran, ROOT, run } from '@unspoof/test-utils/run'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

interface Gate {
  /** The files of a sample in which nothing is wrong. */
  readonly files: Readonly<Record<string, string>>
  /** What is written over them, or beside them, to make one thing wrong. */
  readonly planted: Readonly<Record<string, string>>
  /** What the gate has to say about it. */
  readonly says: RegExp
  /** The gate's own command, for the sample in `folder`. */
  run(folder: string): Promise<Ran>
}

const node = (script: string, ...args: string[]) => run(process.execPath, [join(ROOT, script), ...args], ROOT)
const nodeIn = (folder: string, script: string, ...args: string[]) =>
  run(process.execPath, [join(ROOT, script), ...args], folder)
const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`

const PACKAGE = {
  name: 'sample',
  version: '1.0.0',
  license: 'Apache-2.0',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=20.19' },
  repository: { type: 'git', url: 'git+https://github.com/unspoof/unspoof.git' },
  exports: {
    '.': {
      import: { types: './dist/index.d.ts', default: './dist/index.js' },
      require: { types: './dist/index.d.cts', default: './dist/index.cjs' },
    },
  },
  files: ['dist'],
}
const PACKAGE_FILES = {
  'package.json': json(PACKAGE),
  'dist/index.js': 'export const one = 1\n',
  'dist/index.cjs': 'exports.one = 1\n',
  'dist/index.d.ts': 'export declare const one: number\n',
  'dist/index.d.cts': 'export declare const one: number\n',
}
const LINT = { 'index.ts': 'export const one = 1\n' }
const MARKDOWN = {
  'README.md': '# A page\n\n[Down](#a-page), [beside](docs/other.md#part-two)\n',
  'docs/other.md': '## Part two\n',
}

const GATES: Readonly<Record<string, Gate>> = {
  lint: {
    files: LINT,
    planted: { 'index.ts': 'export const one: any = 1\n' },
    says: /noExplicitAny/,
    run: biome,
  },
  format: {
    files: LINT,
    planted: { 'index.ts': 'export const one = 1;\n' },
    says: /format/,
    run: biome,
  },
  typecheck: {
    files: {
      'tsconfig.json': json({ extends: '../../../tsconfig.base.json', include: ['.'] }),
      'index.ts': 'export const one: number = 1\n',
    },
    planted: { 'index.ts': "export const one: number = '1'\n" },
    says: /TS2322/,
    run: (folder) => node('node_modules/typescript/lib/tsc.js', '-p', folder),
  },
  knip: {
    files: {
      'package.json': json({ name: 'sample', type: 'module', exports: './index.js' }),
      'index.js': "import { one } from './one.js'\nconsole.log(one)\n",
      'one.js': 'export const one = 1\n',
    },
    planted: { 'one.js': 'export const one = 1\nexport const two = 2\n' },
    says: /Unused exports/,
    run: (folder) => node('node_modules/knip/bin/knip.js', '--directory', folder),
  },
  links: {
    files: MARKDOWN,
    planted: { 'docs/other.md': '## Part three\n' },
    says: /README\.md:3: docs\/other\.md#part-two: no such heading/,
    run: (folder) => node('scripts/links.mjs', folder),
  },
  'links to files': {
    files: MARKDOWN,
    planted: { 'README.md': '![A picture](docs/none.png)\n' },
    says: /README\.md:1: docs\/none\.png: no such file/,
    run: (folder) => node('scripts/links.mjs', folder),
  },
  publint: {
    files: PACKAGE_FILES,
    planted: { 'package.json': json({ ...PACKAGE, files: ['dist/index.*js', 'dist/index.d.ts'] }) },
    says: /sample: .*index\.d\.cts.* does not exist/,
    run: (folder) => node('scripts/publint.mjs', folder),
  },
  attw: {
    files: PACKAGE_FILES,
    // CommonJS described by the types of an ES module.
    planted: {
      'package.json': json({
        ...PACKAGE,
        exports: { '.': { types: './dist/index.d.ts', import: './dist/index.js', require: './dist/index.cjs' } },
      }),
    },
    says: /FalseESM|Masquerading as ESM/,
    run: (folder) => node('scripts/attw.mjs', folder),
  },
  'attw, of a package without types': {
    files: PACKAGE_FILES,
    planted: {
      'package.json': json({
        ...PACKAGE,
        exports: { '.': { import: './dist/index.js', require: './dist/index.cjs' } },
        files: ['dist/*.js', 'dist/*.cjs'],
      }),
    },
    says: /does not contain types/,
    run: (folder) => node('scripts/attw.mjs', folder),
  },
  sizes: {
    files: {
      'package.json': json({
        name: 'sample',
        devDependencies: { '@size-limit/esbuild': '*', '@size-limit/file': '*' },
      }),
      '.size-limit.json': json([{ path: 'index.js', limit: '200 B' }]),
      'index.js': 'export const one = 1\n',
    },
    planted: {
      'index.js': `export const noise = '${Array.from({ length: 400 }, (_, i) => (i * 7919) % 8191).join()}'\n`,
    },
    says: /exceeded/,
    run: (folder) => nodeIn(folder, 'node_modules/size-limit/bin.js'),
  },
  test: {
    files: {
      'vitest.config.js': `export default { test: { reporters: [${JSON.stringify(join(ROOT, 'scripts/count-reporter.ts'))}] } }\n`,
      'one.test.js': "import { expect, it } from 'vitest'\nit('adds', () => expect(1 + 1).toBe(2))\n",
    },
    // A file that does not even load has no tests that could fail.
    planted: { 'two.test.js': "import './nothing.js'\n" },
    says: /1 passed, 1 failed, 0 skipped/,
    run: (folder) => nodeIn(folder, 'node_modules/vitest/vitest.mjs', 'run', '--root', folder),
  },
}

/** With our own settings, outside of the repository's ignored folders. */
async function biome(folder: string): Promise<Ran> {
  const settings = JSON.parse(await readFile(join(ROOT, 'biome.json'), 'utf8')) as { vcs?: unknown }
  await writeFile(join(folder, 'biome.json'), json({ ...settings, vcs: { enabled: false } }))
  return nodeIn(folder, 'node_modules/@biomejs/biome/bin/biome', 'check', 'index.ts')
}

describe('the gates', { timeout: 300_000 }, () => {
  let parent: string

  beforeAll(async () => {
    // Inside the repository, so that samples find its node_modules; git ignores it.
    await mkdir(join(ROOT, '.tmp'), { recursive: true })
    parent = await mkdtemp(join(ROOT, '.tmp/gates-'))
  })
  afterAll(() => rm(parent, { recursive: true, force: true }))

  async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true })
      await writeFile(join(folder, path), content)
    }
  }

  it.each(Object.entries(GATES))('%s', async (name, gate) => {
    const folder = join(parent, name.replaceAll(' ', '-'))
    await write(folder, gate.files)
    const good = await gate.run(folder)
    expect({ status: good.status, said: good.stdout + good.stderr }).toMatchObject({ status: 0 })
    await write(folder, gate.planted)
    const bad = await gate.run(folder)
    expect(bad.status).not.toBe(0)
    expect(stripVTControlCharacters(bad.stdout + bad.stderr)).toMatch(gate.says)
  })

  it('licences', async () => {
    const path = join(parent, 'package-lock.json')
    await copyFile(join(ROOT, 'package-lock.json'), path)
    expect((await node('scripts/licences.mjs', path)).status).toBe(0)
    const lock = JSON.parse(await readFile(path, 'utf8')) as { packages: Record<string, { license: string }> }
    for (const licence of ['GPL-3.0-only', 'MIT AND GPL-3.0-only', undefined]) {
      lock.packages['node_modules/onnxruntime-node']!.license = licence!
      await writeFile(path, JSON.stringify(lock))
      const { status, stderr } = await node('scripts/licences.mjs', path)
      expect(status).toBe(1)
      expect(stderr).toMatch(/^onnxruntime-node@\S+: (GPL-3\.0-only|MIT AND GPL-3\.0-only|no licence) /)
    }
  })

  it('npm run check runs them all, tests last, and CI runs npm run check', async () => {
    const { scripts } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
      scripts: Record<string, string>
    }
    const steps = scripts.check!.split(' && ').map((step) => step.replace(/^npm (run )?/, ''))
    expect(steps).toEqual(
      expect.arrayContaining([
        'lint',
        'typecheck',
        'knip',
        'links',
        'licences',
        'build',
        'publint',
        'attw',
        'sizes',
        'release:dry',
      ]),
    )
    expect(steps.at(-1)).toBe('test')
    expect((await readFile(join(ROOT, '.ci/run'), 'utf8')).trimEnd()).toMatch(/\nnpm run check$/)
    expect(await readFile(join(ROOT, '.github/workflows/ci.yml'), 'utf8')).toContain('run: .ci/run\n')
  })
})
