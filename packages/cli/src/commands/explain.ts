/** `unspoof explain`: what the model saw in one picture, and what moves its answer. */
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createLiveness, type DecodedImage, LivenessError, type PadModel } from '@unspoof/core'
import { OCCLUSION_RANGES } from '@unspoof/evaluation'
import { DEFAULT_PAD_MODEL } from '@unspoof/models'
import { createNodeRuntime, decodeImage } from '@unspoof/node'
import type { Arguments, Command } from '../command.ts'
import { openDetector, openPadModel } from '../engine.ts'
import { EXIT } from '../exit-codes.ts'
import { type ExplainedImage, explainModel, type ModelExplanation } from '../explain/explain.ts'
import { overviewPng } from '../explain/images.ts'
import { explanationPage } from '../explain/page.ts'
import { readPicture } from '../files.ts'
import { cropsFrom, MODEL_OPTIONS, operatingPointFrom } from '../options.ts'
import type { Terminal } from '../terminal/terminal.ts'

export const explainCommand: Command = {
  name: 'explain',
  summary: 'Shows what the model saw in a picture: crops, spectra, heat map, what each crop said.',
  usage: ['explain PICTURE [--output FOLDER]'],
  options: {
    output: { type: 'string', short: 'o', value: 'FOLDER', help: 'Where the pages go. Default: PICTURE.explained.' },
    model: {
      type: 'string',
      short: 'm',
      value: 'MODEL',
      multiple: true,
      help: 'A model id, ID:VARIANT or a folder with a card.json.',
    },
    'models-dir': MODEL_OPTIONS['models-dir'],
    'operating-point': MODEL_OPTIONS['operating-point'],
    crops: MODEL_OPTIONS.crops,
    cells: { type: 'string', value: 'N', help: 'Cells of the heat map along its longer side. Default: 10.' },
    help: { type: 'boolean', short: 'h', help: 'Shows this page.' },
  },
  notes: [
    'Writes PNG files, explanation.html and explanation.json. They hold parts of the picture: treat them like it. Explanation takes no part in the verdict.',
    'Exit status: 0 explained, whatever the verdict; 3 where there was no one face to explain; 2 an error.',
  ],
  examples: ['unspoof explain selfie.jpg', 'unspoof explain fake.jpg -o out --cells 20'],
  run,
}

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [input, ...rest] = args.positionals
  if (input === undefined || rest.length > 0) {
    throw new LivenessError('OPTION_INVALID', 'Expected one picture: unspoof explain selfie.jpg')
  }
  const folder = args.text('output') ?? `${input}.explained`
  const cells = args.number('cells', { ...OCCLUSION_RANGES.cells, integer: true })
  const operatingPoint = operatingPointFrom(args)
  const crops = cropsFrom(args)
  const image = await decodeImage(await readPicture(input))
  const runtime = createNodeRuntime()
  const options = { modelFolders: args.list('models-dir') }
  const specs = args.list('model')
  const models: PadModel[] = []
  for (const spec of specs.length === 0 ? [DEFAULT_PAD_MODEL] : specs) {
    models.push(await openPadModel(runtime, spec, options))
  }
  await using liveness = createLiveness<DecodedImage>({
    detector: await openDetector(runtime),
    models: models.map((model) => ({ model })),
    decode: async (decoded) => decoded,
    ...(operatingPoint === undefined ? {} : { operatingPoint }),
    ...(crops === undefined ? {} : { crops }),
  })
  const result = await liveness.check(image)
  const { face } = result
  const { frame } = image
  const explanations: ModelExplanation[] = []
  let overview: ExplainedImage | undefined
  if (face !== null && frame !== undefined) {
    overview = {
      file: 'picture.png',
      caption: 'The picture and the face that was judged.',
      png: await overviewPng(frame, face.box),
    }
    for (const model of models) {
      explanations.push(await explainModel(model, frame, face, cells === undefined ? {} : { cells }))
    }
  }
  await mkdir(folder, { recursive: true })
  const images = [...(overview === undefined ? [] : [overview]), ...explanations.flatMap((one) => one.images)]
  for (const { file, png } of images) await writeFile(path.join(folder, file), png.bytes)
  const page = path.join(folder, 'explanation.html')
  await writeFile(page, explanationPage(path.basename(input), result, overview, explanations))
  await writeFile(
    path.join(folder, 'explanation.json'),
    `${JSON.stringify(toRecord(input, result, explanations), null, 1)}\n`,
  )
  const probability = result.liveProbability === null ? '' : `, live probability ${result.liveProbability.toFixed(4)}`
  terminal.print(`${result.verdict}${probability}; wrote ${page}`)
  if (explanations.length > 0) return EXIT.OK
  terminal.note(`There is no one face to explain: ${result.reasons.map(({ code }) => code).join(', ')}.`)
  return EXIT.RETRY
}

function toRecord(input: string, result: object, explanations: readonly ModelExplanation[]): object {
  return {
    explanation: 'Takes no part in the verdict.',
    input,
    result,
    models: explanations.map(({ model, crops, profiles, occlusion, images }) => ({
      model,
      crops,
      profiles: profiles.map(({ name, values }) => ({ name, values: [...values] })),
      occlusion: { ...occlusion, values: [...occlusion.values] },
      files: images.map(({ file, caption }) => ({ file, caption })),
    })),
  }
}
