// @ts-check
import { existsSync, readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'
import { withIncludes } from './includes.mjs'
import { withRepositoryLinks } from './links.mjs'
import { addressOf, REPOSITORY, ROOT } from './paths.mjs'
import { sidebar } from './sidebar.mjs'

const api = new URL('../api/typedoc-sidebar.json', import.meta.url)

export default defineConfig({
  title: 'unspoof',
  description: 'Face liveness for Node and the browser',
  // READMEs of packages are pages, too. So pages are read from the root of the repository.
  srcDir: '..',
  srcExclude: [
    'README.md',
    'AGENTS.md',
    'CODE_OF_CONDUCT.md',
    '**/CHANGELOG.md',
    '{.changeset,.github,e2e,examples,fixtures,scripts,sbom}/**',
    '{packages/*,models}/{dist,src,test}/**',
  ],
  outDir: 'site',
  cacheDir: '.vitepress/cache',
  rewrites: addressOf,
  cleanUrls: true,
  ignoreDeadLinks: 'localhostLinks',
  head: [['link', { rel: 'icon', href: '/favicon.svg' }]],
  markdown: {
    config(md) {
      withIncludes(md)
      withRepositoryLinks(md)
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Guides', link: '/guides/start' },
      { text: 'Concepts', link: '/concepts/pad' },
      { text: 'Reference', link: '/reference/errors' },
      { text: 'API', link: '/api/' },
      { text: 'Benchmarks', link: '/benchmarks/' },
    ],
    sidebar: {
      '/': sidebar,
      '/api/': existsSync(api) ? JSON.parse(readFileSync(api, 'utf8')) : [],
    },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
    editLink: { pattern: `${REPOSITORY}/edit/main/:path` },
  },
  vite: { publicDir: `${ROOT}docs/public` },
})
