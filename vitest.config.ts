import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** Nest 11 in place of Nest 12, for what Vite loads: our adapter and its tests. Nest's own imports stay among themselves. */
const NEST_11 = [
  '@fastify/multipart',
  '@nestjs/common',
  '@nestjs/core',
  '@nestjs/platform-express',
  '@nestjs/platform-fastify',
  '@nestjs/terminus',
].map((name) => ({
  find: new RegExp(`^${name}$`),
  replacement: fileURLToPath(new URL(`compat/nest11/node_modules/${name}`, import.meta.url)),
}))

export default defineConfig({
  // Tests run on the sources of the workspace packages, not on their builds.
  resolve: { conditions: ['@unspoof/source'] },
  // These are also given to Node itself: with `import` or `module` among them, require() would load ES modules.
  ssr: { resolve: { conditions: ['@unspoof/source', 'node'] } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Vitest's own second is less than the pause between two announcements, and than a busy machine needs for a page.
    expect: { poll: { timeout: 30_000 } },
    maxWorkers: 2,
    pool: 'forks',
    reporters: ['default', './scripts/count-reporter.ts'],
    // Where a line that no test runs could let somebody in: `npm run coverage`.
    coverage: {
      provider: 'v8',
      include: ['packages/core/src/decide/**', 'packages/session/src/**'],
      exclude: ['**/__tests__/**', '**/testing.ts'],
      reporter: ['text', 'html'],
    },
    projects: [
      {
        extends: true,
        test: {
          name: 'all',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/*/src/**/*.test.tsx',
            'packages/*/test/**/*.test.ts',
            'models/src/**/*.test.ts',
            '{e2e,docs,benchmarks,scripts}/**/*.test.ts',
          ],
        },
      },
      {
        extends: true,
        resolve: { alias: NEST_11 },
        test: { name: 'nest 11', include: ['packages/nestjs/src/__tests__/nest.test.ts', 'compat/nest11/*.test.ts'] },
      },
    ],
  },
})
