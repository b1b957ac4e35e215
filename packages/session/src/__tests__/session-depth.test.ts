/** What depth does to the verdict of a session: drawn people, and landmarkers that see a head, a plane or nothing in them. */
import type { FaceLandmarker } from '@unspoof/core'
import { describe, expect, it } from 'vitest'
import { mesh } from '../depth/__tests__/scenes.ts'
import { type ChallengeKind, createSessions, type SessionsOptions, type SubmitAnswer } from '../index.ts'
import { createHarness, submissionOf } from './harness.ts'

/** Draws the mesh of a head of so much depth where the face is: 1 = a head, 0 = a plane. */
function landmarkerOf(depth: number): Pick<FaceLandmarker, 'locate'> {
  return {
    async locate(_, { keyPoints }) {
      const { rightEye, leftEye, nose } = keyPoints!
      const half = (leftEye.x - rightEye.x) / 2
      const eyes = { x: (leftEye.x + rightEye.x) / 2, y: rightEye.y }
      return { points: mesh(half, (nose.x - eyes.x) / half, depth, eyes), score: 1 }
    },
  }
}

const BLIND: Pick<FaceLandmarker, 'locate'> = { locate: async () => undefined }

async function play(kind: ChallengeKind, options: Partial<SessionsOptions>): Promise<SubmitAnswer> {
  const { sessions, film } = createHarness({ challenges: [kind], steps: 1, ...options })
  const started = await sessions.create({ subject: 'ann' })
  return sessions.submit(started.id, submissionOf(started, await film(started)), { subject: 'ann' })
}

describe('a session with a landmarker', () => {
  it('is live where a head turns', async () => {
    expect(await play('turn-left', { landmarker: landmarkerOf(1) })).toMatchObject({ verdict: 'live' })
  })

  it('has failed where a plane turns', async () => {
    const answer = await play('turn-left', { landmarker: landmarkerOf(0) })
    expect([answer.verdict, answer.reasons]).toEqual(['retry', ['challenge-failed']])
  })

  it('asks again where no depth can be measured', async () => {
    const answer = await play('turn-left', { landmarker: BLIND })
    expect([answer.verdict, answer.reasons]).toEqual(['retry', ['undecided']])
  })

  it('measures nothing where no movement is asked for', async () => {
    const landmarker = { locate: () => Promise.reject(new Error('It must not be asked.')) }
    expect(await play('move-closer', { landmarker, steps: 0 })).toMatchObject({ verdict: 'live' })
  })

  it('fails where the landmarker fails', async () => {
    const landmarker = { locate: () => Promise.reject(new Error('broken')) }
    await expect(play('turn-left', { landmarker })).rejects.toThrow()
  })
})

it('a session whose landmarker is null measures no depth', async () => {
  expect(await play('turn-left', { landmarker: null })).toMatchObject({ verdict: 'live' })
})

it('sessions without the choice of a landmarker are refused, and told where to get one', () => {
  const checkSequence = () => Promise.reject(new Error('There are no frames.'))
  // @ts-expect-error landmarker is missing.
  expect(() => createSessions({ liveness: { checkSequence }, decode: async () => ({}) as never })).toThrowError(
    expect.objectContaining({ code: 'OPTION_INVALID', hint: expect.stringContaining('createFaceLandmarker()') }),
  )
})
