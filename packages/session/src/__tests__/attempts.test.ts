/** The limits on attempts to the last count and the last millisecond. */
import { beforeEach, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../index.ts'
import { createKeys } from '../keys.ts'
import { ATTEMPT_DEFAULTS, type Attempter, type AttemptLimits, createAttempts } from '../limits/attempts.ts'

let ms: number
beforeEach(() => {
  ms = 0
})

const ANN = { subject: 'ann' }

function attemptsWith(limits: Partial<AttemptLimits> = {}) {
  const store = createMemoryStore({ now: () => ms })
  return createAttempts(store, createKeys('s'.repeat(32)), { ...ATTEMPT_DEFAULTS, ...limits })
}

/** Seconds one is told to wait, 0 where one is not. */
const waitOf = (action: Promise<unknown>): Promise<number> =>
  action.then(
    () => 0,
    (error: { code: string; retryAfter: number }) => {
      expect(error.code).toBe('ATTEMPTS_EXCEEDED')
      return error.retryAfter
    },
  )

async function fail(attempts: ReturnType<typeof attemptsWith>, times: number, who: Attempter = ANN): Promise<void> {
  for (let i = 0; i < times; i++) await (await attempts.begin(who)).failed()
}

describe('starts', () => {
  it('of one subject are 10 a minute, of another as many again', async () => {
    const attempts = attemptsWith()
    for (let i = 0; i < 10; i++) await attempts.start(ANN)
    expect(await waitOf(attempts.start(ANN))).toBe(60)
    expect(await waitOf(attempts.start({ subject: 'bob' }))).toBe(0)
    ms = 59_999
    expect(await waitOf(attempts.start(ANN))).toBe(1)
    ms = 60_000
    expect(await waitOf(attempts.start(ANN))).toBe(0)
  })

  it('of one client are 60 a minute, whatever the subjects', async () => {
    const attempts = attemptsWith()
    const from = (i: number) => attempts.start({ subject: `user-${i}`, clientKey: '192.0.2.1' })
    for (let i = 0; i < 60; i++) await from(i)
    expect(await waitOf(from(60))).toBe(60)
    expect(await waitOf(attempts.start({ subject: 'user-61', clientKey: '192.0.2.2' }))).toBe(0)
  })

  it('are refused during a pause', async () => {
    const attempts = attemptsWith()
    await fail(attempts, 5)
    expect(await waitOf(attempts.start(ANN))).toBe(30)
  })
})

describe('failures', () => {
  it('make one wait from the fifth on, and say how long is left', async () => {
    const attempts = attemptsWith()
    await fail(attempts, 4)
    expect(await waitOf(attempts.check(ANN))).toBe(0)
    await fail(attempts, 1)
    expect(await waitOf(attempts.check(ANN))).toBe(30)
    expect(await waitOf(attempts.begin(ANN))).toBe(30)
    expect(await waitOf(attempts.check({ subject: 'bob' }))).toBe(0)
    ms = 29_500
    expect(await waitOf(attempts.check(ANN))).toBe(1)
    ms = 30_000
    expect(await waitOf(attempts.check(ANN))).toBe(0)
  })

  it('of one client make it wait from the twentieth on', async () => {
    const attempts = attemptsWith()
    const from = (i: number) => ({ subject: `user-${i}`, clientKey: '192.0.2.1' })
    for (let i = 0; i < 19; i++) await fail(attempts, 1, from(i))
    expect(await waitOf(attempts.check(from(50)))).toBe(0)
    await fail(attempts, 1, from(19))
    expect(await waitOf(attempts.check(from(50)))).toBe(30)
    expect(await waitOf(attempts.check({ subject: 'user-50' }))).toBe(0)
  })

  it('are counted for three minutes', async () => {
    const attempts = attemptsWith()
    await fail(attempts, 4)
    ms = 180_000
    await fail(attempts, 4)
    expect(await waitOf(attempts.check(ANN))).toBe(0)
    ms = 359_999
    await fail(attempts, 1)
    expect(await waitOf(attempts.check(ANN))).toBe(30)
  })

  it('double the pause, up to an hour', async () => {
    const attempts = attemptsWith()
    const waits = []
    for (let round = 0; round < 9; round++) {
      await fail(attempts, 5)
      const seconds = await waitOf(attempts.check(ANN))
      waits.push(seconds)
      ms += seconds * 1000
    }
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600])
  })

  it('are forgotten a day after the first pause', async () => {
    for (const [day, wait] of [
      [86_399_999, 60],
      [86_400_000, 30],
    ] as const) {
      ms = 0
      const attempts = attemptsWith()
      await fail(attempts, 5)
      ms = day
      await fail(attempts, 5)
      expect(await waitOf(attempts.check(ANN))).toBe(wait)
    }
  })
})

describe('attempts that are open', () => {
  /** One after another, since the last of them is to be the last that was counted. */
  async function open(attempts: ReturnType<typeof attemptsWith>, times: number, who: Attempter = ANN) {
    const begun = []
    for (let i = 0; i < times; i++) begun.push(await attempts.begin(who))
    return begun
  }

  it('count as failures until they are known better', async () => {
    const attempts = attemptsWith()
    const five = await open(attempts, 5)
    expect(await waitOf(attempts.begin(ANN))).toBe(30)
    // The one that was refused is not counted.
    for (const attempt of five) await attempt.forgiven()
    expect(await open(attempts, 5)).toHaveLength(5)
    expect(await waitOf(attempts.begin(ANN))).toBe(30)
  })

  it('are refused for what is left of the window where that is less than the first pause', async () => {
    const attempts = attemptsWith()
    await open(attempts, 5)
    ms = 175_000
    expect(await waitOf(attempts.begin(ANN))).toBe(5)
  })

  it('that one client may not make count for no subject', async () => {
    const attempts = attemptsWith({ clientFailures: 1 })
    await attempts.begin({ subject: 'bob', clientKey: '192.0.2.1' })
    for (let i = 0; i < 9; i++) {
      expect(await waitOf(attempts.begin({ ...ANN, clientKey: '192.0.2.1' }))).toBe(30)
    }
    expect(await open(attempts, 5)).toHaveLength(5)
  })

  it('and forgiven leave the count where it was, not below zero', async () => {
    const attempts = attemptsWith()
    await (await attempts.begin(ANN)).forgiven()
    await fail(attempts, 4)
    expect(await waitOf(attempts.check(ANN))).toBe(0)
    await fail(attempts, 1)
    expect(await waitOf(attempts.check(ANN))).toBe(30)
  })

  it('and forgiven after a pause closed their window count for nothing', async () => {
    const attempts = attemptsWith()
    const five = await open(attempts, 5)
    await five[4]!.failed()
    for (const attempt of five.slice(0, 3)) await attempt.forgiven()
    ms = 30_000
    await fail(attempts, 4)
    expect(await waitOf(attempts.check(ANN))).toBe(0)
    await fail(attempts, 1)
    expect(await waitOf(attempts.check(ANN))).toBe(60)
  })
})
