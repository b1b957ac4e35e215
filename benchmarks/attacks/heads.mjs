/** The better attacker: the head of one still cut out, given a depth, and moved before a painted room. Told, without a limit. */

import { emptyRoom, renderHead } from './lib/head.mjs'
import { attempt, toJpeg, why } from './lib/sessions.mjs'
import { ASTRONAUT, pick, still } from './lib/sources.mjs'
import { createActor, normals, TUNINGS } from './lib/still.mjs'

export const name = 'heads'

export async function run({ short, faces }) {
  const attack = 'head of one still in 3-D before a painted room'
  const paths = short ? [ASTRONAUT] : faces === undefined ? [] : await pick(faces, 'live', 40)
  if (paths.length === 0) return { rows: [], skipped: [`${attack} (needs --faces)`] }
  const answers = []
  for (const [i, path] of paths.entries()) {
    const source = await still(path)
    if (source === undefined) continue
    const room = emptyRoom(source)
    const tuning = TUNINGS[i % TUNINGS.length]
    const normal = normals(i + 1)
    const actor = createActor(tuning.amount, normal)
    answers.push(await attempt((moment) => toJpeg(renderHead({ ...source, room }, actor(moment), tuning, normal))))
  }
  const passed = answers.filter((answer) => answer === 'live').length
  return { rows: [{ attack, passed, n: answers.length, detail: why(answers) }] }
}
