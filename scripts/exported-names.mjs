// @ts-check
/**
 * Counts the names each published package exports: values (what is left at run time) and types, entry point by entry point.
 *
 *     node scripts/exported-names.mjs             a table in Markdown
 *     node scripts/exported-names.mjs --names     also the names of the values
 */
import { join } from 'node:path'
import ts from 'typescript'
import { publishedPackages, ROOT } from './packages.mjs'

const withNames = process.argv.includes('--names')
const packages = await publishedPackages()

/** The source of each entry point, from the condition that only this repository uses. */
const entries = packages.flatMap(({ folder, manifest }) =>
  Object.entries(manifest.exports ?? {}).flatMap(([path, target]) => {
    const source = target?.['@unspoof/source']
    return source === undefined ? [] : [{ name: manifest.name + path.slice(1), file: join(folder, source) }]
  }),
)

const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.base.json'), ts.sys.readFile)
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT)
const program = ts.createProgram({
  rootNames: entries.map(({ file }) => file),
  options: {
    ...options,
    lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts', 'lib.dom.d.ts'],
    jsx: ts.JsxEmit.ReactJSX,
  },
})
const checker = program.getTypeChecker()

/** @param {ts.Symbol} symbol */
function isValue(symbol) {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
  return (target.flags & ts.SymbolFlags.Value) !== 0
}

console.log('| entry point | values | types |\n|---|---|---|')
const lists = []
let values = 0
let types = 0
for (const { name, file } of entries) {
  const source = program.getSourceFile(file)
  const module = source && checker.getSymbolAtLocation(source)
  if (module === undefined) throw new Error(`${file} is not a module.`)
  const symbols = checker.getExportsOfModule(module)
  const own = symbols.filter(isValue).map(({ name }) => name)
  values += own.length
  types += symbols.length - own.length
  console.log(`| \`${name}\` | ${own.length} | ${symbols.length - own.length} |`)
  lists.push(`${name}: ${own.sort().join(', ')}`)
}
console.log(`| all | ${values} | ${types} |`)
if (withNames) console.log(`\n${lists.join('\n\n')}`)
