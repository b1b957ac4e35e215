/** Work on many bodies at once: in order, and with other work between. */
import { expect, test } from 'vitest'
import { inTurn } from '../turns.ts'

function busy(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

test('runs work in order and lets others in between', async () => {
  const order: (number | string)[] = []
  setImmediate(() => order.push('other'))
  await Promise.all(
    Array.from({ length: 6 }, (_, i) =>
      inTurn(() => {
        busy(5)
        order.push(i)
      }),
    ),
  )
  expect(order.filter((item) => item !== 'other')).toEqual([0, 1, 2, 3, 4, 5])
  expect(order.indexOf('other')).toBeLessThanOrEqual(2)
})

test('goes on after work that throws', async () => {
  const thrown = inTurn(() => {
    throw new Error('no')
  })
  await expect(thrown).rejects.toThrow('no')
  expect(await inTurn(() => 7)).toBe(7)
})
