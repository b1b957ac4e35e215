/** What a submission may weigh and must look like before anything of it is used up. */
import { describe, expect, it } from 'vitest'
import { codeOf, createHarness, digestOf, submissionOf } from './harness.ts'

const ANN = { subject: 'ann' }
const EACH = 20_000
const ALL = 100_000

/** Starts like a JPEG; where it gets through, the session asks for the nonce next. */
function jpegOf(bytes: number, ...start: number[]): Uint8Array<ArrayBuffer> {
  const jpeg = new Uint8Array(bytes)
  jpeg.set(start.length === 0 ? [0xff, 0xd8, 0xff] : start)
  return jpeg
}

/** Submits to a session that committed to as many other frames. */
async function submit(frames: readonly unknown[]): Promise<string> {
  const capture = { maxFrameBytes: EACH, maxTotalBytes: ALL, holdFrames: 5 }
  const h = createHarness({ capture, challenges: [] })
  const started = await h.sessions.create(ANN)
  await h.film(started)
  const five = [...frames, ...Array.from({ length: 5 }, () => jpegOf(3))].slice(0, 5)
  const { meta } = submissionOf(started, [])
  return codeOf(h.sessions.submit(started.id, { meta, frames: five as Uint8Array[] }, ANN))
}

describe('the images of a submission', () => {
  it('are at most so large, each and together', async () => {
    expect(await submit([jpegOf(EACH)])).toBe('NONCE_MISMATCH')
    expect(await submit([jpegOf(EACH + 1)])).toBe('BODY_TOO_LARGE')
    const five = Array.from({ length: 5 }, () => jpegOf(EACH))
    expect(await submit(five)).toBe('NONCE_MISMATCH')
    expect(await submit([...five.slice(1), jpegOf(EACH + 1)])).toBe('BODY_TOO_LARGE')
  })

  it('begin as a JPEG does, in each of three bytes', async () => {
    expect(await submit([jpegOf(9, 0xff, 0xd8, 0xff)])).toBe('NONCE_MISMATCH')
    for (const start of [
      [0xfe, 0xd8, 0xff],
      [0xff, 0xd9, 0xff],
      [0xff, 0xd8, 0xfe],
    ]) {
      expect(await submit([jpegOf(9, ...start)])).toBe('IMAGE_TYPE')
    }
    expect(await submit([new Uint8Array(0)])).toBe('IMAGE_CORRUPT')
  })

  it('are bytes', async () => {
    for (const wrong of ['jpeg', [0xff, 0xd8, 0xff], null, new ArrayBuffer(3)]) {
      expect(await submit([wrong])).toBe('INPUT_INVALID')
    }
  })
})

describe('the nonce', () => {
  it('must be right in the submission and in the digests, each by itself', async () => {
    const h = createHarness({ challenges: [] })
    const other = 'x'.repeat(22)
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    const good = submissionOf(started, shots)
    const bad = submissionOf({ nonce: other }, shots)
    expect(await codeOf(h.sessions.submit(started.id, bad, ANN))).toBe('NONCE_MISMATCH')
    expect((await h.sessions.submit(started.id, good, ANN)).verdict).toBe('live')
    const again = await h.sessions.create(ANN)
    const frames = shots.map(({ jpeg, timeMs }, i) => ({ timeMs, digest: digestOf(other, i, timeMs, jpeg) }))
    h.advance(5000)
    await h.sessions.commit(again.id, { version: 2, nonce: again.nonce, step: 0, frames }, ANN)
    expect(await codeOf(h.sessions.submit(again.id, submissionOf(again, shots), ANN))).toBe('NONCE_MISMATCH')
  })
})

describe('the subject', () => {
  it('is a text of 1 to 200 characters', async () => {
    const h = createHarness()
    for (const subject of ['a', 'a'.repeat(200)]) {
      expect(await h.sessions.create({ subject })).toMatchObject({ id: expect.any(String) })
    }
    for (const subject of ['', 'a'.repeat(201), undefined, null, 7, ['ann']]) {
      expect(await codeOf(h.sessions.create({ subject: subject as string }))).toBe('OPTION_INVALID')
    }
  })
})

describe('a caller who has gone', () => {
  it('is not judged for', async () => {
    const h = createHarness()
    const started = await h.sessions.create(ANN)
    const shots = await h.film(started)
    h.advance(100)
    const signal = AbortSignal.abort()
    expect(await codeOf(h.sessions.submit(started.id, submissionOf(started, shots), { ...ANN, signal }))).toBe(
      'ABORTED',
    )
    expect(h.judged).toHaveLength(0)
  })
})
