import { defineConfig } from 'tsdown'
import { library } from '../../tsdown.base.ts'
import { withoutHints } from './build-worker.ts'

/** A file that pages load as it is: no bundler, so everything is inside, and small. */
function standalone(name: string, entry: string) {
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
    inputOptions: { resolve: { conditionNames: ['import', 'module', 'browser', 'default'] } },
  })
}

export default [
  { ...library({ entry: ['src/index.ts'], cjs: false, platform: 'browser' }), clean: true },
  {
    ...library({ entry: ['src/node/index.ts', 'src/node/vite.ts'], cjs: false, platform: 'node' }),
    clean: false,
    outDir: 'dist/node',
  },
  { ...standalone('worker', 'src/worker/main.ts'), plugins: [withoutHints()] },
  standalone('unspoof', 'src/index.ts'),
]
