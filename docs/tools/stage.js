/** Copies the pages to where TypeDoc reads them, with includes put in and with links that leave the site made absolute. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { includes } from './includes.js'
import { front, pages } from './pages.js'
import { docs, repository, root, staged } from './paths.js'

/** @returns {string[]} the staged pages, in order, without the front page */
export function stagePages() {
  rmSync(staged, { recursive: true, force: true })
  /** @type {Set<string>} */
  const known = new Set([front, ...Object.values(pages).flatMap((list) => list.map(([file]) => file))])
  /** @param {string} file @param {Record<string, string>} frontmatter */
  const stageOne = (file, frontmatter) => {
    const text = toPage(readFileSync(resolve(root, file), 'utf8'), file, known)
    const [, title] = /^# (.+)$/m.exec(text) ?? []
    if (title === undefined) throw new Error(`${file} has no title: its first line should be "# ...".`)
    const head = Object.entries({ title: JSON.stringify(title.replaceAll('`', '')), ...frontmatter })
    const out = resolve(staged, file)
    mkdirSync(dirname(out), { recursive: true })
    writeFileSync(out, `---\n${head.map(([key, value]) => `${key}: ${value}`).join('\n')}\n---\n\n${text}`)
    return out
  }
  cpSync(resolve(docs, 'diagrams'), resolve(staged, 'docs/diagrams'), { recursive: true })
  stageOne(front, {})
  return Object.entries(pages).flatMap(([group, list]) =>
    list.map(([file, address]) => stageOne(file, { group, address })),
  )
}

/**
 * @param {string} text
 * @param {string} file from the root of the repository
 * @param {Set<string>} known every page of the site
 * @returns {string}
 * @throws Error for an include that nobody makes and a link to nothing
 */
export function toPage(text, file, known) {
  const included = text.replace(/^<!-- include: ([\w-]+) -->$/gm, (_, name) => {
    const make = includes[name]
    if (make === undefined) throw new Error(`${file} includes "${name}", which is none of ${Object.keys(includes)}.`)
    return make(relative(dirname(resolve(root, file)), root) || '.')
  })
  // Code keeps its brackets.
  return outsideCode(included, (prose) =>
    prose.replace(/\]\(([^)\s]+)\)/g, (_, link) => `](${toLink(link, file, known)})`),
  )
}

/** @param {string} text @param {(prose: string) => string} change */
function outsideCode(text, change) {
  return text
    .split(/(^ *```[\s\S]*?^ *```$|`[^`\n]*`)/m)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join('')
}

/** A link to a page of the site stays, a folder becomes its README where that is a page, and everything else is a file of the repository.
 * @param {string} link @param {string} file @param {Set<string>} known */
function toLink(link, file, known) {
  if (/^(#|https?:|mailto:)/.test(link)) return link
  const [path = '', anchor] = link.split('#')
  const target = relative(root, resolve(root, dirname(file), path))
  if (!existsSync(resolve(root, target))) throw new Error(`${file} links to ${link}, which does not exist.`)
  const suffix = anchor === undefined ? '' : `#${anchor}`
  const folder = statSync(resolve(root, target)).isDirectory()
  for (const page of [target, `${target}/README.md`]) {
    if (known.has(page)) return `${relative(dirname(file), page)}${suffix}`
  }
  if (target.startsWith('docs/diagrams/')) return link
  return `${repository}/${folder ? 'tree' : 'blob'}/main/${target}${suffix}`
}
