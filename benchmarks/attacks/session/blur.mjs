/** Sessions answered with one still whose movement is blurred, so that less of it can be compared, with and without depth. */
import { camera } from '../lib/camera.mjs'
import { attempt, why } from '../lib/sessions.mjs'
import { ASTRONAUT, pick, still } from '../lib/sources.mjs'
import { TUNINGS } from '../lib/still.mjs'

export const name = 'blur'

export async function run({ short, faces }) {
  if (!short && faces === undefined) return { rows: [], skipped: ['one still, movement blurred (needs --faces)'] }
  const paths = short ? [ASTRONAUT] : await pick(faces, 'live', 20)
  const rows = []
  // Pixels, of the Gaussian.
  for (const blur of short ? [2] : [1, 2, 4]) {
    const measured = await filmAll(paths, blur, {})
    const unmeasured = await filmAll(paths, blur, { landmarker: null })
    const attack = `one still, movement blurred by ${blur}`
    rows.push({ ...counted(attack, measured), limit: 0 }, counted(`${attack}, depth off`, unmeasured))
  }
  return { rows }
}

async function filmAll(paths, blur, options) {
  const answers = []
  for (const [i, path] of paths.entries()) {
    const source = await still(path)
    if (source !== undefined) answers.push(await attempt(camera(source, TUNINGS[0], i + 1, { blur }), options))
  }
  return answers
}

function counted(attack, answers) {
  return {
    attack,
    passed: answers.filter((answer) => answer === 'live').length,
    n: answers.length,
    detail: why(answers),
  }
}
