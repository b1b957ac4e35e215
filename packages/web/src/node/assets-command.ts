/** `unspoof-assets FOLDER`: copyAssets() for a shell, without the command line tool, which brings what only a server needs. */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { LivenessError, toLivenessError } from '@unspoof/core'
import { type CopyAssetsOptions, copyAssets } from './copy-assets.ts'

const USAGE = `unspoof-assets FOLDER   (such as public/unspoof)

Copies what @unspoof/web loads in a page: worker, WebAssembly and models. Run it again after each update.

  --model ID              A bundled model; may be repeated.
  --model-folder FOLDER   A folder with the card.json and weights of a model of your own; may be repeated.
  --detector ID           A bundled face detector; may be repeated.
  --runtime NAME          kernels, onnxruntime or auto. Default: auto.
`

interface Output {
  write(text: string): unknown
}

/** @returns the exit status: 0, or 2 where nothing was copied and `err` has been told why. */
export async function assetsCommand(args: readonly string[], out: Output, err: Output): Promise<number> {
  try {
    const { values, positionals } = parse(args)
    if (values.help === true) {
      out.write(USAGE)
      return 0
    }
    const [folder, ...rest] = positionals
    if (folder === undefined || rest.length > 0) throw new LivenessError('OPTION_INVALID', 'Expected one folder.')
    const { files, runtime, runtimeReason, integrity } = await copyAssets(folder, {
      ...(values.model && { models: values.model as CopyAssetsOptions['models'] }),
      ...(values['model-folder'] && { modelFolders: values['model-folder'] }),
      ...(values.detector && { detectors: values.detector as CopyAssetsOptions['detectors'] }),
      ...(values.runtime !== undefined && { runtime: values.runtime as CopyAssetsOptions['runtime'] }),
    })
    for (const file of files) out.write(`${join(folder, file.path)}  ${Math.ceil(file.bytes / 1024)} KiB\n`)
    out.write(`runtime: ${runtime}. ${runtimeReason}\nintegrity: '${integrity}'\n`)
    return 0
  } catch (error) {
    const { message, hint } = toLivenessError(error, 'INPUT_UNREADABLE', 'The assets cannot be copied.')
    err.write(`unspoof-assets: ${message} ${hint}\n`)
    return 2
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        model: { type: 'string', multiple: true },
        'model-folder': { type: 'string', multiple: true },
        detector: { type: 'string', multiple: true },
        runtime: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    })
  } catch (cause) {
    throw new LivenessError('OPTION_INVALID', `${(cause as Error).message}.`, {
      cause,
      hint: 'See "unspoof-assets --help".',
    })
  }
}
