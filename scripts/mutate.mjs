// @ts-check
/**
 * Mutation testing: makes one small mistake at a time in the security-critical sources and runs the tests that get there. A mistake no test
 * notices survives; the script fails unless it stands in mutation/survivors.json with the reason why no test can notice it.
 *
 *     node scripts/mutate.mjs decide                          all mutants of packages/core/src/decide
 *     node scripts/mutate.mjs session --file attempts.ts      one file of packages/session/src
 *     node scripts/mutate.mjs decide --kind comparison --every 4 --verbose
 *     node scripts/mutate.mjs session --file token/verifier.ts --tests packages/session/src/__tests__/tokens.test.ts
 *
 * The files on the disk are not touched: Vite hands the mutated source to the tests. A first run without mistakes notes which tests evaluate
 * which place (mutation/reach.mjs); a mistake that hangs is noticed, too.
 */
import { subscribe } from 'node:diagnostics_channel'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { createVitest } from 'vitest/node'
import { mutantsOf, traced } from './mutation/mutants.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Sources and the tests that answer for them. */
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
    tests: [
      ...['attempts', 'edges', 'options', 'readers', 'tokens', 'stores', 'frames'],
      ...['node-handler', 'submission-bounds', 'sessions', 'handler', 'faults', 'redis-sessions'],
    ].map((name) => `packages/session/src/__tests__/${name}.test.ts`),
  },
}

/** For a test that hangs. On a busy machine a slow test is no failure. */
const PATIENCE_MS = 60_000

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

/** What Vite hands to the tests in place of the file, by path. @type {ReadonlyMap<string, string>} */
let sources = new Map()
// Without the configuration of the repository: its projects would not see the plugin.
const vitest = await createVitest(
  'test',
  {
    config: false,
    root: ROOT,
    include: target.tests,
    setupFiles: ['scripts/mutation/reach.mjs'],
    watch: false,
    bail: 1,
    reporters: [{}],
    silent: true,
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: PATIENCE_MS,
    hookTimeout: PATIENCE_MS,
  },
  {
    resolve: { conditions: ['@unspoof/source'] },
    ssr: { resolve: { conditions: ['@unspoof/source', 'node'] } },
    plugins: [
      {
        name: 'mutate',
        enforce: 'pre',
        transform(_code, id) {
          const code = sources.get(id.split('?')[0] ?? '')
          return code === undefined ? undefined : { code, map: null }
        },
      },
    ],
  },
)
await vitest.standalone()

/** The process of the tests. @type {import('node:child_process').ChildProcess | undefined} */
let worker
subscribe('child_process', (message) => {
  worker = /** @type {{ process: import('node:child_process').ChildProcess }} */ (message).process
})

let noticed = 0
/** @type {string[]} */
const surprises = []
/** @type {Set<object>} */
const seen = new Set()
/** @type {Set<object>} */
const survivors = new Set()
try {
  const tests = await reachingTests()
  const began = performance.now()
  for (const [i, mutant] of mutants.entries()) {
    if (values.verbose) console.log(`${mutant.line}: ${mutant.from} -> ${mutant.to}: ${mutant.code}`)
    const survived = await pass(mutant, tests[i] ?? [])
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
      const change = `${mutant.from} -> ${mutant.to === '' ? 'nothing' : mutant.to} (${mutant.nth})`
      surprises.push(`${place}: ${change}: ${mutant.code}${tests[i]?.length === 0 ? ' [no test gets there]' : ''}`)
      console.log(`SURVIVED ${surprises.at(-1)}`)
    }
    if ((i + 1) % 25 === 0) {
      const seconds = (performance.now() - began) / 1000
      console.log(`${i + 1} of ${mutants.length}, ${(seconds / (i + 1)).toFixed(1)} s each`)
    }
  }
  // Nor may they have begun to fail meanwhile, of a busy machine for instance.
  await reachingTests('The tests fail now without a mistake: the run is void.')
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

/**
 * Runs all tests without a mistake.
 * @param {string} complaint if they fail: they would "notice" every mistake
 * @returns {Promise<{ path: string, ids: string[], ms: number }[][]>} for each mutant the tests that evaluate its place, by file, quickest first
 */
