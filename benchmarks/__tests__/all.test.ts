/** `npm run bench`: what it hands to each benchmark, and that one that fails or cannot run does not keep the others from it. */
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { optionsFrom, partsOf, runParts } from '../all/parts.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-all-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the command line', () => {
  it('takes a picture and a folder, from where it was typed', () => {
    expect(optionsFrom([])).toEqual({ picture: resolve(root, 'fixtures/astronaut.jpg'), modelsDir: undefined })
    expect(optionsFrom(['fixtures/astronaut.jpg', '--models-dir', folder])).toEqual({
      picture: resolve('fixtures/astronaut.jpg'),
      modelsDir: folder,
    })
  })

  it('refuses what it does not know and what is not there', () => {
    expect(() => optionsFrom(['--others', folder])).toThrow("Unknown option '--others'")
    expect(() => optionsFrom(['a.jpg', 'b.jpg'])).toThrow('at most one picture')
    expect(() => optionsFrom(['nowhere.jpg'])).toThrow('There is no nowhere.jpg.')
    expect(() => optionsFrom(['--models-dir', join(folder, 'nowhere')])).toThrow('There is no ')
  })
})

describe('the weights of others', () => {
  const common = { picture: '/selfie.jpg', browser: process.execPath }

  it('reach each part in the way it takes them', () => {
    const parts = partsOf({ ...common, modelsDir: '/weights', more: ['silent-face-v2-80'] })
    expect(parts).toEqual([
      {
        title: 'Node',
        args: [
          'packages/cli/dist/bin.js',
          ...['bench', '/selfie.jpg', '--models-dir', '/weights', '--model', 'silent-face-v2-80'],
        ],
      },
      { title: 'Browser', args: ['benchmarks/web.mjs', '--others', '/weights'] },
      { title: 'Server', args: ['benchmarks/load.mjs', 'R1'] },
    ])
  })

  it('may be left out', () => {
    const parts = partsOf({ ...common, modelsDir: undefined, more: [] })
    expect(parts.map(({ args }) => args.length)).toEqual([3, 1, 2])
  })
})

describe('a part', () => {
  it('that fails or cannot run is named at the end, and the others run', async () => {
    await writeFile(join(folder, 'write.mjs'), "import { writeFileSync } from 'node:fs'\nwriteFileSync('ran', '')\n")
    await writeFile(join(folder, 'fail.mjs'), 'process.exitCode = 3\n')
    const [, browser] = partsOf({ picture: '', modelsDir: undefined, more: [], browser: join(folder, 'chromium') })
    const printed: string[] = []
    const failures = await runParts(
      [{ title: 'A', args: ['fail.mjs'] }, browser!, { title: 'C', args: ['write.mjs'] }],
      { root: folder, machine: 'this one', print: (line) => printed.push(line) },
    )
    const line = `There is no browser at ${join(folder, 'chromium')}: install Chromium, or name it with CHROMIUM_PATH.`
    expect(failures).toEqual(['A failed: node fail.mjs ended with 3, see above.', `Browser did not run: ${line}`])
    expect(printed).toEqual([
      ...['\n=== A: this one', 'node fail.mjs\n'],
      ...['\n=== Browser: this one', line],
      ...['\n=== C: this one', 'node write.mjs\n'],
    ])
    await access(join(folder, 'ran'))
  })
})
