/**
 * Compiles the kernel and writes it into the source as text, so that nothing has to find a file when it runs.
 *
 *     node packages/node/assembly/compile.mjs [--print]
 */
import { writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import asc from 'assemblyscript/asc'

const SOURCE = fileURLToPath(new URL('area.ts', import.meta.url))
const TARGET = new URL('../src/image/area-wasm.ts', import.meta.url)
const OPTIONS = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--outFile', 'area.wasm']

let wasm
const { error, stderr } = await asc.main([SOURCE, ...OPTIONS], {
  writeFile: (_name, contents) => {
    wasm = contents
  },
})
if (error !== null) throw new Error(stderr.toString(), { cause: error })
const base64 = Buffer.from(wasm).toString('base64')
const text = `/** Written by assembly/compile.mjs from assembly/area.ts. */\nexport const AREA_WASM =\n  '${base64}'\n`
if (process.argv.includes('--print')) console.log(text.trimEnd())
else await writeFile(TARGET, text)
