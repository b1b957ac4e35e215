/** Live people who do as they are asked, from the frames of real videos: how many are refused, and by which of the depth cues. */
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { decodeImage } from '@unspoof/node'
import { depthFrame, measureDepth } from '@unspoof/session'
import { models, why } from './lib/sessions.mjs'
import { readIndex } from './lib/sources.mjs'

export const name = 'people'

/** Movements of one person and kind at most, so that nobody counts for more than the others. */
const EACH = 6
/** Frames read of one video at most. */
const MAX_FRAMES = 40

export async function run({ short, faces }) {
  const attack = 'live people called flat'
  if (short || faces === undefined) return { rows: [], skipped: [`${attack} (needs --faces, long form)`] }
  const made = []
  for (const paths of (await videos(faces)).values()) made.push(...(await movements(paths)))
  const flat = made.filter(({ depth }) => depth.verdict === 'flat')
  const denied = flat.flatMap(({ depth }) =>
    depth.cues.filter(({ verdict }) => verdict === 'flat').map((cue) => cue.name),
  )
  const rows = [
    { attack, passed: flat.length, n: made.length, limit: Math.floor(made.length * 0.05), detail: why(denied) },
  ]
  for (const kind of ['move-closer', 'turn-left']) {
    const verdicts = made.filter((movement) => movement.kind === kind).map(({ depth }) => depth.verdict)
    const passed = verdicts.filter((verdict) => verdict === 'unknown').length
    const what = kind === 'move-closer' ? 'moves closer' : 'turns'
    rows.push({ attack: `live people, ${what} that no cue decides`, passed, n: verdicts.length, detail: why(verdicts) })
  }
  return { rows }
}

/** Frames of each video or person, in order: sets whose file names begin with who is in them. */
async function videos(faces) {
  const groups = new Map()
  const add = (key, path) => groups.set(key, [...(groups.get(key) ?? []), path])
  for (const { set, label, path } of await readIndex(faces)) {
    if (label !== 'live') continue
    const file = basename(path)
    if (set === 'phone-replay') add(`${set} ${file.split('_')[0]}`, path)
    if (set === 'nuaa-dev') add(`${set} ${file.slice(0, 13)}`, path)
  }
  // Videos of a webcam, before which people come nearer.
  for (const { set, label, path, group } of await readIndex(faces, 'worlds/index.csv').catch(() => [])) {
    if (label === 'live' && set === 'worlds-w10') add(`${set} ${group}`, path)
  }
  return groups
}

/** Pairs of two frames before and two frames after, between which the face has grown or turned as sessions ask for. */
async function movements(paths) {
  const frames = []
  for (const path of paths.sort().slice(0, MAX_FRAMES)) {
    const found = await measured(path)
    if (found !== undefined) frames.push(found)
  }
  const pairs = []
  const done = { 'move-closer': 0, 'turn-left': 0 }
  for (let i = 0; i + 1 < frames.length; i += 2) {
    for (let j = 0; j + 1 < frames.length; j += 2) {
      const kind = movementOf(frames[i], frames[j])
      if (kind === undefined || done[kind] >= EACH) continue
      done[kind]++
      const four = [frames[i], frames[i + 1], frames[j], frames[j + 1]].map(({ depth }) => depth)
      pairs.push({ kind, depth: measureDepth(four, { kind, before: [0, 1], after: [2, 3] }) })
    }
  }
  return pairs
}

async function measured(path) {
  const { detector, landmarker } = await models()
  const { frame } = await decodeImage(await readFile(path))
  const [face] = frame === undefined ? [] : await detector.detect(frame)
  const depth = face === undefined ? undefined : await depthFrame(landmarker, frame, face)
  if (depth === undefined || face.keyPoints === undefined) return undefined
  const { rightEye, leftEye, nose, mouth } = face.keyPoints
  const middle = { x: (rightEye.x + leftEye.x) / 2, y: (rightEye.y + leftEye.y) / 2 }
  const [ex, ey] = [leftEye.x - rightEye.x, leftEye.y - rightEye.y]
  const yaw = ((nose.x - middle.x) * ex + (nose.y - middle.y) * ey) / (0.5 * (ex * ex + ey * ey))
  return { depth, yaw, size: Math.hypot(mouth.x - middle.x, mouth.y - middle.y) }
}

function movementOf(before, after) {
  const turn = Math.abs(after.yaw - before.yaw)
  const growth = after.size / before.size
  if (Math.abs(before.yaw) > 0.3) return undefined
  if (growth >= 1.2 && growth < 1.7 && turn < 0.25) return 'move-closer'
  // To which side does not matter to depth. Beyond this the far eye is hidden.
  return turn >= 0.35 && Math.abs(after.yaw) < 1.2 ? 'turn-left' : undefined
}
