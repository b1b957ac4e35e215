/** Who is let in when much is under way: bounds in number, in bytes, in time, and for one client. */
import { availableParallelism } from 'node:os'
import { isLivenessError } from '@unspoof/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createAdmission } from '../admission.ts'

const PROCESSORS = availableParallelism()

/** The Retry-After of a refusal; undefined where it was let in. */
function refusal(run: () => unknown): number | undefined {
  try {
    run()
  } catch (error) {
    if (isLivenessError(error) && error.code === 'OVERLOADED') return error.retryAfter
    throw error
  }
  return undefined
}

describe('bounded in time', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())

  /** Lets `count` checks run at the same time, which takes them this long. */
  function run(admission: ReturnType<typeof createAdmission>, count: number, ms: number): void {
    const tickets = Array.from({ length: count }, () => admission.enter(true))
    const ends = tickets.map((ticket) => ticket.startCheck())
    vi.advanceTimersByTime(ms)
    for (const end of ends) end()
    for (const ticket of tickets) ticket.release()
  }

  test('a check that would wait too long is refused at once, and told for how long', () => {
    const admission = createAdmission({ maxWaitMs: 2500, maxChecks: 1000 })
    run(admission, 1, 1000)
    const ends: (() => void)[] = []
    // Two rounds of all processors are two seconds; a third is too long.
    for (let i = 0; i < 3 * PROCESSORS; i++) ends.push(admission.enter(true).startCheck())
    expect(admission.waitMs).toBe(3000)
    expect(refusal(() => admission.enter(true))).toBe(3)
    // Without a picture there is nothing to wait for; with one it is refused when that is known.
    const undecided = admission.enter(false)
    expect(refusal(() => undecided.startCheck())).toBe(3)
    ends[0]!()
    expect(refusal(() => admission.enter(true))).toBeUndefined()
  })

  test('what a check takes is learned under load, too, and learned anew', () => {
    const admission = createAdmission({ maxWaitMs: 1e5, maxChecks: 1000 })
    // Five rounds together: the last waits for four.
    const ends = Array.from({ length: 5 * PROCESSORS }, () => admission.enter(true).startCheck())
    for (const [i, end] of ends.entries()) {
      if (i % PROCESSORS === 0) vi.advanceTimersByTime(100)
      end()
    }
    admission.enter(true).startCheck()
    for (let i = 1; i < PROCESSORS; i++) admission.enter(true).startCheck()
    expect(admission.waitMs).toBeCloseTo(100)
  })

  test('however slow, a check that waits for nobody is let in, so that it is found out when things are well again', () => {
    const admission = createAdmission({ maxWaitMs: 500 })
    run(admission, 1, 60_000)
    run(admission, PROCESSORS, 10)
    const busy = Array.from({ length: PROCESSORS }, () => admission.enter(true).startCheck())
    expect(refusal(() => admission.enter(true))).toBeGreaterThan(10)
    for (const end of busy) end()
    for (let i = 0; i < 200; i++) run(admission, 1, 10)
    for (let i = 0; i < PROCESSORS; i++) admission.enter(true).startCheck()
    expect(refusal(() => admission.enter(true))).toBeUndefined()
  })
})

