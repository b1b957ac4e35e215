import { defineConfig, type UserConfig } from 'tsdown'

/** Which module formats a package is published in. CJS only where the README's table says so. */
export interface LibraryOptions {
  readonly entry: string[]
  readonly cjs: boolean
  readonly platform?: 'node' | 'browser' | 'neutral'
}

/** One build for every package: unminified ESM (and CJS), with types made from the source. */
export function library(options: LibraryOptions): UserConfig {
  return defineConfig({
    entry: options.entry,
    format: options.cjs ? ['esm', 'cjs'] : ['esm'],
    platform: options.platform ?? 'node',
    target: 'es2023',
    dts: true,
    sourcemap: false,
    clean: true,
    fixedExtension: false,
    // CommonJS loads its optional libraries with require(): Jest has no import() there.
    outputOptions: { dynamicImportInCjs: false },
    outExtensions: ({ format }) => (format === 'cjs' ? { js: '.cjs', dts: '.d.cts' } : { js: '.js', dts: '.d.ts' }),
  }) as UserConfig
}
