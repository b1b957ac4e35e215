/** The test page with one React: `/react-18/` and `/react-19/`. */
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const MODULES = {
  19: fileURLToPath(new URL('../../../node_modules/', import.meta.url)),
  18: fileURLToPath(new URL('../../../examples/react-headless/node_modules/', import.meta.url)),
}

export async function pageFiles(version: keyof typeof MODULES | '18' | '19'): Promise<Record<string, string>> {
  return {
    [`/react-${version}/`]: `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width"><title>test</title><div id="root"></div><script type="module" src="/react-${version}.js"></script>`,
    [`/react-${version}.js`]: await bundle(MODULES[version]),
  }
}

async function bundle(modules: string): Promise<string> {
  const build = await rolldown({
    input: fileURLToPath(new URL('app.tsx', import.meta.url)),
    platform: 'browser',
    transform: { jsx: { runtime: 'automatic' }, define: { 'process.env.NODE_ENV': '"development"' } },
    resolve: {
      conditionNames: ['@unspoof/source', 'import', 'module', 'browser', 'default'],
      alias: { react: `${modules}react`, 'react-dom': `${modules}react-dom` },
    },
    onLog: () => undefined,
  })
  const { output } = await build.generate({ format: 'esm' })
  await build.close()
  return output[0].code
}
