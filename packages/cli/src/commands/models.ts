/** `unspoof models`: list, pull, verify and doctor. */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { LivenessError, loadModel, type ModelCard, parseCard, toLivenessError } from '@unspoof/core'
import { registry } from '@unspoof/models'
import { createNodeRuntime } from '@unspoof/node'
import type { Arguments, Command } from '../command.ts'
import { EXIT } from '../exit-codes.ts'
import { cachedModelFolder, cacheFolder } from '../models/cache.ts'
import { runDoctor } from '../models/doctor-command.ts'
import { knownModels } from '../models/inventory.ts'
import { MAX_BYTES, pull } from '../models/pull.ts'
import { resolveModel } from '../models/resolve.ts'
import { MODEL_OPTIONS } from '../options.ts'
import { table } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'

export const modelsCommand: Command = {
  name: 'models',
  summary: 'Lists, downloads and verifies models, and finds out how an unknown one is fed.',
  usage: [
    'models list [--json]',
    'models pull ID[:VARIANT]...              (into the cache)',
    'models pull URL --sha256 HEX --output FILE',
    'models verify [MODEL...]                 (default: all on this machine)',
    'models doctor MODEL.onnx --data INDEX.csv|FOLDER [--output FOLDER]',
  ],
  options: {
    json: { type: 'boolean', help: 'list: prints one JSON object a line.' },
    from: {
      type: 'string',
      value: 'URL',
      help: 'pull ID: a mirror that has the files under their names, instead of the published address. The hash stays pinned.',
    },
    sha256: { type: 'string', value: 'HEX', help: 'pull URL: what the file must hash to; nothing else is kept.' },
    output: {
      type: 'string',
      short: 'o',
      value: 'PATH',
      help: 'pull URL: where the file shall lie. doctor: a folder for the card and the model.',
    },
    'models-dir': MODEL_OPTIONS['models-dir'],
    data: { type: 'string', value: 'INDEX|FOLDER', help: 'doctor: labelled pictures, as for "unspoof evaluate".' },
    boxes: { type: 'string', value: 'detector|index', help: 'doctor: whose face boxes to use. Default: our detector.' },
    pictures: {
      type: 'string',
      value: 'N',
      help: 'doctor: pictures to use at most, half of each class. Default: 120.',
    },
    help: { type: 'boolean', short: 'h', help: 'Shows this page.' },
  },
  notes: [
    'Models of others are not bundled: pull fetches them from where their authors publish them, and keeps them only if their SHA-256 is the pinned one. Mind the licence that list shows.',
    "The cache is UNSPOOF_CACHE_DIR, else the platform's own (Linux: ~/.cache/unspoof). HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured. A download that broke off goes on where it stopped.",
    'doctor needs pictures of both classes that the model is good at; it tries colour order, value range, crop scale, border and class order, and prints the card that fits best.',
  ],
  examples: [
    'unspoof models list',
    'unspoof models pull facenox-minifasnet-v2-se-128:int8',
    'unspoof models doctor unknown.onnx --data captures/ --output my-model',
  ],
  run,
}

const TASKS: Record<ModelCard['task'], string> = {
  pad: 'liveness',
  'face-detection': 'face detection',
  'face-landmarks': 'landmarks',
}

const ACTIONS = ['list', 'pull', 'verify', 'doctor'] as const

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [action, ...names] = args.positionals
  switch (action) {
    case 'list':
      return list(args, terminal)
    case 'pull':
      return pullAll(names, args, terminal)
    case 'verify':
      return verify(names, args, terminal)
    case 'doctor':
      return runDoctor(names, args, terminal)
    default:
      throw new LivenessError('OPTION_INVALID', `Expected one of ${ACTIONS.join(', ')} after "unspoof models".`)
  }
}

async function list(args: Arguments, terminal: Terminal): Promise<number> {
  const models = await knownModels()
  if (args.flag('json')) {
    for (const model of models) terminal.print(JSON.stringify(model))
    return EXIT.OK
  }
  const rows = models.map(({ card, origin, present }) => [
    card.id,
    TASKS[card.task],
    card.files.map(({ variant }) => variant).join(', '),
    `${Math.ceil(card.files[0]!.bytes / 1024)} KiB`,
    card.licence,
    origin === 'bundled'
      ? 'bundled'
      : present.length > 0
        ? `pulled: ${present.join(', ')}`
        : canPull(card)
          ? 'not pulled'
          : 'no public address',
  ])
  const columns = ['id', 'task', 'variants', 'size', 'licence', 'where']
  terminal.print(
    table(
      columns.map((title) => ({ title })),
      rows,
    ),
  )
  terminal.print(`\nCache: ${cacheFolder()}`)
  return EXIT.OK
}

