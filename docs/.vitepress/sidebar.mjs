// @ts-check
/** The navigation. A page that is not here is found by the search only: add new pages. */

/** @param {string} text @param {Record<string, string>} pages address and title @param {boolean} [collapsed] */
const group = (text, pages, collapsed = false) => ({
  text,
  collapsed,
  items: Object.entries(pages).map(([link, title]) => ({ text: title, link: `/${link}` })),
})

export const sidebar = [
  group('Start', {
    'guides/start': 'Which package?',
    'guides/tarballs': 'Not on the registry yet',
  }),
  group('Guides: servers', {
    'guides/express': 'Express',
    'guides/nestjs': 'NestJS',
    'guides/fastify': 'Fastify',
    'guides/next': 'Next',
    'guides/node': 'Node scripts',
    'guides/server': 'REST server',
    'guides/cli': 'Command line',
  }),
  group('Guides: pages', {
    'guides/react': 'React',
    'guides/page': 'Plain page',
    'guides/face-api': 'face-api.js',
  }),
  group('Guides: tasks', {
    'guides/login': 'Login',
    'guides/rate-limits': 'Limit attempts',
    'guides/attendance': 'Attendance',
    'guides/kyc': 'Identity check',
    'guides/kiosk': 'Kiosk',
    'guides/bulk': 'Many images',
    'guides/own-data': 'Your own data',
  }),
  group('Guides: where it runs', {
    'guides/small-install': 'Small installation',
    'guides/bundlers': 'Bundlers and Jest',
    'guides/docker': 'Docker',
    'guides/lambda': 'Lambda',
    'guides/processes': 'Several processes',
    'guides/nginx': 'nginx in front',
  }),
  group('Concepts', {
    'concepts/pad': 'What it can do',
    'concepts/threats': 'Who it stops',
    'concepts/attacks': 'Attacks measured',
    'concepts/error-rates': 'Error rates',
    'concepts/verdict': 'Verdict',
    'concepts/sessions': 'Sessions',
    'concepts/models': 'Models',
    'concepts/privacy': 'Privacy',
  }),
  group('Reference', {
    'api/': 'API',
    'reference/errors': 'Errors and reasons',
    'reference/model-cards': 'Model cards',
    'reference/session-protocol': 'Session protocol',
    'reference/packages': 'Packages and names',
    'reference/security': 'Security',
  }),
  group(
    'Packages',
    Object.fromEntries(
      [
        'core',
        'evaluation',
        'kernels',
        'node',
        'http',
        'express',
        'fastify',
        'nestjs',
        'session',
        'web',
        'react',
        'face-api',
        'client',
        'cli',
        'models',
      ].map((name) => [`packages/${name}`, name]),
    ),
    true,
  ),
  group('Benchmarks', {
    'benchmarks/': 'Overview',
    'benchmarks/performance': 'Performance',
    'benchmarks/reliability': 'Reliability',
    'benchmarks/quality': 'Quality gates',
    'benchmarks/stability': 'Stability',
    'benchmarks/spectrum': 'Spectrum',
    'models/unspoof-pad-1': 'The default model',
  }),
  group(
    'Decisions',
    {
      'decisions/': 'All decisions',
      'decisions/own-kernels': 'Own kernels',
      'decisions/canonical-face': 'Canonical face',
      'decisions/in-process-workers': 'In-process workers',
      'decisions/stores': 'Stores',
      'decisions/error-table': 'Error table',
      'decisions/sessions': 'Sessions',
    },
    true,
  ),
  group(
    'Contributing',
    {
      'contributing/': 'Contributing',
      'contributing/model-or-adapter': 'A model or an adapter',
      'contributing/texture-features': 'Texture features',
      'contributing/quantisation': 'Quantisation',
      'contributing/kernels': 'Kernels',
      'models/training': 'Training',
    },
    true,
  ),
]
