/** Options of createSessions(): what they are where nothing is said, and the last value that is taken on either side. */
import { describe, expect, it } from 'vitest'
import { secureRandom } from '../challenge/plan.ts'
import { createMemoryStore, type SessionsOptions, type Store } from '../index.ts'
import { resolveSessionsOptions } from '../options.ts'

const GIVEN: SessionsOptions = {
  liveness: { checkSequence: () => Promise.reject(new Error('There are no frames.')) },
  decode: () => Promise.reject(new Error('There are no images.')),
  landmarker: null,
}
const DAY_MS = 86_400_000
const REFUSED = expect.objectContaining({ code: 'OPTION_INVALID' })

const resolve = (options: object) => resolveSessionsOptions({ ...GIVEN, ...options })

it('have these defaults', () => {
  expect(resolve({})).toEqual({
    ...GIVEN,
    store: expect.objectContaining({ shared: false }),
    signer: undefined,
    secret: undefined,
    operatingPoint: 'balanced',
    challenges: ['move-closer', 'turn-left', 'turn-right'],
    ttlMs: 120_000,
    submitTimeoutMs: 20_000,
    capture: {
      holdFrames: 4,
      intervalMs: 250,
      width: 640,
      height: 480,
      quality: 0.92,
      maxFrameBytes: 524_288,
      maxTotalBytes: 4_194_304,
    },
    limits: {
      failures: 5,
      clientFailures: 20,
      windowMs: 180_000,
      pauseMs: 30_000,
      maxPauseMs: 3_600_000,
      starts: 10,
      clientStarts: 60,
    },
    seenFramesTtlMs: DAY_MS,
    injectionBound: undefined,
    steps: undefined,
    onReference: undefined,
    random: secureRandom,
    now: Date.now,
  })
})

it('are taken as they are given', () => {
  const given = {
    store: createMemoryStore(),
    signer: { sign: async () => '' },
    secret: 's'.repeat(32),
    operatingPoint: 'strict',
    challenges: ['turn-left'],
    steps: 1,
    onReference: () => {},
    random: () => 0,
    now: () => 0,
  }
  expect(resolve(given)).toMatchObject(given)
})

describe('ranges', () => {
  it.each([
    ['ttlMs', 10_000, 600_000, 1],
    ['submitTimeoutMs', 100, 120_000, 1],
    ['seenFramesTtlMs', 0, DAY_MS, 1],
    ['injectionBound', 0.05, 1, 0.001],
    ['capture.holdFrames', 3, 20, 1],
    ['steps', 0, 3, 1],
    ['capture.intervalMs', 50, 2000, 1],
    ['capture.width', 240, 1280, 1],
    ['capture.height', 240, 1280, 1],
    ['capture.quality', 0.7, 1, 0.001],
    ['capture.maxFrameBytes', 10_000, 5_242_880, 1],
    ['capture.maxTotalBytes', 100_000, 67_108_864, 1],
    ['limits.failures', 1, 1_000_000, 1],
    ['limits.clientFailures', 1, 1_000_000, 1],
    ['limits.windowMs', 1000, DAY_MS, 1],
    ['limits.pauseMs', 1000, DAY_MS, 1],
    ['limits.maxPauseMs', 1000, DAY_MS, 1],
    ['limits.starts', 1, 1_000_000, 1],
    ['limits.clientStarts', 1, 1_000_000, 1],
  ])('%s is %d to %d', (path, min, max, step) => {
    const [group, name] = path.includes('.') ? path.split('.') : [undefined, path]
    const withValue = (value: number) => {
      const options = resolve(group === undefined ? { [name!]: value } : { [group]: { [name!]: value } })
      const values: object = group === undefined ? options : options[group as 'limits']
      return (values as Record<string, number>)[name!]
    }
    expect(withValue(min)).toBe(min)
    expect(withValue(max)).toBe(max)
    expect(() => withValue(min - step)).toThrowError(REFUSED)
    expect(() => withValue(max + step)).toThrowError(REFUSED)
    if (step === 1) expect(() => withValue(min + 0.5)).toThrowError(REFUSED)
  })

  it('frames have a longer side of at least 320', () => {
    expect(() => resolve({ capture: { width: 240, height: 320 } })).not.toThrow()
    expect(() => resolve({ capture: { width: 320, height: 240 } })).not.toThrow()
    expect(() => resolve({ capture: { width: 319, height: 319 } })).toThrowError(REFUSED)
  })
})

it.each([
  { liveness: undefined },
  { liveness: {} },
  { decode: undefined },
  { signer: {} },
  { challenges: 'turn-left' },
  { challenges: ['turn-left', 'smile'] },
  { challenges: ['none'] },
  { steps: '2' },
  { onReference: true },
  { landmarker: {} },
  { landmarker: undefined },
  { landmarker: Promise.resolve({}) },
  { operatingPoint: 'custom' },
  { limits: { more: 1 } },
  { capture: { more: 1 } },
  { more: 1 },
])('are refused with %j', (options) => {
  expect(() => resolve(options)).toThrowError(REFUSED)
})

it('ask for a secret where the store is shared', () => {
  const store: Store = { ...createMemoryStore(), shared: true }
  expect(() => resolve({ store })).toThrowError(REFUSED)
  expect(resolve({ store, secret: 's'.repeat(32) }).store).toBe(store)
})