describe('one client', () => {
  test('takes no more than its share of the checks, whatever else is free', () => {
    const admission = createAdmission({ maxChecks: 10 })
    const held = Array.from({ length: 5 }, () => admission.enter(true, 'greedy'))
    for (const ticket of held) ticket.startCheck()
    expect(refusal(() => admission.enter(true, 'greedy'))).toBe(1)
    expect(refusal(() => admission.enter(false, 'greedy').startCheck())).toBe(1)
    // Everybody else does not notice, known or not.
    expect(refusal(() => admission.enter(true, 'other').startCheck())).toBeUndefined()
    expect(refusal(() => admission.enter(true).startCheck())).toBeUndefined()
    held[0]!.release()
    expect(refusal(() => admission.enter(true, 'greedy').startCheck())).toBeUndefined()
  })

  test('takes no more than its share of requests and bytes', () => {
    const admission = createAdmission({ maxRequests: 8, maxBytes: 1000, maxShare: 0.25 })
    const first = admission.enter(false, 'slow')
    expect(refusal(() => first.addBytes(250))).toBeUndefined()
    expect(refusal(() => first.addBytes(1))).toBe(1)
    // No room for a single byte: the body need not begin.
    expect(refusal(() => admission.enter(false, 'slow'))).toBe(1)
    const [one, two] = [admission.enter(false, 'many'), admission.enter(false, 'many')]
    expect(refusal(() => admission.enter(false, 'many'))).toBe(1)
    expect(refusal(() => admission.enter(false, 'other').addBytes(200))).toBeUndefined()
    for (const ticket of [first, one, two]) ticket.release()
    expect(refusal(() => admission.enter(false, 'slow').addBytes(250))).toBeUndefined()
  })

  test('is forgotten when nothing of it is left', () => {
    const admission = createAdmission()
    for (let i = 0; i < 1000; i++) {
      const ticket = admission.enter(true, `client ${i}`)
      ticket.addBytes(10)
      const end = ticket.startCheck()
      if (i % 2 === 0) end()
      ticket.release()
      ticket.release()
      end()
    }
    expect([admission.clients, admission.load]).toEqual([0, { requests: 0, checks: 0, bytes: 0 }])
  })

  test('may have one of each even where its share is less', () => {
    const admission = createAdmission({ maxShare: 0, maxChecks: 2 })
    expect(refusal(() => admission.enter(true, 'a').startCheck())).toBeUndefined()
    expect(refusal(() => admission.enter(true, 'a'))).toBe(1)
  })
})

describe('by cost', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
  afterEach(() => void vi.useRealTimers())
  const HEAVY_COST = 70

  /** Ten ordinary checks of ten milliseconds each. */
  function learned(options = {}) {
    const admission = createAdmission({ maxChecks: 1000, ...options })
    for (let i = 0; i < 10; i++) {
      const ticket = admission.enter(true)
      const end = ticket.startCheck()
      vi.advanceTimersByTime(10)
      end()
      ticket.release()
    }
    return admission
  }

  test('heavy images get their share of the processors, and ordinary ones the rest', () => {
    const admission = learned()
    const lanes = Math.max(2, PROCESSORS)
    const heavy = Array.from({ length: lanes }, () => refusal(() => admission.enter(true).startCheck(HEAVY_COST)))
    expect(heavy.filter((seconds) => seconds === undefined)).toHaveLength(Math.floor(lanes / 2))
    for (let i = 0; i < 10; i++) expect(refusal(() => admission.enter(true).startCheck())).toBeUndefined()
    expect(admission.waitMs).toBeLessThan(500)
  })

  test('a client has a share in time, and one check of its own however heavy', () => {
    const admission = learned({ maxShare: 0.1 })
    expect(refusal(() => admission.enter(true, 'sender').startCheck(15))).toBeUndefined()
    expect(refusal(() => admission.enter(true, 'sender').startCheck(15))).toBe(1)
    expect(refusal(() => admission.enter(true, ['sender', 'address']))).toBe(1)
    expect(refusal(() => admission.enter(true, 'other').startCheck(15))).toBeUndefined()
  })

  test('images that take longer than their header says change the forecast little by little', () => {
    const admission = learned()
    const ticket = admission.enter(true)
    const end = ticket.startCheck()
    vi.advanceTimersByTime(60_000)
    end()
    ticket.release()
    for (let i = 0; i < Math.max(2, PROCESSORS); i++) admission.enter(true).startCheck()
    expect(admission.waitMs).toBeCloseTo(13)
  })
})

test('options out of range are found at creation', () => {
  for (const options of [{ maxWaitMs: 0 }, { maxShare: 1.1 }, { maxChecks: 0 }, { maxshare: 1 }]) {
    expect(() => createAdmission(options as object)).toThrow(/admission|did you mean/)
  }
})
