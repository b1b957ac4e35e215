/** How many decoders run at once. */
import { expect, it } from 'vitest'
import { createLimiter } from '../image/limiter.ts'

it('runs so many jobs at once and no more, in order, also when some fail', async () => {
  const limiter = createLimiter(2)
  const started: number[] = []
  let running = 0
  let most = 0
  const job = (i: number) => async () => {
    started.push(i)
    most = Math.max(most, ++running)
    await new Promise((resolve) => setTimeout(resolve, 2))
    running -= 1
    if (i % 3 === 0) throw new Error(`planted ${i}`)
    return i
  }
  const results = await Promise.allSettled(Array.from({ length: 10 }, (_, i) => limiter(job(i))))
  expect(most).toBe(2)
  expect(started).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(results.map(({ status }) => status === 'fulfilled')).toEqual(Array.from({ length: 10 }, (_, i) => i % 3 !== 0))
})
