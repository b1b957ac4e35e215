// @ts-check
/** Writes the API reference to docs/api as Markdown, one module for each entry point of each published package. */
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Application, Converter, OptionDefaults, ReflectionKind } from 'typedoc'
import { REPOSITORY, ROOT } from './.vitepress/paths.mjs'

const entries = entryPoints()
/** @type {import('typedoc').TypeDocOptions & Record<string, unknown>} With the options of the plugins. */
const options = {
  plugin: ['typedoc-plugin-markdown', 'typedoc-vitepress-theme'],
  name: 'API',
  entryPoints: [...entries.keys()],
  tsconfig: resolve(ROOT, 'docs/tsconfig.json'),
  basePath: ROOT,
  readme: 'none',
  out: resolve(ROOT, 'docs/api'),
  disableGit: true,
  sourceLinkTemplate: `${REPOSITORY}/blob/main/{path}#L{line}`,
  blockTags: [
    ...OptionDefaults.blockTags,
    // The types that are generated from the server's OpenAPI document have these.
    '@description',
    '@constant',
    // The custom element has these, for its Custom Elements Manifest.
    '@tagname',
    '@attr',
    '@fires',
    '@slot',
    '@csspart',
    '@cssprop',
  ],
  excludePrivate: true,
  excludeInternal: true,
  excludeExternals: true,
  // One page for each module: 25 pages instead of 700.
  outputFileStrategy: 'modules',
  hideBreadcrumbs: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  useCodeBlocks: true,
  // A link to nothing in a doc comment fails the build.
  validation: { notExported: false, invalidLink: true, invalidPath: true, notDocumented: false },
  treatWarningsAsErrors: true,
}
const app = await Application.bootstrapWithPlugins(options)
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    const { sources } = /** @type {import('typedoc').DeclarationReflection} */ (module)
    const name = entries.get(sources?.[0]?.fullFileName ?? '')
    if (name !== undefined) module.name = name.replace('@unspoof/', '')
  }
})
const project = await app.convert()
if (project === undefined) throw new Error('TypeDoc found errors, see above.')
app.validate(project)
await app.generateOutputs(project)
if (app.logger.hasErrors() || app.logger.hasWarnings()) throw new Error('TypeDoc found errors, see above.')

/**
 * The source of every entry point and the name it is imported by. What core declares is shown at core, so core is first.
 * @returns {Map<string, string>}
 */
function entryPoints() {
  const folders = [
    'packages/core',
    ...readdirSync(resolve(ROOT, 'packages')).map((name) => `packages/${name}`),
    'models',
  ]
  /** @type {Map<string, string>} */
  const found = new Map()
  for (const folder of folders) {
    const {
      name,
      exports,
      private: isPrivate,
    } = JSON.parse(readFileSync(resolve(ROOT, folder, 'package.json'), 'utf8'))
    if (isPrivate) continue
    for (const [path, conditions] of Object.entries(exports)) {
      const source = conditions['@unspoof/source']
      if (source !== undefined) found.set(resolve(ROOT, folder, source), `${name}${path.slice(1)}`)
    }
  }
  return found
}