function canPull(card: ModelCard): boolean {
  return card.files.some(({ url }) => url !== undefined)
}

async function pullAll(names: readonly string[], args: Arguments, terminal: Terminal): Promise<number> {
  if (names.length === 0)
    throw new LivenessError('OPTION_INVALID', 'Expected the id of a model: see "unspoof models list".')
  for (const name of names) {
    if (/^[a-z]+:\/\//i.test(name)) await pullUrl(name, names, args, terminal)
    else await pullEntry(name, args.text('from'), terminal)
  }
  return EXIT.OK
}

async function pullUrl(url: string, names: readonly string[], args: Arguments, terminal: Terminal): Promise<void> {
  const sha256 = args.text('sha256')?.toLowerCase()
  const output = args.text('output')
  if (sha256 === undefined || !/^[0-9a-f]{64}$/.test(sha256) || output === undefined || names.length > 1) {
    throw new LivenessError(
      'OPTION_INVALID',
      'To pull an address, name one with --sha256 (64 hex digits) and --output.',
    )
  }
  await pullFile({ url, target: path.resolve(output), sha256 }, output, terminal)
}

async function pullEntry(name: string, mirror: string | undefined, terminal: Terminal): Promise<void> {
  const [id, variant] = name.split(':') as [string, string | undefined]
  const entry = registry[id]
  if (entry === undefined) {
    // The sentence with the nearest name.
    const { source } = await resolveModel(name)
    terminal.note(`${id} needs no download: it is at ${source.location}.`)
    return
  }
  const { card } = entry
  const files = card.files.filter((file) => variant === undefined || file.variant === variant)
  if (files.length === 0) {
    throw new LivenessError(
      'OPTION_INVALID',
      `Model ${id} has no variant "${variant}"; it has ${card.files.map((file) => file.variant).join(', ')}.`,
    )
  }
  const wanted = files.flatMap((file) => {
    const url = mirror === undefined ? file.url : `${mirror.replace(/\/$/, '')}/${file.name}`
    return url === undefined ? [] : [{ file, url }]
  })
  if (wanted.length === 0)
    throw new LivenessError('MODEL_MISSING', `No public address of ${name} is known.`, { hint: entry.note })
  const folder = cachedModelFolder(card)
  for (const { file, url } of wanted) {
    const { sha256, bytes } = file
    await pullFile({ url, sha256, bytes, target: path.join(folder, file.name) }, `${id}:${file.variant}`, terminal)
  }
  await mkdir(folder, { recursive: true })
  const cardFile = path.join(folder, 'card.json')
  await writeFile(`${cardFile}.${process.pid}.part`, `${JSON.stringify(card, null, 2)}\n`)
  await rename(`${cardFile}.${process.pid}.part`, cardFile)
  terminal.print(`Licence of the weights: ${card.licence}. ${card.provenance}`)
}

async function pullFile(
  file: { readonly url: string; readonly target: string; readonly sha256: string; readonly bytes?: number },
  label: string,
  terminal: Terminal,
): Promise<void> {
  const kib = (bytes: number) => Math.ceil(bytes / 1024)
  const progress = terminal.progress(`${label} (KiB)`, kib(file.bytes ?? MAX_BYTES))
  try {
    const outcome = await pull({ ...file, onProgress: (done) => progress.advance(kib(done)) })
    progress.end()
    terminal.print(`${label}: ${outcome === 'present' ? 'already there' : 'pulled'}, ${file.target}`)
  } finally {
    progress.end()
  }
}

/** Card, size, SHA-256, and whether the runtime loads it. */
async function verify(names: readonly string[], args: Arguments, terminal: Terminal): Promise<number> {
  const specs =
    names.length > 0
      ? names
      : (await knownModels()).flatMap(({ card, present }) => present.map((variant) => `${card.id}:${variant}`))
  const runtime = createNodeRuntime()
  let failed = false
  for (const spec of specs) {
    try {
      const { source, variant } = await resolveModel(spec, args.list('models-dir'))
      const { card, file, session } = await loadModel({
        source,
        runtime,
        parse: parseCard,
        ...(variant === undefined ? {} : { variant }),
      })
      await session.close()
      terminal.print(
        `${terminal.paint('green', 'ok')}     ${card.id}:${file.variant}  ${file.bytes} bytes, SHA-256 ${file.sha256}`,
      )
    } catch (error) {
      failed = true
      const { code, message } = toLivenessError(error, 'MODEL_LOAD', 'The model cannot be loaded.')
      terminal.print(`${terminal.paint('red', 'wrong')}  ${spec}: ${message} (${code})`)
    }
  }
  return failed ? EXIT.ERROR : EXIT.OK
}
