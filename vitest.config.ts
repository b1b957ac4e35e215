import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Tests run on the sources of the workspace packages, not on their builds.
  resolve: { conditions: ['@unspoof/source'] },
  // These are also given to Node itself: with `import` or `module` among them, require() would load ES modules.
  ssr: { resolve: { conditions: ['@unspoof/source', 'node'] } },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/src/**/*.test.tsx',
      'packages/*/test/**/*.test.ts',
      'models/src/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'test/**/*.test.ts',
    ],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    pool: 'forks',
    reporters: ['default', './scripts/count-reporter.ts'],
  },
})
