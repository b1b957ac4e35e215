import { defineConfig, type Rolldown } from 'tsdown'
import { library } from '../../tsdown.base.ts'
import { nothingOutside, styles, withoutHints } from './build-plugins.ts'

/** A file that pages load as it is: no bundler, so everything is inside, and small. */
function standalone(name: string, entry: string, plugins: Rolldown.Plugin[] = []) {
  return defineConfig({
    entry: { [name]: entry },
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    dts: false,
    minify: true,
    clean: false,
    fixedExtension: false,
    deps: { alwaysBundle: [/./], onlyBundle: false },
    outExtensions: () => ({ js: '.js' }),
    outputOptions: { chunkFileNames: 'unspoof-[name].js' },
    plugins: [nothingOutside(), ...plugins],
    inputOptions: { resolve: { conditionNames: ['import', 'module', 'browser', 'default'] } },
  })
}

export default [
  {
    ...library({
      entry: ['src/index.ts', 'src/element/index.ts', 'src/strings/index.ts', 'src/ui/index.ts'],
      cjs: false,
      platform: 'browser',
    }),
    clean: true,
    plugins: [styles()],
  },
  {
    ...library({
      entry: ['src/node/index.ts', 'src/node/vite.ts', 'src/node/assets-command.ts'],
      cjs: false,
      platform: 'node',
    }),
    clean: false,
    outDir: 'dist/node',
  },
  standalone('worker', 'src/worker/main.ts', [withoutHints()]),
  standalone('worker-onnxruntime', 'src/worker/main-onnxruntime.ts', [withoutHints()]),
  standalone('unspoof', 'src/index.ts'),
  standalone('unspoof-element', 'src/element/index.ts'),
]
