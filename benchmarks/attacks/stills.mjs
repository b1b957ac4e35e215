/** Sessions answered with one still image of the victim: as it is, tuned at home, computed before, and of a spoof. */
import { camera } from './lib/camera.mjs'
import { attempt, why } from './lib/sessions.mjs'
import { ASTRONAUT, pick, still } from './lib/sources.mjs'
import { normals, TUNINGS } from './lib/still.mjs'

export const name = 'stills'

const MOVEMENTS = ['move-closer', 'turn-left', 'turn-right']

export async function run({ short, faces }) {
  const rows = []
  const skipped = []
  const images = async (label, n) => {
    if (short) return [ASTRONAUT]
    if (faces === undefined) return []
    return pick(faces, label, n)
  }
  const add = async (attack, label, n, limit, film) => {
    const paths = await images(label, n)
    if (paths.length === 0) return skipped.push(`${attack} (needs --faces)`)
    const answers = await filmAll(paths, short, film)
    rows.push({
      attack,
      passed: answers.filter((answer) => answer === 'live').length,
      n: answers.length,
      limit,
      detail: why(answers),
    })
  }
  // Movements are drawn, and a lucky draw passes now and then. The short form fails where both takes of one image pass.
  const few = (limit) => (short ? 1 : limit)
  await add('one still, zoomed and turned', 'live', 60, few(2), untuned)
  await add('one still, tuned at home, balanced', 'live', 40, few(2), tuned('balanced', short ? 2 : 8))
  await add('one still, tuned at home, strict', 'live', 20, few(0), tuned('strict', short ? 2 : 8))
  if (!short) await add('one still that passes where depth is not measured', 'live', 40, 0, unmeasured)
  await add('one precomputed set for any challenge', 'live', 36, few(0), precomputed)
  await add('still of a spoof, zoomed and turned', 'spoof', 30, few(0), untuned)
  return { rows, skipped }
}

/** @returns what each session answered; images without a face are left out. */
async function filmAll(paths, short, film) {
  const answers = []
  for (const [i, path] of paths.entries()) {
    const source = await still(path)
    if (source === undefined) continue
    // The short form has one image: two takes of it.
    for (let take = 0; take < (short ? 2 : 1); take++) answers.push(await film(source, i * 7 + take + 1))
  }
  return answers.filter((answer) => answer !== undefined)
}

function untuned(source, seed) {
  return attempt(camera(source, TUNINGS[0], seed))
}

/** At home, with the published code, up to so many variants; the first that passes, or else the last, is sent to the server. */
function tuned(operatingPoint, variants) {
  return async (source, seed) => {
    let chosen = TUNINGS[0]
    for (const [i, tuning] of TUNINGS.slice(0, variants).entries()) {
      chosen = tuning
      if ((await attempt(camera(source, tuning, seed * 100 + i), { operatingPoint })) === 'live') break
    }
    return attempt(camera(source, chosen, seed * 100 + 99), { operatingPoint })
  }
}

/** What depth alone refuses: undefined where the film is refused without it. */
async function unmeasured(source, seed) {
  const tuning = { ...TUNINGS[seed % TUNINGS.length], amount: 1.2 }
  // Both sessions draw the same movements.
  const random = () => {
    const normal = normals(seed)
    return () => Math.min(0.999, Math.abs(normal()) % 1)
  }
  const without = await attempt(camera(source, tuning, seed), { landmarker: null, random: random() })
  return without === 'live' ? attempt(camera(source, tuning, seed), { random: random() }) : undefined
}

/** Grows and turns at once, whatever is asked; the client's word on mirroring is its own. */
function precomputed(source, seed) {
  return attempt(camera(source, TUNINGS[seed % TUNINGS.length], seed, { always: 'all' }), {
    challenges: [MOVEMENTS[seed % MOVEMENTS.length]],
    steps: 1,
  })
}
