/** `unspoof copy-assets`: worker, wasm and models for a web page, by the copier of @unspoof/web. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { isLivenessError, LivenessError } from '@unspoof/core'
import type { Arguments, Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import type { Terminal } from '../terminal/terminal.ts'

/** The part of @unspoof/web/assets that is used here. */
interface WebAssets {
  copyAssets(
    folder: string,
    options: {
      detectors?: readonly string[]
      models?: readonly string[]
      modelFolders?: readonly string[]
      runtime?: string
    },
  ): Promise<{
    readonly files: readonly { readonly path: string; readonly bytes: number }[]
    readonly runtime: string
    readonly runtimeReason: string
    readonly integrity: string
  }>
}

export const copyAssetsCommand: Command = {
  name: 'copy-assets',
  summary: 'Copies what @unspoof/web loads in a page (worker, wasm, models) into a folder.',
  usage: ['copy-assets FOLDER           (such as public/unspoof)'],
  options: {
    model: {
      type: 'string',
      short: 'm',
      value: 'ID',
      multiple: true,
      help: 'A bundled model. Default: the default one.',
    },
    'model-folder': {
      type: 'string',
      value: 'FOLDER',
      multiple: true,
      help: 'A folder with the card.json and weights of a model of your own.',
    },
    detector: {
      type: 'string',
      value: 'ID',
      multiple: true,
      help: 'A bundled face detector. Default: the short-range one.',
    },
    runtime: {
      type: 'string',
      value: 'NAME',
      help: 'kernels (small and fast), onnxruntime (runs every ONNX file). Default: the kernels where they run the models.',
    },
    help: { type: 'boolean', short: 'h', help: 'Shows this page.' },
  },
  notes: [
    'Needs @unspoof/web in the project: its version and the assets belong together. Run it again after each update.',
  ],
  examples: ['unspoof copy-assets public/unspoof'],
  run,
}

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [folder, ...rest] = args.positionals
  if (folder === undefined || rest.length > 0) {
    throw new LivenessError('OPTION_INVALID', 'Expected a folder: unspoof copy-assets public/unspoof')
  }
  const { copyAssets } = await loadWebAssets(process.cwd())
  const list = (name: string) => {
    const values = args.list(name)
    return values.length === 0 ? undefined : values
  }
  const runtime = args.text('runtime')
  const copied = await copyAssets(folder, {
    detectors: list('detector'),
    models: list('model'),
    modelFolders: list('model-folder'),
    ...(runtime !== undefined && { runtime }),
  })
  const { files, integrity } = copied
  for (const file of files) terminal.print(`${path.join(folder, file.path)}  ${Math.ceil(file.bytes / 1024)} KiB`)
  terminal.print(`runtime: ${copied.runtime}. ${copied.runtimeReason}`)
  terminal.print(`integrity: '${integrity}'`)
  return EXIT.OK
}

/**
 * The project's own @unspoof/web, wherever this tool is installed (npx keeps it elsewhere); else the one beside this tool.
 * Read from its exports by hand: Node 20 resolves ESM only from the importing file.
 */
async function loadWebAssets(project: string): Promise<WebAssets> {
  for (const from of [path.join(project, 'package.json'), import.meta.url]) {
    try {
      const manifestPath = createRequire(from).resolve('@unspoof/web/package.json')
      const manifest = JSON.parse(await readFile(manifestPath, 'utf8')) as {
        exports: { './assets': { default: string } }
      }
      const entry = path.join(path.dirname(manifestPath), manifest.exports['./assets'].default)
      return (await import(pathToFileURL(entry).href)) as WebAssets
    } catch (error) {
      if (isLivenessError(error)) throw error
    }
  }
  throw new LivenessError('RUNTIME_MISSING', 'copy-assets needs @unspoof/web in this project.', {
    hint: 'Install it: npm install @unspoof/web',
  })
}
