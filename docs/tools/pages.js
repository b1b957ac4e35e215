/** Every page of the site, in the order of the navigation: [file from the root of the repository, address on the site]. */
import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { root } from './paths.js'

export const front = 'docs/index.md'

/** @type {Record<string, [file: string, address: string][]>} */
export const pages = {
  Guides: [
    ['docs/guides/start.md', 'guides/start'],
    ['docs/guides/node.md', 'guides/node'],
    ['docs/guides/express.md', 'guides/express'],
    ['docs/guides/nestjs.md', 'guides/nestjs'],
    ['docs/guides/fastify.md', 'guides/fastify'],
    ['docs/guides/next.md', 'guides/next'],
    ['docs/guides/react.md', 'guides/react'],
    ['docs/guides/page.md', 'guides/page'],
    ['docs/guides/face-api.md', 'guides/face-api'],
    ['docs/guides/cli.md', 'guides/cli'],
    ['docs/guides/server.md', 'guides/server'],
  ],
  Concepts: [
    ['docs/concepts/pad.md', 'concepts/pad'],
    ['docs/concepts/threats.md', 'concepts/threats'],
    ['docs/concepts/error-rates.md', 'concepts/error-rates'],
    ['docs/concepts/verdict.md', 'concepts/verdict'],
    ['docs/concepts/sessions.md', 'concepts/sessions'],
    ['docs/concepts/models.md', 'concepts/models'],
  ],
  Recipes: [
    ['docs/recipes/login.md', 'recipes/login'],
    ['docs/recipes/attendance.md', 'recipes/attendance'],
    ['docs/recipes/kyc.md', 'recipes/kyc'],
    ['docs/recipes/kiosk.md', 'recipes/kiosk'],
    ['docs/recipes/bulk.md', 'recipes/bulk'],
    ['docs/recipes/own-data.md', 'recipes/own-data'],
  ],
  Reference: [
    ['docs/errors.md', 'reference/errors'],
    ['docs/model-cards.md', 'reference/model-cards'],
    ['packages/session/PROTOCOL.md', 'reference/session-protocol'],
  ],
  Packages: readmes(),
  Measured: [
    ['models/unspoof-pad-1/README.md', 'measured/unspoof-pad-1'],
    ['docs/benchmarks.md', 'measured/benchmarks'],
    ['docs/performance.md', 'measured/performance'],
    ['docs/quality.md', 'measured/quality'],
    ['docs/stability.md', 'measured/stability'],
    ['docs/spectrum.md', 'measured/spectrum'],
    ['docs/reliability.md', 'measured/reliability'],
  ],
  Project: [
    ['CONTRIBUTING.md', 'project/contributing'],
    ['docs/contributing/model-or-adapter.md', 'project/model-or-adapter'],
    ['docs/contributing/texture-features.md', 'project/texture-features'],
    ['docs/contributing/quantisation.md', 'project/quantisation'],
    ['docs/contributing/kernels.md', 'project/kernels'],
    ['models/training/README.md', 'project/training'],
    ['SECURITY.md', 'project/security'],
  ],
}

/** The README of every package, the ones people install first. @returns {[string, string][]} */
function readmes() {
  const first = [
    'core',
    'node',
    'express',
    'fastify',
    'nestjs',
    'http',
    'session',
    'web',
    'react',
    'face-api',
    'cli',
    'kernels',
  ]
  /** @param {string} name */
  const rank = (name) => (first.includes(name) ? first.indexOf(name) : first.length)
  const names = readdirSync(resolve(root, 'packages'))
    .filter((name) => existsSync(resolve(root, 'packages', name, 'README.md')))
    .sort((a, b) => rank(a) - rank(b))
  return [...names.map((name) => `packages/${name}`), 'models'].map((folder) => [
    `${folder}/README.md`,
    folder === 'models' ? 'packages/models' : folder,
  ])
}
