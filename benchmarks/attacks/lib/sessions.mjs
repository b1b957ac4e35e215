/** Whole sessions over the real models, in one process and with a clock of their own. */
import { createFaceDetector, loadModel, parseDetectorCard } from '@unspoof/core'
import { bundledModel, DEFAULT_DETECTORS } from '@unspoof/models'
import { createFaceLandmarker, createLiveness, createNodeRuntime, decodeImage } from '@unspoof/node'
import { createMemoryStore, createSessions } from '@unspoof/session'
import { playSession } from '@unspoof/session/testing'
import sharp from 'sharp'
import { SIZE } from './still.mjs'

let loaded

/** Loaded once for all attacks. */
export function models() {
  loaded ??= load()
  return loaded
}

async function load() {
  const runtime = createNodeRuntime()
  const sources = DEFAULT_DETECTORS.map((id) =>
    loadModel({ source: bundledModel(id), runtime, parse: parseDetectorCard }),
  )
  return {
    liveness: await createLiveness(),
    landmarker: await createFaceLandmarker(),
    detector: createFaceDetector({ models: await Promise.all(sources) }),
  }
}

/**
 * Plays one session from start to verdict.
 * @param {(moment: import('@unspoof/session/testing').Moment) => Promise<Uint8Array>} shoot
 * @param {object} options of createSessions
 * @returns {Promise<string>} `live`, or why not
 */
export async function attempt(shoot, options = {}) {
  const { liveness, landmarker } = await models()
  const clock = { ms: 1_000_000 }
  const sessions = createSessions({
    liveness,
    landmarker,
    decode: decodeImage,
    store: createMemoryStore({ now: () => clock.ms }),
    now: () => clock.ms,
    ...options,
  })
  const wait = (ms) => {
    clock.ms += ms
  }
  try {
    const { answer } = await playSession(sessions, { subject: 'somebody', shoot, wait })
    return answer.verdict === 'live' ? 'live' : `${answer.verdict} ${answer.reasons.map(String).join('+')}`
  } catch (error) {
    return `error ${error.code ?? error.message}`
  }
}

/** @param {Uint8Array} pixels RGB of SIZE */
export async function toJpeg(pixels, blur = 0) {
  const image = sharp(pixels, { raw: { ...SIZE, channels: 3 } })
  return new Uint8Array(await (blur > 0 ? image.blur(blur) : image).jpeg({ quality: 92 }).toBuffer())
}

/** Counts of what was answered, the most frequent first. */
export function why(answers) {
  const counts = new Map()
  for (const answer of answers) counts.set(answer, (counts.get(answer) ?? 0) + 1)
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([answer, n]) => `${n} ${answer}`)
    .join(', ')
}
