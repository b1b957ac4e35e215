// @ts-check
/**
 * Mutation testing of the code where a mistake lets somebody in: `npm run mutation`, nightly. One file:
 * `npm run mutation -- --mutate packages/core/src/decide/decide.ts`.
 */
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'vitest.mutation.config.ts' },
  coverageAnalysis: 'perTest',
  mutate: [
    'packages/core/src/decide/**/*.ts',
    'packages/session/src/**/*.ts',
    '!**/{__tests__,testing}/**',
    '!**/testing.ts',
  ],
  // Messages may change, so tests do not pin them.
  mutator: { excludedMutations: ['StringLiteral'] },
  ignoreStatic: true,
  ignorePatterns: ['/models/training', '/docs', '/examples', '/tarballs', '/sbom', 'dist', '.turbo', '.next'],
  incremental: true,
  incrementalFile: 'reports/mutation/incremental.json',
  reporters: ['clear-text', 'html', 'json'],
  clearTextReporter: { allowColor: false, logTests: false },
  tempDirName: '.tmp/stryker',
  thresholds: { high: 95, low: 90, break: null },
}
