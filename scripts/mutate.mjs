// @ts-check
/**
 * Mutation testing: makes one small mistake at a time in the security-critical sources and runs their tests. A mistake no test notices
 * survives; the script fails unless it stands in mutation/survivors.json with the reason why no test can notice it.
 *
 *     node scripts/mutate.mjs decide                          all mutants of packages/core/src/decide
 *     node scripts/mutate.mjs session --file attempts.ts      one file of packages/session/src
 *     node scripts/mutate.mjs decide --kind comparison --every 4 --verbose
 *     node scripts/mutate.mjs session --file token/verifier.ts --tests packages/session/src/__tests__/tokens.test.ts
 *
 * The files on the disk are not touched: Vite hands the mutated source to the tests.
 */
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createVitest } from 'vitest/node'
import { mutantsOf } from './mutation/mutants.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Sources and the tests that answer for them, quickest first: the first failure ends a mutant. */
const TARGETS = {
  decide: {
    sources: 'packages/core/src/decide',
    tests: [
      'packages/core/src/decide/__tests__/decide.test.ts',
      'packages/core/src/decide/__tests__/sequence.test.ts',
      'packages/core/src/__tests__/liveness.test.ts',
    ],
  },
  session: {
    sources: 'packages/session/src',
    tests: ['tokens', 'stores', 'frames', 'sessions', 'handler', 'faults'].map(
      (name) => `packages/session/src/__tests__/${name}.test.ts`,
    ),
  },
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    file: { type: 'string', multiple: true },
    kind: { type: 'string', multiple: true },
    every: { type: 'string', default: '1' },
    tests: { type: 'string', multiple: true },
    verbose: { type: 'boolean', default: false },
  },
})
const [name] = positionals
if (name !== 'decide' && name !== 'session') throw new Error('usage: node scripts/mutate.mjs decide|session')
const target = { ...TARGETS[name], ...(values.tests === undefined ? {} : { tests: values.tests }) }
/** @type {{ file: string, code: string, from: string, to: string, nth?: number, why: string }[]} */
const explained = JSON.parse(await readFile(join(ROOT, 'scripts/mutation/survivors.json'), 'utf8'))

const mutants = (await mutantsIn(target.sources)).filter((_, i) => i % Number(values.every) === 0)
if (mutants.length === 0) throw new Error('There is nothing to mutate.')

/** @type {{ path: string, source: string } | undefined} */
let current
// Without the configuration of the repository: its projects would not see the plugin.
const vitest = await createVitest(
  'test',
  {
    config: false,
    root: ROOT,
    include: target.tests,
    watch: false,
    bail: 1,
    reporters: [{}],
    silent: true,
    pool: 'forks',
    maxWorkers: 1,
    // On a busy machine a slow test is no failure.
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
  {
    resolve: { conditions: ['@unspoof/source'] },
    ssr: { resolve: { conditions: ['@unspoof/source', 'node'] } },
    plugins: [
      {
        name: 'mutate',
        enforce: 'pre',
        transform(_code, id) {
          return current !== undefined && id.split('?')[0] === current.path
            ? { code: current.source, map: null }
            : undefined
        },
      },
    ],
  },
)
await vitest.standalone()

let noticed = 0
/** @type {string[]} */
const surprises = []
/** @type {Set<object>} */
const seen = new Set()
/** @type {Set<object>} */
const survivors = new Set()
try {
  // Tests that fail without a mistake would "notice" every one.
  if (!(await pass(undefined))) throw new Error('The tests fail as they are.')
  const began = performance.now()
  for (const [i, mutant] of mutants.entries()) {
    if (values.verbose) console.log(`${mutant.line}: ${mutant.from} -> ${mutant.to}: ${mutant.code}`)
    const survived = await pass(mutant)
    const place = `${relative(ROOT, mutant.path)}:${mutant.line}`
    const known = explained.find(
      ({ file, code, from, to, nth = 1 }) =>
        mutant.path.endsWith(file) &&
        code === mutant.code &&
        from === mutant.from &&
        to === mutant.to &&
        nth === mutant.nth,
    )
    if (known !== undefined) (survived ? survivors : seen).add(known)
    if (!survived) noticed++
    if (survived && known === undefined) {
      surprises.push(
        `${place}: ${mutant.from} -> ${mutant.to === '' ? 'nothing' : mutant.to} (${mutant.nth}): ${mutant.code}`,
      )
      console.log(`SURVIVED ${surprises.at(-1)}`)
    }
    if ((i + 1) % 25 === 0) {
      const seconds = (performance.now() - began) / 1000
      console.log(`${i + 1} of ${mutants.length}, ${(seconds / (i + 1)).toFixed(1)} s each`)
    }
  }
  // Nor may they have begun to fail meanwhile, of a busy machine for instance.
  if (!(await pass(undefined))) throw new Error('The tests fail now without a mistake: the run is void.')
} finally {
  await vitest.close()
}
if (noticed === 0) throw new Error('No mutant was noticed: they do not reach the tests.')
console.log(
  `${noticed} of ${mutants.length} mutants noticed, ${survivors.size} explained, ${surprises.length} survived without an explanation`,
)
for (const known of explained) {
  if (seen.has(known) && !survivors.has(known)) console.log(`noticed after all, take it out: ${known.code}`)
}
process.exitCode = surprises.length === 0 ? 0 : 1

/** @param {{ path: string, source: string } | undefined} mutant @returns {Promise<boolean>} whether all tests pass */
async function pass(mutant) {
  const paths = [current?.path, mutant?.path].filter((path) => path !== undefined)
  current = mutant
  for (const path of paths) vitest.invalidateFile(path)
  for (const test of target.tests) {
    const specifications = await vitest.globTestSpecifications([test])
    if (specifications.length === 0) throw new Error(`There is no test ${test}.`)
    // Failures of the run before would count against `bail`.
    vitest.state.filesMap.clear()
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications)
    const failed = testModules.filter((module) => !module.ok())
    if (values.verbose) for (const module of failed) console.log(`  noticed by ${firstFailure(module)}`)
    if (unhandledErrors.length > 0 || failed.length > 0) return false
  }
  return true
}

/** @param {import('vitest/node').TestModule} module */
function firstFailure(module) {
  for (const test of module.children.allTests('failed')) return test.fullName
  return `${module.relativeModuleId}: ${module.errors()[0]?.message}`
}

/** @param {string} folder */
async function mutantsIn(folder) {
  const found = []
  for (const entry of (await readdir(join(ROOT, folder), { recursive: true })).sort()) {
    if (!entry.endsWith('.ts') || entry.includes('__tests__') || entry === 'testing.ts') continue
    const path = join(ROOT, folder, entry)
    if (values.file !== undefined && !values.file.some((file) => path.endsWith(`/${file}`))) continue
    for (const mutant of mutantsOf(await readFile(path, 'utf8'))) {
      if (values.kind === undefined || values.kind.includes(mutant.kind)) found.push({ ...mutant, path })
    }
  }
  return found
}