async function reachingTests(complaint = 'The tests fail as they are.') {
  const paths = [...new Set(mutants.map(({ path }) => path))]
  const entries = paths.map(async (path) => {
    const places = mutants.flatMap((mutant, i) => (mutant.path === path ? [{ i, place: mutant.place }] : []))
    return /** @type {const} */ ([path, traced(await readFile(path, 'utf8'), places)])
  })
  await handOut(new Map(await Promise.all(entries)))
  /** @type {{ path: string, tests: import('vitest/node').TestCase[] }[]} */
  const files = []
  for (const test of target.tests) {
    const specifications = await vitest.globTestSpecifications([test])
    const [specification] = specifications
    if (specification === undefined) throw new Error(`There is no test ${test}.`)
    const modules = await run(specification, 10 * PATIENCE_MS)
    const [module] = modules ?? []
    if (module === undefined || !module.ok()) throw new Error(`${complaint} ${module && firstFailure(module)}`)
    files.push({ path: specification.moduleId, tests: [...module.children.allTests('passed')] })
  }
  const entered = new Set(
    files.flatMap(({ tests }) =>
      tests.flatMap((test) => /** @type {{ reached: number[] }} */ (test.meta()).reached.map((i) => mutants[i]?.path)),
    ),
  )
  return mutants.map((mutant, i) =>
    files
      .map(({ path, tests }) => {
        const reaching = tests.filter((test) => {
          const { reached, outside } = /** @type {{ reached: number[], outside: number[] }} */ (test.meta())
          // A constant of a module is evaluated before any test: those that evaluate something else of its file read it. Of a file
          // of constants nothing else is evaluated, and any test may read them.
          const inFile = reached.some((j) => mutants[j]?.path === mutant.path) || !entered.has(mutant.path)
          return reached.includes(i) || (outside.includes(i) && inFile)
        })
        const ms = reaching.reduce((sum, test) => sum + (test.diagnostic()?.duration ?? 0), 0)
        return { path, ids: reaching.map(({ id }) => id), ms }
      })
      .filter(({ ids }) => ids.length > 0)
      .sort((a, b) => a.ms - b.ms),
  )
}

/**
 * @param {{ path: string, source: string }} mutant
 * @param {{ path: string, ids: string[], ms: number }[]} tests
 * @returns {Promise<boolean>} whether all of these tests pass; the first failure ends it
 */
async function pass(mutant, tests) {
  await handOut(new Map([[mutant.path, mutant.source]]))
  for (const { path, ids, ms } of tests) {
    const specification = vitest.getRootProject().createSpecification(path, { testIds: ids })
    const modules = await run(specification, PATIENCE_MS + 10 * ms)
    const failed = modules?.filter((module) => !module.ok())
    if (failed?.length === 0) continue
    if (values.verbose) console.log(`  noticed by ${failed?.map(firstFailure).join() ?? 'the end of its process'}`)
    return false
  }
  return true
}

/** @param {ReadonlyMap<string, string>} next what the tests get from now on */
async function handOut(next) {
  const paths = [...sources.keys(), ...next.keys()]
  sources = next
  for (const path of paths) vitest.invalidateFile(path)
}

/**
 * @param {import('vitest/node').TestSpecification} specification
 * @param {number} patienceMs
 * @returns {Promise<readonly import('vitest/node').TestModule[] | undefined>} undefined where something was thrown outside of the tests, or
 *   the process was caught in a loop
 */
async function run(specification, patienceMs) {
  // Failures of the run before would count against `bail`.
  vitest.state.filesMap.clear()
  // Vitest waits for ever for a process that does not answer.
  const watch = setTimeout(() => worker?.kill('SIGKILL'), patienceMs)
  try {
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications([specification])
    return unhandledErrors.length > 0 ? undefined : testModules
  } finally {
    clearTimeout(watch)
  }
}

/** @param {import('vitest/node').TestModule} module */
function firstFailure(module) {
  for (const test of module.children.allTests('failed')) return test.fullName
  return `${module.relativeModuleId}: ${module.errors()[0]?.message}`
}

/** @param {string} folder */
async function mutantsIn(folder) {
  const found = []
  const entries = (await readdir(join(ROOT, folder), { recursive: true })).filter(
    (entry) => entry.endsWith('.ts') && !entry.includes('__tests__') && entry !== 'testing.ts',
  )
  const paths = entries.sort().map((entry) => join(ROOT, folder, entry))
  const named = values.file?.flatMap((file) => paths.filter((path) => path.endsWith(`/${file}`)))
  for (const path of named ?? paths) {
    for (const mutant of mutantsOf(await readFile(path, 'utf8'))) {
      if (values.kind === undefined || values.kind.includes(mutant.kind)) found.push({ ...mutant, path })
    }
  }
  return found
}
