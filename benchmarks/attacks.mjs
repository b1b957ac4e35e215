// Attacks on sessions, tokens and servers: how many of each kind pass, with 95 % intervals (docs/concepts/attacks.md).
//
//   npm run build && node benchmarks/attacks.mjs [--short] [--only NAME] [--faces FOLDER]
//
// --short runs a few of each kind, on fixtures/astronaut.jpg and drawn scenes: for CI, a minute. The long form needs --faces: a folder
// with an index.csv (path,set,label,... and face_w) of live and spoof images; without it the rows that need it say so and are left out.
// Ends with 1 where an attack passes more often than its limit, and where a row has nothing to count.
//
// Each file but those in lib/ exports `{ name, run({ short, faces }) -> { rows: [{ attack, passed, n, limit }], skipped } }`. `limit` is the
// largest number that may pass; without one the row is only told.
import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { clopperPearson } from '@unspoof/evaluation'

const { values } = parseArgs({
  options: { short: { type: 'boolean' }, only: { type: 'string' }, faces: { type: 'string' } },
})
const folder = new URL('attacks/', import.meta.url)
const found = await readdir(folder, { recursive: true })
const files = found.filter((name) => name.endsWith('.mjs') && !name.startsWith('lib')).sort()
const attacks = await Promise.all(files.map((name) => import(new URL(name, folder).href)))
const chosen = attacks.filter(({ name }) => values.only === undefined || name === values.only)
if (chosen.length === 0) {
  console.error(`Expected one of ${attacks.map(({ name }) => name).join(', ')} for --only.`)
  process.exit(2)
}

let broken = false
for (const { name, run } of chosen) {
  const started = performance.now()
  const { rows, skipped = [] } = await run({ short: values.short === true, faces: values.faces })
  console.log(`${name} (${((performance.now() - started) / 1000).toFixed(0)} s)`)
  for (const row of rows) {
    const kept = row.n > 0 && (row.limit === undefined || row.passed <= row.limit)
    broken ||= !kept
    console.log(`  ${kept ? 'ok    ' : 'BROKEN'} ${line(row)}`)
  }
  for (const what of skipped) console.log(`  left out: ${what}`)
}
process.exit(broken ? 1 : 0)

function line({ attack, passed, n, limit, detail }) {
  const [low, high] = n === 0 ? [0, 1] : clopperPearson(passed, n)
  const percent = (share) => (share * 100).toFixed(1)
  const bound = limit === undefined ? 'no limit' : `at most ${limit}`
  const text = `${attack}: ${passed} of ${n} (${percent(low)} to ${percent(high)} %), ${bound}`
  return detail === undefined || detail === '' ? text : `${text}; ${detail}`
}
