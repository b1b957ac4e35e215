/** Renders staged pages and the API reference with TypeDoc: one look, one search, links checked in both directions. */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Application, BaseRouter, Converter, OptionDefaults, PageEvent, ReflectionKind, RendererEvent } from 'typedoc'
import { front } from './pages.js'
import { docs, repository, root, site, staged } from './paths.js'

const LANGUAGES = ['ts', 'tsx', 'js', 'jsx', 'json', 'sh', 'ini', 'html']

/** @param {string[]} documents staged Markdown files, in the order of the navigation */
export async function renderSite(documents) {
  const entries = publicDoors()
  const app = await Application.bootstrap({
    name: 'unspoof',
    entryPoints: [...entries.keys()],
    tsconfig: resolve(docs, 'tsconfig.json'),
    basePath: root,
    readme: resolve(staged, front),
    projectDocuments: documents,
    out: site,
    router: 'site',
    // Git's remote need not be there: links to the source are made from the path.
    disableGit: true,
    sourceLinkTemplate: `${repository}/blob/main/{path}#L{line}`,
    // Types generated from the server's OpenAPI document have these.
    blockTags: [...OptionDefaults.blockTags, '@description', '@constant'],
    excludePrivate: true,
    excludeInternal: true,
    excludeExternals: true,
    sort: ['kind', 'alphabetical-ignoring-documents'],
    groupOrder: ['Guides', 'Concepts', 'Recipes', 'Reference', 'Packages', 'Measured', 'Project', 'API', '*'],
    navigation: { includeGroups: true, includeCategories: false, includeFolders: false },
    categorizeByGroup: false,
    navigationLinks: { GitHub: repository },
    headings: { readme: false, document: false },
    searchInDocuments: true,
    searchInComments: true,
    searchGroupBoosts: { Guides: 6, Concepts: 6, Recipes: 6, Reference: 6, Packages: 3, Measured: 3, Project: 3 },
    visibilityFilters: {},
    hideGenerator: true,
    githubPages: false,
    includeVersion: false,
    favicon: resolve(docs, 'theme/favicon.svg'),
    customCss: resolve(docs, 'theme/site.css'),
    highlightLanguages: LANGUAGES,
    lightHighlightTheme: 'github-light',
    darkHighlightTheme: 'github-dark',
    validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: false },
    treatWarningsAsErrors: true,
    locales: { en: { kind_plural_module: 'API' } },
  })
  app.renderer.defineRouter('site', SiteRouter)
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
      const name = entries.get(module.sources?.[0]?.fullFileName)
      if (name !== undefined) module.name = name
    }
  })
  const symbols = new Map()
  app.renderer.on(RendererEvent.BEGIN, ({ project }) => {
    for (const [name, symbol] of symbolsOf(project)) symbols.set(name, symbol)
  })
  let warm = false
  app.renderer.on(PageEvent.BEGIN, () => {
    if (warm) return
    warm = true
    // The first use of a grammar compiles it, and a line that takes longer than half a second keeps one colour.
    for (const language of LANGUAGES) app.renderer.markedPlugin.getHighlighted('import { a } from "b"\n', language)
  })
  app.renderer.on(PageEvent.END, (page) => {
    page.contents = withDiagrams(page.contents)
    if (!page.model.isDocument() && !page.model.isProject()) return
    page.contents = withSymbols(page.contents, (name) => {
      const symbol = symbols.get(name)
      return symbol === undefined ? undefined : app.renderer.router.relativeUrl(page.model, symbol)
    })
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('The API reference could not be made; see above.')
  app.validate(project)
  await app.generateOutputs(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('The site has errors or warnings; see above.')
}

/** Every entry point of every package, by its source file: what `exports` opens is what the reference shows. */
function publicDoors() {
  const folders = [...readdirSync(resolve(root, 'packages')).map((name) => `packages/${name}`), 'models']
  const doors = folders.flatMap((folder) => {
    const { name, exports } = JSON.parse(readFileSync(resolve(root, folder, 'package.json'), 'utf8'))
    return Object.entries(exports).flatMap(([path, conditions]) => {
      const source = conditions['@unspoof/source']
      return source === undefined ? [] : [[resolve(root, folder, source), `${name}${path.slice(1)}`]]
    })
  })
  // What core declares is shown at core, and as a re-export elsewhere.
  return new Map(
    doors.sort(([, a], [, b]) => Number(b.startsWith('@unspoof/core')) - Number(a.startsWith('@unspoof/core'))),
  )
}

/** Pages where their frontmatter says, symbols under `api/<package>/`. */
class SiteRouter extends BaseRouter {
  getIdealBaseName(target) {
    if (target.isDocument?.()) return String(target.frontmatter.address)
    const names = []
    for (let at = target; at !== undefined && !at.isProject?.(); at = at.parent) {
      names.unshift(at.kindOf(ReflectionKind.Module) ? at.name.replace('@unspoof/', '').replaceAll('/', '-') : at.name)
    }
    return ['api', ...names.map((name) => this.getUrlSafeName(name))].join('/')
  }
}

/** What exactly one package exports under a name, by that name. Lower-case words are left out: they are words of the prose too. */
function symbolsOf(project) {
  const known = new Map()
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    for (const child of module.children ?? []) {
      if (child.isReference() || !/[a-z][A-Z]|^[A-Z][A-Z_]{5}/.test(child.name)) continue
      known.set(child.name, known.has(child.name) ? undefined : child)
    }
  }
  return known
}

/** Links `name` and `name()` in prose to the reference. */
function withSymbols(html, urlOf) {
  return html.replace(/(<a\b[^>]*>)?<code>(\w+)(\(\))?<\/code>/g, (whole, link, name) => {
    const url = link === undefined ? urlOf(name) : undefined
    return url === undefined ? whole : `<a href="${url}">${whole}</a>`
  })
}

/** Puts diagrams into the page itself, where they follow the page's light and dark. */
function withDiagrams(html) {
  return html.replace(/<img src="[^"]*media\/([\w-]+)\.svg" alt="([^"]*)"\s*\/?>/g, (_, name, alt) => {
    const svg = readFileSync(resolve(docs, 'diagrams', `${name}.svg`), 'utf8')
    const plain = svg.replace(/<style>[\s\S]*?<\/style>/, '')
    return plain.replace('<svg ', `<svg class="diagram" role="img" aria-label="${alt}" `)
  })
}
