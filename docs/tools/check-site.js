/** Checks the finished site: every link and file inside it exists, every anchor too, and nothing is loaded from elsewhere. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'

/**
 * @param {string} site the folder
 * @returns {{ pages: number, links: number }} what was checked
 * @throws Error with every dead link
 */
export function checkSite(site) {
  const files = readdirSync(site, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'))
  const ids = new Map(files.map((file) => [resolve(site, file), idsOf(readFileSync(resolve(site, file), 'utf8'))]))
  const dead = []
  let links = 0
  for (const file of files) {
    const page = resolve(site, file)
    const html = readFileSync(page, 'utf8')
    for (const [, tag, attribute, raw] of html.matchAll(/<(\w+)\b[^>]*?\s(href|src)="([^"]*)"/g)) {
      const link = (raw ?? '').replaceAll('&amp;', '&')
      if (/^(https?:|mailto:|data:)/.test(link)) {
        if (tag !== 'a') dead.push(`${file}: <${tag} ${attribute}="${link}"> is loaded from elsewhere`)
        continue
      }
      links++
      const [path = '', anchor] = link.split('#')
      const target = path === '' ? page : resolve(dirname(page), decodeURIComponent(path.replace(/\?.*/, '')))
      if (!existsSync(target) || relative(site, target).startsWith('..')) dead.push(`${file}: ${link}`)
      else if (anchor && ids.get(target)?.has(decodeURIComponent(anchor)) === false)
        dead.push(`${file}: ${link} (no such anchor)`)
    }
  }
  if (files.length === 0) throw new Error(`No pages in ${site}.`)
  if (dead.length > 0) throw new Error(`Dead links:\n${[...new Set(dead)].join('\n')}`)
  return { pages: files.length, links }
}

/** @param {string} html */
function idsOf(html) {
  return new Set([...html.matchAll(/\s(?:id|name)="([^"]+)"/g)].map(([, id]) => id))
}
