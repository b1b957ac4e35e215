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
  for (let i = 0; i < times; i++) {
    await attempts.begin(who)
    await attempts.failed(who)
  }
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
  async function open(attempts: ReturnType<typeof attemptsWith>, times: number, who: Attempter = ANN): Promise<void> {
    for (let i = 0; i < times; i++) await attempts.begin(who)
  }

  it('count as failures of the subject until they passed', async () => {
    const attempts = attemptsWith()
    await open(attempts, 5)
    for (let i = 0; i < 5; i++) await attempts.passed(ANN)
    await open(attempts, 5)
    expect(await waitOf(attempts.begin(ANN))).toBe(30)
  })

  it('that were abandoned make one wait, longer each time', async () => {
    const attempts = attemptsWith()
    const waits = []
    for (let round = 0; round < 3; round++) {
      await open(attempts, 5)
      const seconds = await waitOf(attempts.begin(ANN))
      waits.push(seconds)
      expect(await waitOf(attempts.check(ANN))).toBe(seconds)
      ms += seconds * 1000
    }
    expect(waits).toEqual([30, 60, 120])
  })

  it('count for no client: many people of one address may be in the middle of it', async () => {
    const attempts = attemptsWith({ clientFailures: 1 })
    const from = (i: number) => ({ subject: `user-${i}`, clientKey: '192.0.2.1' })
    for (let i = 0; i < 30; i++) await attempts.begin(from(i))
    await attempts.failed(from(1))
    expect(await waitOf(attempts.begin(from(31)))).toBe(30)
  })

  it('and passed leave the count where it was, not below zero', async () => {
    const attempts = attemptsWith()
    await attempts.begin(ANN)
    await attempts.passed(ANN)
    await attempts.passed(ANN)
    await fail(attempts, 4)
    expect(await waitOf(attempts.check(ANN))).toBe(0)
    await fail(attempts, 1)
    expect(await waitOf(attempts.check(ANN))).toBe(30)
  })

  it('and passed after a pause closed their window count for nothing', async () => {
    const attempts = attemptsWith()
    await open(attempts, 5)
    await attempts.failed(ANN)
    for (let i = 0; i < 3; i++) await attempts.passed(ANN)
    ms = 30_000
    await fail(attempts, 4)
    expect(await waitOf(attempts.check(ANN))).toBe(0)
    await fail(attempts, 1)
    expect(await waitOf(attempts.check(ANN))).toBe(60)
  })
})
