import { defineConfig } from 'vitest/config'

/** The tests that answer for the code that decides. Stryker runs them for each mutant. */
export default defineConfig({
  resolve: { conditions: ['@unspoof/source'] },
  ssr: { resolve: { conditions: ['@unspoof/source', 'node'] } },
  test: {
    include: [
      'packages/core/src/decide/**/*.test.ts',
      'packages/core/src/__tests__/liveness.test.ts',
      'packages/session/src/**/*.test.ts',
    ],
    exclude: ['**/node_modules/**', '**/measure.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
