import { createFaceLandmarker, createLiveness, decodeImage } from '@unspoof/node'
import { createSessionHandler, createSessions } from '@unspoof/session'

/** Who is logging in. A real application knows it from the first factor, such as a password; never from the body. */
const subjectOf = () => 'ada'

async function createHandler() {
  const liveness = await createLiveness()
  const landmarker = await createFaceLandmarker() // tells a head from a flat image
  const challenges = process.env.LIVENESS_CHALLENGES?.split(',').filter(Boolean)
  const sessions = createSessions({ liveness, decode: (jpeg) => decodeImage(jpeg), landmarker, challenges })
  return createSessionHandler(sessions, { basePath: '/liveness', subject: subjectOf })
}

/** One for the process, also where Next loads this module more than once. */
export function sessionHandler() {
  globalThis.livenessHandler ??= createHandler()
  return globalThis.livenessHandler
}
