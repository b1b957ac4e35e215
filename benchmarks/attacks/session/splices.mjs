/** Sessions that begin with one person and end with another: a hard cut at the first movement, and a cross-fade over it. */
import { renderShots } from '../lib/camera.mjs'
import { attempt, toJpeg, why } from '../lib/sessions.mjs'
import { pick, still } from '../lib/sources.mjs'
import { TUNINGS } from '../lib/still.mjs'

export const name = 'splices'

/** Share of the second person in a frame, 0..1. */
const CUTS = {
  'hard cut': ({ kind }) => (kind === 'hold' ? 0 : 1),
  'cross-fade': ({ kind, step, frame, frames }) => (kind === 'hold' ? 0 : step > 1 ? 1 : (frame + 1) / frames),
}

export async function run({ short, faces }) {
  if (short || faces === undefined)
    return { rows: [], skipped: ['two people in one session (needs --faces, long form)'] }
  const found = []
  for (const path of await pick(faces, 'live', 30)) found.push(await still(path))
  const people = found.filter((source) => source !== undefined)
  const rows = []
  for (const [attack, shareOf] of Object.entries(CUTS)) {
    for (const [suffix, options] of [
      ['', {}],
      [', depth off', { landmarker: null }],
    ]) {
      const answers = []
      for (let i = 0; i + 1 < people.length; i += 2) {
        answers.push(await attempt(spliced(people[i], people[i + 1], i + 1, shareOf), options))
      }
      const passed = answers.filter((answer) => answer === 'live').length
      rows.push({ attack: `two people, ${attack}${suffix}`, passed, n: answers.length, limit: 0, detail: why(answers) })
    }
  }
  return { rows }
}

function spliced(first, second, seed, shareOf) {
  const [a, b] = [first, second].map((source) => renderShots(source, TUNINGS[0], seed))
  return (moment) => {
    const share = shareOf(moment)
    const [from, to] = [a(moment), b(moment)]
    return toJpeg(from.map((value, i) => Math.round(value + share * (to[i] - value))))
  }
}
