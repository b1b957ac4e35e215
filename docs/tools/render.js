/** Renders staged pages and the API reference with TypeDoc: one look, one search, links checked in both directions. */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  Application,
  BaseRouter,
  Converter,
  DocumentReflection,
  OptionDefaults,
  PageEvent,
  ProjectReflection,
  Reflection,
  ReflectionKind,
  RendererEvent,
} from 'typedoc'
/** @import { DeclarationReflection, RouterTarget } from 'typedoc' */

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
      const name = entries.get(/** @type {DeclarationReflection} */ (module).sources?.[0]?.fullFileName ?? '')
      if (name !== undefined) module.name = name
    }
  })
  /** @type {Map<string, DeclarationReflection | undefined>} */
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
    const { model } = page
    page.contents = withDiagrams(page.contents ?? '')
    if (!(model instanceof DocumentReflection || model instanceof ProjectReflection)) return
    page.contents = withSymbols(page.contents, (name) => {
      const symbol = symbols.get(name)
      return symbol === undefined ? undefined : app.renderer.router?.relativeUrl(model, symbol)
    })
  })
  const project = await app.convert()
  if (project === undefined) throw new Error('The API reference could not be made; see above.')
  app.validate(project)
  await app.generateOutputs(project)
  if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('The site has errors or warnings; see above.')
}

/** Every entry point of every package, by its source file: what `exports` opens is what the reference shows. @returns {Map<string, string>} */
function publicDoors() {
  const folders = [...readdirSync(resolve(root, 'packages')).map((name) => `packages/${name}`), 'models']
  const doors = folders.flatMap((folder) => {
    /** @type {{ name: string, exports: Record<string, string | Record<string, string>> }} */
    const { name, exports } = JSON.parse(readFileSync(resolve(root, folder, 'package.json'), 'utf8'))
    return Object.entries(exports).flatMap(([path, conditions]) => {
      const source = typeof conditions === 'string' ? undefined : conditions['@unspoof/source']
      /** @type {[file: string, door: string][]} */
      const found = source === undefined ? [] : [[resolve(root, folder, source), `${name}${path.slice(1)}`]]
      return found
    })
  })
  // What core declares is shown at core, and as a re-export elsewhere.
  return new Map(
    doors.sort(([, a], [, b]) => Number(b.startsWith('@unspoof/core')) - Number(a.startsWith('@unspoof/core'))),
  )
}

/** Pages where their frontmatter says, symbols under `api/<package>/`. */
class SiteRouter extends BaseRouter {
  /** @override @param {RouterTarget} target */
  getIdealBaseName(target) {
    if (target instanceof DocumentReflection) return String(target.frontmatter.address)
    const names = []
    /** @type {RouterTarget | undefined} */
    let at = target
    while (at !== undefined && !(at instanceof ProjectReflection)) {
      const isModule = at instanceof Reflection && at.kindOf(ReflectionKind.Module)
      names.unshift(isModule ? at.name.replace('@unspoof/', '').replaceAll('/', '-') : at.name)
      at = at.parent
    }
    return ['api', ...names.map((name) => this.getUrlSafeName(name))].join('/')
  }
}

/** What exactly one package exports under a name, by that name. Lower-case words are left out: they are words of the prose too. @param {ProjectReflection} project */
function symbolsOf(project) {
  /** @type {Map<string, DeclarationReflection | undefined>} */
  const known = new Map()
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    for (const child of /** @type {DeclarationReflection} */ (module).children ?? []) {
      if (child.isReference() || !/[a-z][A-Z]|^[A-Z][A-Z_]{5}/.test(child.name)) continue
      known.set(child.name, known.has(child.name) ? undefined : child)
    }
  }
  return known
}

/** Links `name` and `name()` in prose to the reference. @param {string} html @param {(name: string) => string | undefined} urlOf */
function withSymbols(html, urlOf) {
  return html.replace(/(<a\b[^>]*>)?<code>(\w+)(\(\))?<\/code>/g, (whole, link, name) => {
    const url = link === undefined ? urlOf(name) : undefined
    return url === undefined ? whole : `<a href="${url}">${whole}</a>`
  })
}

/** Puts diagrams into the page itself, where they follow the page's light and dark. @param {string} html */
function withDiagrams(html) {
  return html.replace(/<img src="[^"]*media\/([\w-]+)\.svg" alt="([^"]*)"\s*\/?>/g, (_, name, alt) => {
    const svg = readFileSync(resolve(docs, 'diagrams', `${name}.svg`), 'utf8')
    const plain = svg.replace(/<style>[\s\S]*?<\/style>/, '')
    return plain.replace('<svg ', `<svg class="diagram" role="img" aria-label="${alt}" `)
  })
}
