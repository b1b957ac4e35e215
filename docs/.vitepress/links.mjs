// @ts-check
/**
 * Pages link to files of the repository, so that links work on GitHub, too. VitePress knows only links between its own
 * pages and does not follow its `rewrites`. So this plugin turns a link to a page into its address on the site, and any
 * other link into one to GitHub.
 */
import { existsSync, statSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { addressOf, REPOSITORY, ROOT } from './paths.mjs'

const NO_PAGES = /^(README\.md|AGENTS\.md|CODE_OF_CONDUCT\.md|(\.changeset|\.github|e2e|examples|scripts)\/)/

/** @param {import('vitepress').MarkdownRenderer} md */
export function withRepositoryLinks(md) {
  md.core.ruler.after('inline', 'repository-links', ({ tokens, env }) => {
    const page = relative(ROOT, env.realPath ?? env.path)
    if (page.startsWith('docs/api/')) return
    for (const { children } of tokens) {
      for (const token of children ?? []) {
        const href = token.type === 'link_open' ? token.attrGet('href') : null
        if (href !== null) token.attrSet('href', siteLink(href, page))
      }
    }
  })
}

/**
 * @param {string} href
 * @param {string} page the file that has the link, from the root of the repository
 * @throws Error if a relative link leads to nothing
 */
export function siteLink(href, page) {
  if (/^([a-z][a-z+.-]*:|#|\/)/i.test(href)) return href
  const [path = '', anchor] = href.split('#')
  let target = relative(ROOT, resolve(ROOT, dirname(page), decodeURI(path)))
  // The API reference is made by `npm run docs`.
  if (target.startsWith('docs/api')) return `/${target.slice('docs/'.length)}${anchor ? `#${anchor}` : ''}`
  if (!existsSync(resolve(ROOT, target))) throw new Error(`${page}: no such file: ${href}`)
  if (existsSync(resolve(ROOT, target, 'README.md'))) target = `${target}/README.md`
  const isFolder = statSync(resolve(ROOT, target)).isDirectory()
  const suffix = anchor ? `#${anchor}` : ''
  if (target.endsWith('.md') && !NO_PAGES.test(target)) return `/${addressOf(target)}${suffix}`
  return `${REPOSITORY}/${isFolder ? 'tree' : 'blob'}/main/${target}${suffix}`
}
