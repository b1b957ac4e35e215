/** Type-checks TypeScript and JavaScript snippets in one program, on the sources of the packages. */
import { dirname, resolve } from 'node:path'
import ts from 'typescript'
import { root, type Snippet } from './extract.ts'

const LANGUAGES: Readonly<Record<string, string>> = { ts: '.ts', tsx: '.tsx', js: '.js', jsx: '.jsx' }

/** What only `strict` reports: JavaScript cannot annotate a parameter, and need not doubt that an element of its own page is there. */
const ONLY_STRICT = new Set([7005, 7006, 7016, 7031, 7034, 2531, 2532, 18046, 18047, 18048])
const ONLY_NULLS = /(null|undefined)' is not assignable/

export function isTyped({ language }: Snippet): boolean {
  return Object.hasOwn(LANGUAGES, language)
}

/** Where `unspoof copy-assets` puts the whole package as one module, for pages without a bundler. */
const COPIED = 'unspoof/unspoof'

/** Files of the disk, for the next call. */
const parsed = new Map<string, ts.SourceFile | undefined>()

/** @returns one line a mistake: `file:line: message` */
export function typeErrors(snippets: readonly Snippet[]): string[] {
  const files = new Map<string, { readonly snippet: Snippet; readonly text: string; readonly offset: number }>()
  const givens = new Map([[resolve(root, `${COPIED}.d.ts`), "export * from '@unspoof/web'\n"]])
  for (const [i, snippet] of snippets.entries()) {
    // In the root, so that imports resolve as they do for an application with all packages; the files are never written.
    const path = resolve(root, `snippet-${i}${LANGUAGES[snippet.language]}`)
    const given = givenLines(snippet, i)
    givens.set(
      resolve(root, `given-${i}.d.ts`),
      `${snippet.given.replace(/^declare (?!global)/gm, 'export declare ')}\n`,
    )
    files.set(path, { snippet, text: `${given}${snippet.code}\nexport {}\n`, offset: given.split('\n').length - 1 })
  }
  const textOf = (path: string) => files.get(path)?.text ?? givens.get(path)
  const options = compilerOptions()
  const host = ts.createCompilerHost(options)
  const { directoryExists, fileExists, readFile, getSourceFile } = host
  host.directoryExists = (path) => path === dirname(resolve(root, COPIED)) || directoryExists!(path)
  host.fileExists = (path) => textOf(path) !== undefined || fileExists(path)
  host.readFile = (path) => textOf(path) ?? readFile(path)
  host.getSourceFile = (path, version, ...rest) => {
    const text = textOf(path)
    if (text !== undefined) return ts.createSourceFile(path, text, version, true)
    if (!parsed.has(path)) parsed.set(path, getSourceFile(path, version, ...rest))
    return parsed.get(path)
  }
  const program = ts.createProgram({ rootNames: [...files.keys()], options, host })
  return [...files].flatMap(([path, { snippet, offset }]) => {
    const source = program.getSourceFile(path)!
    const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)]
    return found.flatMap(({ code, messageText, start = 0 }) => {
      const { line } = source.getLineAndCharacterOfPosition(start)
      const message = ts.flattenDiagnosticMessageText(messageText, ' ')
      if (snippet.language.startsWith('js') && (ONLY_STRICT.has(code) || ONLY_NULLS.test(message))) return []
      return [`${snippet.file}:${snippet.line + line - offset}: ${message} (TS${code})`]
    })
  })
}

/** What stands before the code. JavaScript has no `declare`: there the names are imported from a declaration file. */
function givenLines({ given, language }: Snippet, index: number): string {
  if (given === '') return ''
  if (language.startsWith('ts')) return `${given}\n`
  const imports = given.split('\n').filter((line) => line.startsWith('import '))
  const names = [...given.matchAll(/^declare (?:const|let|function) (\w+)/gm)].map(([, name]) => name)
  return [...imports, `import { ${names.join(', ')} } from './given-${index}.js'`, ''].join('\n')
}

function compilerOptions(): ts.CompilerOptions {
  const path = resolve(root, 'tsconfig.base.json')
  const { config } = ts.readConfigFile(path, ts.sys.readFile)
  const own = {
    lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    jsx: 'react-jsx',
    experimentalDecorators: true,
    resolveJsonModule: true,
    allowJs: true,
    checkJs: true,
    declaration: false,
    noImplicitOverride: false,
  }
  const merged = { ...config.compilerOptions, ...own }
  return ts.convertCompilerOptionsFromJson(merged, dirname(path)).options
}
