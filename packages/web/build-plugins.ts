import { PAGE_STYLES } from './src/ui/styles.ts'

/** What the builds of the files do that pages load as they are. */

/**
 * Empties the hints in the core's table of errors: the page has the same table and shows its own hint where the worker's
 * is empty. Saves a page 1.3 KB of its first 25.
 */
export function withoutHints() {
  return {
    name: 'unspoof:without-hints',
    transform(code: string, id: string): string | undefined {
      if (!id.includes('core') || !code.includes('OPTION_INVALID: info(')) return undefined
      return code.replace(/info\(\s*(\d+),\s*(['"])(?:(?!\2).)*\2/g, "info($1, ''")
    },
  }
}

/** Writes `styles.css`, for pages made on a server: their words have a look before any script runs. */
export function styles() {
  return {
    name: 'unspoof:styles',
    generateBundle(this: { emitFile(file: { type: 'asset'; fileName: string; source: string }): void }): void {
      this.emitFile({ type: 'asset', fileName: 'styles.css', source: PAGE_STYLES })
      this.emitFile({ type: 'asset', fileName: 'styles.css.d.ts', source: 'export {}\n' })
    },
  }
}

/** Fails where something is left outside: a page cannot resolve it, and the build would pass with no more than a warning. */
export function nothingOutside() {
  return {
    name: 'unspoof:nothing-outside',
    generateBundle(
      _: unknown,
      bundle: Record<string, { readonly type: string; readonly imports?: readonly string[] }>,
    ): void {
      for (const [name, { imports = [] }] of Object.entries(bundle)) {
        const outside = imports.filter((file) => !Object.hasOwn(bundle, file))
        if (outside.length > 0)
          throw new Error(`${name} would import ${outside.join(', ')}: build those packages first.`)
      }
    },
  }
}
