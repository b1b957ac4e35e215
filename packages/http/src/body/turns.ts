/** Shares the event loop between bodies: work on one waits its turn, so that many at once hold up no other request. */

/** Milliseconds of work in one turn of the event loop, all bodies together. */
const BUDGET_MS = 4

const waiting: (() => void)[] = []
let usedMs = 0
let scheduled = false

/** Runs `work` now where this turn of the event loop has time left, else in a later one, first come, first served. */
export function inTurn<T>(work: () => T | Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    waiting.push(() => {
      try {
        resolve(work())
      } catch (error) {
        reject(error)
      }
    })
    run()
  })
}

function run(): void {
  while (waiting.length > 0 && usedMs < BUDGET_MS) {
    const started = performance.now()
    waiting.shift()!()
    usedMs += performance.now() - started
  }
  if (scheduled) return
  scheduled = true
  setImmediate(() => {
    scheduled = false
    usedMs = 0
    if (waiting.length > 0) run()
  })
}
