// @ts-check
/**
 * Fails where a link in a Markdown file of the repository, or of the folder given, leads to a file or a heading that is not
 * there. Links to this repository on GitHub count as links to its files; other sites are not asked.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { ROOT } from './packages.mjs'

const OURS = /^https:\/\/github\.com\/unspoof\/unspoof\/(?:blob|tree)\/main\//
const SKIPPED = /^(?:\.|node_modules$|dist$|site$|sbom$|coverage$)/

const folder = resolve(process.argv[2] ?? ROOT)
const files = await markdownIn(folder)
if (files.length === 0) throw new Error(`Found no Markdown in ${folder}.`)
let looked = 0
for (const file of files) {
  for (const { line, target } of linksIn(await readFile(file, 'utf8'))) {
    const ours = OURS.test(target)
    if (!ours && /^[a-z][a-z+.-]*:/i.test(target)) continue
    looked++
    const [path = '', heading] = decodeURI(target.replace(OURS, '').replace(/\?.*?(?=#|$)/, '')).split('#')
    const destination =
      path === '' && !ours ? file : resolve(ours || path.startsWith('/') ? ROOT : dirname(file), `./${path}`)
    const problem = await problemWith(destination, heading)
    if (problem === null) continue
    console.error(`${relative(process.cwd(), file)}:${line}: ${target}: ${problem}`)
    process.exitCode = 1
  }
}
console.log(`links: looked at ${looked} in ${files.length} files.`)

/**
 * @param {string} destination
 * @param {string | undefined} heading
 */
async function problemWith(destination, heading) {
  if (!existsSync(destination)) return 'no such file'
  // Lines of code (#L12) move; headings of other kinds of files are not known.
  if (!heading || !destination.endsWith('.md') || (await stat(destination)).isDirectory()) return null
  return headingsOf(await readFile(destination, 'utf8')).has(heading) ? null : 'no such heading'
}

/**
 * @param {string} parent
 * @returns {Promise<string[]>}
 */
async function markdownIn(parent) {
  const found = []
  for (const entry of await readdir(parent, { withFileTypes: true })) {
    const path = join(parent, entry.name)
    if (SKIPPED.test(entry.name)) continue
    if (entry.isDirectory()) found.push(...(await markdownIn(path)))
    else if (entry.name.endsWith('.md')) found.push(path)
  }
  return found
}

/**
 * The text without code, of the same number of lines.
 * @param {string} markdown
 */
function withoutCode(markdown) {
  const blank = (/** @type {string} */ code) => code.replace(/[^\n]+/g, '')
  return markdown.replace(/^( *)(`{3,}|~{3,})[^\n]*\n[\s\S]*?^ *\2[^\n]*$/gm, blank).replace(/<!--[\s\S]*?-->/g, blank)
}

/** @param {string} markdown */
function linksIn(markdown) {
  const found = []
  for (const [index, text] of withoutCode(markdown)
    .replace(/(`+)[^`\n]+\1/g, '`code`')
    .split('\n')
    .entries()) {
    const inline = text.matchAll(/\]\(\s*<?([^)\s>]+)>?(?:\s+["'][^)]*)?\)/g)
    const definitions = text.matchAll(/^\s{0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s|$)/g)
    const html = text.matchAll(/\b(?:href|src)="([^"]+)"/g)
    for (const match of [...inline, ...definitions, ...html]) found.push({ line: index + 1, target: match[1] ?? '' })
  }
  return found
}

/**
 * The names GitHub gives to headings, and those set by hand.
 * @param {string} markdown
 */
function headingsOf(markdown) {
  const text = withoutCode(markdown)
  /** @type {Set<string>} */
  const names = new Set()
  for (const [, title = ''] of text.matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const plain = title.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1').replace(/<[^>]+>/g, '')
    const name = plain
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
      .replace(/\s/g, '-')
    let free = name
    for (let n = 1; names.has(free); n++) free = `${name}-${n}`
    names.add(free)
  }
  for (const [, id = ''] of text.matchAll(/\b(?:id|name)="([^"]+)"/g)) names.add(id)
  return names
}
