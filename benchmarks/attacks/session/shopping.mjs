// Sessions started and abandoned until the movements are the ones that were prepared.
import { createMemoryStore, createSessions } from '@unspoof/session'

export const name = 'shopping'

const WANTED = 'move-closer,turn-left'

/** @param {{ short: boolean }} options */
export async function run({ short }) {
  const n = short ? 10 : 40
  let [changed, tries, wanted] = [0, 0, 0]
  for (let account = 0; account < n; account++) {
    const sessions = createSessions({
      // Nothing is ever judged here: every session is abandoned once its movements are known.
      liveness: { checkSequence: () => Promise.reject(new Error('No frames are sent.')) },
      decode: () => Promise.reject(new Error('No frames are sent.')),
      landmarker: null,
      store: createMemoryStore(),
      steps: 2,
    })
    const seen = new Set()
    for (let tried = 0; tried < 20; tried++) {
      const movements = await movementsOf(sessions).catch(() => undefined)
      if (movements === undefined) break
      tries++
      seen.add([...movements].sort().join())
      if (movements.join() === WANTED) wanted++
    }
    if (seen.size > 1) changed++
  }
  return {
    rows: [
      {
        attack: 'accounts that got other movements by abandoning sessions',
        passed: changed,
        n,
        limit: 0,
        detail: `${(tries / n).toFixed(1)} sessions an account before a pause, ${wanted} of ${tries} asked for ${WANTED} in this order`,
      },
    ],
  }
}

/** Commits to frames there are none of, until no movement is left to be told. */
async function movementsOf(sessions) {
  const who = { subject: 'mallory' }
  const { id, nonce, capture } = await sessions.create(who)
  const movements = []
  let count = capture.holdFrames
  for (let step = 0; ; step++) {
    const frames = Array.from({ length: count }, (_, i) => ({ timeMs: i, digest: '0'.repeat(64) }))
    const answer = await sessions.commit(id, { version: 2, nonce, step, frames }, who)
    if (answer.step === null) return movements
    movements.push(answer.step.kind)
    count = answer.step.frames
  }
}
