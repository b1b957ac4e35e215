/** What the test page puts on its window; functions passed to `page.evaluate` use it. */
declare const unspoof: typeof import('../src/index.ts')
declare const violations: string[]
