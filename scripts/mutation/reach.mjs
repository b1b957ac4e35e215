// @ts-check
/** Set up before each test file by scripts/mutate.mjs: notes which places of the traced sources each test evaluates. */
import { afterEach, beforeEach } from 'vitest'

/** @type {Set<number>} What was reached outside of any test: while modules load, by hooks, by what a test left behind. */
const outside = new Set()
/** @type {Set<number>} */
let now = outside

Object.assign(globalThis, { reached: (/** @type {number} */ i) => now.add(i) })

beforeEach(() => {
  now = new Set()
})

afterEach(({ task }) => {
  Object.assign(task.meta, { reached: [...now], outside: [...outside] })
  now = outside
})
