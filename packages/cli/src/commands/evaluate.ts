/** `unspoof evaluate`: error rates of one or several models on labelled pictures. */
import { writeFile } from 'node:fs/promises'
import { availableParallelism, cpus } from 'node:os'
import {
  DEFAULTS,
  LivenessError,
  OPERATING_POINTS,
  type OperatingPointName,
  operatingPointOf,
  type PadCard,
  parsePadCard,
} from '@unspoof/core'
import { BOOTSTRAP_DEFAULTS } from '@unspoof/evaluation'
import { DEFAULT_PAD_MODEL } from '@unspoof/models'
import type { Arguments, Command } from '../command.ts'
import { fitModel, writeFittedCard } from '../evaluate/fit.ts'
import { checkGroups } from '../evaluate/groups.ts'
import { type LabelledData, type LabelledPicture, readLabelledData } from '../evaluate/index-file.ts'
import type { WorkerTask } from '../evaluate/messages.ts'
import { type HashedPicture, hashPictures } from '../evaluate/near-duplicates.ts'
import { PERTURBATION_FAMILIES, perturbationNames } from '../evaluate/perturb.ts'
import { judgeAll } from '../evaluate/pool.ts'
import { buildReport, POOLED, type ReportModel, type ReportSettings } from '../evaluate/report.ts'
import { renderHtml } from '../evaluate/report-html.ts'
import { renderText } from '../evaluate/report-text.ts'
import { openScores, type PictureScores, type ScoresHeader, scoreKey } from '../evaluate/scores.ts'
import { EXIT } from '../exit-codes.ts'
import { type ResolvedModel, resolveModel } from '../models/resolve.ts'
import { MODEL_OPTIONS, operatingPointFrom } from '../options.ts'
import { spectrumInput } from '../spectrum.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { VERSION } from '../version.ts'

export const evaluateCommand: Command = {
  name: 'evaluate',
  summary: 'Measures error rates (ISO/IEC 30107-3) of one or several models on labelled pictures.',
  usage: ['evaluate INDEX.csv', 'evaluate FOLDER            (live/ and spoof/SPECIES/, or the CelebA-Spoof layout)'],
  options: {
    model: {
      type: 'string',
      short: 'm',
      value: 'MODEL',
      multiple: true,
      help: 'A model id, ID:VARIANT, a folder with a card.json, or several joined by + to average them.',
    },
    'models-dir': MODEL_OPTIONS['models-dir'],
    detector: { type: 'string', value: 'MODEL', help: 'Another face detector.' },
    boxes: {
      type: 'string',
      value: 'detector|index',
      help: 'index: take the face boxes of the data, one crop and no quality gates, to reproduce published numbers.',
    },
    'operating-point': MODEL_OPTIONS['operating-point'],
    crops: MODEL_OPTIONS.crops,
    set: { type: 'string', value: 'NAME', multiple: true, help: 'Only this set of the index.' },
    by: {
      type: 'string',
      value: 'PROPERTY',
      multiple: true,
      help: 'Rates by skin-tone, brightness, face-size or a column of the index.',
    },
    'subject-pattern': {
      type: 'string',
      value: 'REGEX',
      help: 'Reads the subject out of the path: the first group that matches. For an index without a subject column.',
    },
    'per-video': {
      type: 'boolean',
      help: 'One decision a video (column video), as a sequence of its frames in order would get it.',
    },
    'trained-on': {
      type: 'string',
      value: 'INDEX',
      help: 'What the model was trained on (index or folder): warns of evaluated pictures that nearly equal one of them.',
    },
    robustness: {
      type: 'string',
      value: 'FAMILIES',
      help: `Sweeps, separated by commas: all, ${PERTURBATION_FAMILIES.join(', ')}.`,
    },
    fit: {
      type: 'string',
      value: 'FOLDER',
      help: 'Fits calibration and operating points of the one model and writes a copy of its card and weights there.',
    },
    target: {
      type: 'string',
      value: 'NAME=APCER',
      multiple: true,
      help: 'What --fit aims at, such as strict=0.02; the defaults are strict=0.01, balanced=0.05, lenient=0.1.',
    },
    scores: {
      type: 'string',
      value: 'FILE',
      help: 'Keeps the score of every picture (JSON lines) and takes up an interrupted run from there.',
    },
    json: { type: 'string', value: 'FILE', help: 'Writes the whole report as JSON.' },
    html: { type: 'string', value: 'FILE', help: 'Writes the report with its curves as one HTML file.' },
    workers: { type: 'string', value: 'N', help: 'Processes. Default: one a core.' },
    resamples: { type: 'string', value: 'N', help: `Bootstrap resamples. Default: ${BOOTSTRAP_DEFAULTS.resamples}.` },
    seed: { type: 'string', value: 'N', help: `Seed of the bootstrap. Default: ${BOOTSTRAP_DEFAULTS.seed}.` },
    help: { type: 'boolean', short: 'h', help: 'Shows this page.' },
  },
  notes: [
    'INDEX.csv has a header and the columns path (relative to the CSV) and label (live or spoof); optional are set, attack (the PAI species), subject, video, face_x, face_y, face_w, face_h and any other column for --by.',
    'A threshold belongs to data it was not chosen on: rates at the operating points a card was fitted with on the same pictures are optimistic. Pictures that cannot be read are listed and are in no rate.',
  ],
  examples: [
    'unspoof evaluate captures/ --by brightness --html report.html',
    `unspoof evaluate index.csv -m ${DEFAULT_PAD_MODEL} -m facenox-minifasnet-v2-se-128:int8 --boxes index`,
    'unspoof evaluate captures/ --fit my-model --target strict=0.02',
  ],
  run,
}

interface EvaluatedModel extends ReportModel {
  readonly specs: readonly string[]
  readonly members: readonly { readonly card: PadCard; readonly resolved: ResolvedModel; readonly variant: string }[]
}

async function run(args: Arguments, terminal: Terminal): Promise<number> {
  const [source, ...rest] = args.positionals
  if (source === undefined || rest.length > 0) {
    throw new LivenessError('OPTION_INVALID', 'Expected one index or folder: unspoof evaluate INDEX.csv')
  }
  const modelFolders = args.list('models-dir')
  const boxes = args.choice('boxes', ['detector', 'index']) ?? 'detector'
  const crops = boxes === 'index' ? 1 : (Number(args.choice('crops', ['1', '3', '5']) ?? DEFAULTS.crops) as 1 | 3 | 5)
  if (boxes === 'index' && args.flag('crops') && args.text('crops') !== '1') {
    throw new LivenessError('OPTION_INVALID', '--boxes index scores one crop: leave out --crops.')
  }
  const data = selectSets(
    subjectsFromPaths(await readLabelledData(source), args.text('subject-pattern')),
    args.list('set'),
  )
  const groups = checkGroups(
    args.list('by').flatMap((names) => names.split(',')),
    data.columns,
  )
  const perturbations = perturbationNames((args.text('robustness') ?? '').split(',').filter((name) => name !== ''))
  const targets = readTargets(args.list('target'))
  const models = await openCards(args, modelFolders)
  if (args.flag('fit') && (models.length !== 1 || models[0]!.members.length !== 1)) {
    throw new LivenessError('OPTION_INVALID', '--fit fits one model: name it with one --model.')
  }

  const settings: ReportSettings = {
    source: data.source,
    command: `unspoof ${process.argv.slice(2).join(' ')}`,
    boxes,
    crops,
    groups,
    perVideo: args.flag('per-video'),
    resamples: args.number('resamples', { min: 100, max: 100_000, integer: true }) ?? BOOTSTRAP_DEFAULTS.resamples,
    seed: args.number('seed', { min: 0, max: 2 ** 32 - 1, integer: true }) ?? BOOTSTRAP_DEFAULTS.seed,
  }
  const workers = args.number('workers', { min: 1, max: 256, integer: true }) ?? availableParallelism()
  const header: ScoresHeader = {
    unspoofScores: 1,
    models: Object.fromEntries(models.map(({ key, id, version, sha256 }) => [key, { id, version, sha256 }])),
    boxes,
    detector: args.text('detector') ?? null,
    crops,
  }
  // Before the judging: a wrong path is noticed now, not in an hour.
  const training = await hashTraining(args.text('trained-on'), terminal)
  const began = performance.now()
  const rows = await score(data, ['', ...perturbations], header, {
    args,
    terminal,
    workers,
    models,
    modelFolders,
    skinTone: groups.includes('skin-tone'),
  })
  const wallSeconds = (performance.now() - began) / 1000
  if (rows.every((row) => row.error !== undefined)) {
    const first = rows[0]!.error!
    throw new LivenessError(
      'DATA_INVALID',
      `None of the ${data.pictures.length} pictures could be read; the first: ${first.message}`,
    )
  }

  const report = buildReport({
    settings,
    environment: {
      unspoof: VERSION,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      cpu: `${cpus()[0]?.model.trim() ?? 'unknown'} x ${cpus().length}`,
    },
    models: models.map(({ key, id, version, variant, sha256, operatingPoint }) => ({
      key,
      id,
      version,
      variant,
      sha256,
      operatingPoint,
    })),
    pictures: data.pictures,
    dropped: data.dropped,
    rows,
    training,
    wallSeconds,
    workers,
  })
  terminal.print(renderText(report))
  const json = args.text('json')
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 1)}\n`)
  const html = args.text('html')
  if (html !== undefined) await writeFile(html, renderHtml(report, scoresFor(data, rows)))
  const fit = args.text('fit')
  if (fit !== undefined) await fitAndWrite(fit, models[0]!, data, rows, targets, settings, terminal)
  return EXIT.OK
}

/** Undefined where no list was given. */
async function hashTraining(source: string | undefined, terminal: Terminal): Promise<HashedPicture[] | undefined> {
  if (source === undefined) return undefined
  const { pictures } = await readLabelledData(source)
  const progress = terminal.progress('Hashing', pictures.length)
  try {
    const hashed = await hashPictures(pictures, () => progress.advance())
    if (hashed.length < pictures.length) {
      terminal.note(
        `${pictures.length - hashed.length} of ${pictures.length} pictures of ${source} could not be compared.`,
      )
    }
    return hashed
  } finally {
    progress.end()
  }
}

async function openCards(args: Arguments, folders: readonly string[]): Promise<EvaluatedModel[]> {
  const specs = args.list('model')
  const wanted = operatingPointFrom(args) ?? DEFAULTS.operatingPoint
  const models: EvaluatedModel[] = []
  for (const spec of specs.length === 0 ? [DEFAULT_PAD_MODEL] : specs) {
    const members = []
    for (const part of spec.split('+')) {
      const resolved = await resolveModel(part, folders)
      const card = parsePadCard(await resolved.source.card(), resolved.source.location)
      const file =
        resolved.variant === undefined ? card.files[0]! : card.files.find((f) => f.variant === resolved.variant)
      if (file === undefined) {
        throw new LivenessError(
          'OPTION_INVALID',
          `Model ${card.id} has no variant "${resolved.variant}"; it has ${card.files.map((f) => f.variant).join(', ')}.`,
        )
      }
      members.push({ card, resolved, variant: file.variant, file })
    }
    const names = members.map(({ card, variant }) => (card.files.length > 1 ? `${card.id}:${variant}` : card.id))
    models.push({
      // The same id may stand in two folders: before and after a fit.
      key: uniqueKey(names.join(' + '), spec, models),
      id: members.map(({ card }) => card.id).join('+'),
      version: members.map(({ card }) => card.version).join('+'),
      variant: members.map(({ variant }) => variant).join('+'),
      sha256: members.map(({ file }) => file.sha256).join('+'),
      operatingPoint: operatingPointOf(wanted, members[0]!.card),
      specs: spec.split('+'),
      members,
    })
  }
  return models
}

function uniqueKey(name: string, spec: string, others: readonly EvaluatedModel[]): string {
  if (others.some(({ specs }) => specs.join('+') === spec)) {
    throw new LivenessError('OPTION_INVALID', `--model ${spec} is there twice.`)
  }
  return others.some(({ key }) => key === name) ? spec : name
}

function subjectsFromPaths(data: LabelledData, pattern: string | undefined): LabelledData {
  if (pattern === undefined) return data
  let expression: RegExp
  try {
    expression = new RegExp(pattern)
  } catch {
    throw new LivenessError('OPTION_INVALID', 'Expected a regular expression for --subject-pattern.')
  }
  const pictures = data.pictures.map((picture): LabelledPicture => {
    if (picture.subject !== undefined) return picture
    const found = expression
      .exec(picture.name)
      ?.slice(1)
      .find((group) => group !== undefined)
    // Two sets may number their people alike.
    return found === undefined ? picture : { ...picture, subject: `${picture.set}/${found}` }
  })
  if (pictures.every(({ subject }) => subject === undefined)) {
    throw new LivenessError(
      'OPTION_INVALID',
      'The --subject-pattern matches no path, or has no group: write (...) around the subject.',
    )
  }
  return { ...data, pictures }
}

function selectSets(data: LabelledData, sets: readonly string[]): LabelledData {
  if (sets.length === 0) return data
  const known = new Set(data.pictures.map(({ set }) => set))
  const missing = sets.find((set) => !known.has(set))
  if (missing !== undefined) {
    throw new LivenessError(
      'OPTION_INVALID',
      `There is no set "${missing.slice(0, 40)}"; there are ${[...known].join(', ')}.`,
    )
  }
  return { ...data, pictures: data.pictures.filter(({ set }) => sets.includes(set)) }
}

function readTargets(texts: readonly string[]): Partial<Record<OperatingPointName, number>> {
  const targets: Partial<Record<OperatingPointName, number>> = {}
  for (const text of texts) {
    const [name, value] = text.split('=')
    const target = Number(value)
    if (!OPERATING_POINTS.includes(name as OperatingPointName) || value === undefined || !(target > 0 && target < 1)) {
      throw new LivenessError(
        'OPTION_INVALID',
        `Expected NAME=APCER with a name of ${OPERATING_POINTS.join(', ')} and an APCER inside (0, 1) for --target but received "${text.slice(0, 40)}".`,
      )
    }
    targets[name as OperatingPointName] = target
  }
  return targets
}

interface ScoreParts {
  readonly args: Arguments
  readonly terminal: Terminal
  readonly workers: number
  readonly models: readonly EvaluatedModel[]
  readonly modelFolders: readonly string[]
  readonly skinTone: boolean
}

/** Scores every picture under every perturbation, taking what the score file already has. */
async function score(
  data: LabelledData,
  perturbations: readonly string[],
  header: ScoresHeader,
  { args, terminal, workers, models, modelFolders, skinTone }: ScoreParts,
): Promise<PictureScores[]> {
  const file = args.text('scores')
  const kept = file === undefined ? undefined : await openScores(file, header)
  const boxBeside = header.boxes === 'index' && data.pictures.every((picture) => picture.box === undefined)
  const rows: PictureScores[] = []
  const tasks: WorkerTask[] = []
  for (const perturbation of perturbations) {
    for (const picture of data.pictures) {
      const known = kept?.known.get(scoreKey({ name: picture.name, perturbation }))
      // Only a fit wants the spectra of live faces.
      const profile = args.flag('fit') && perturbation === '' && picture.label === 'live'
      const isComplete = (row: PictureScores) =>
        (!skinTone || row.skinTone !== undefined) &&
        (!profile || row.profile !== undefined) &&
        (perturbation !== '' || row.hash !== undefined)
      if (known !== undefined && isComplete(known)) {
        rows.push(known)
        continue
      }
      const { box } = picture
      tasks.push({
        kind: 'task',
        name: picture.name,
        file: picture.file,
        perturbation,
        box: box === undefined ? null : [box.x, box.y, box.width, box.height],
        boxBeside,
        profile,
      })
    }
  }
  if (rows.length > 0) terminal.note(`${rows.length} scores taken from ${file}.`)
  if (tasks.length > 0) {
    const progress = terminal.progress('Judging', tasks.length)
    const writes: Promise<void>[] = []
    try {
      await judgeAll(tasks, {
        workers,
        debug: terminal.debug,
        setup: {
          kind: 'setup',
          models: Object.fromEntries(models.map(({ key, specs }) => [key, specs])),
          modelFolders,
          detector: header.detector,
          boxes: header.boxes,
          crops: header.crops as 1 | 3 | 5,
          skinTone,
        },
        onRow(row) {
          rows.push(row)
          if (kept !== undefined) writes.push(kept.append(row))
          progress.advance()
        },
      })
    } finally {
      progress.end()
      await Promise.all(writes)
      await kept?.close()
    }
  }
  // In the order of the data, whatever order the workers finished in: the report must not depend on it.
  const order = new Map(data.pictures.map(({ name }, i) => [name, i]))
  const place = ({ perturbation, name }: PictureScores) =>
    perturbations.indexOf(perturbation) * data.pictures.length + order.get(name)!
  return rows.sort((a, b) => place(a) - place(b))
}

function scoresFor(data: LabelledData, rows: readonly PictureScores[]): Parameters<typeof renderHtml>[1] {
  const byName = new Map(data.pictures.map((picture) => [picture.name, picture]))
  return (set, model) =>
    rows.flatMap((row) => {
      const picture = byName.get(row.name)!
      const value = row.perturbation === '' && row.error === undefined ? row.models[model]!.score : null
      return value === null || (set !== POOLED && picture.set !== set) ? [] : [{ label: picture.label, score: value }]
    })
}

async function fitAndWrite(
  folder: string,
  model: EvaluatedModel,
  data: LabelledData,
  rows: readonly PictureScores[],
  targets: Partial<Record<OperatingPointName, number>>,
  settings: ReportSettings,
  terminal: Terminal,
): Promise<void> {
  const byName = new Map(data.pictures.map((picture) => [picture.name, picture]))
  const { card, resolved, variant } = model.members[0]!
  const fitted = fitModel(
    rows
      .filter((row) => row.perturbation === '' && row.error === undefined)
      .map((row) => {
        const picture = byName.get(row.name)!
        const { score: value, margin } = row.models[model.key]!
        const { profile } = row
        const cluster = picture.subject ?? picture.video
        return {
          label: picture.label,
          score: value,
          margin,
          ...(profile === undefined ? {} : { profile }),
          ...(picture.species === undefined ? {} : { species: picture.species }),
          ...(cluster === undefined ? {} : { cluster }),
        }
      }),
    { targets, data: settings.source, command: settings.command, spectrumInput: spectrumInput(card)?.name },
  )
  const written = await writeFittedCard(folder, card, resolved.source, variant, fitted)
  const points = OPERATING_POINTS.map((name) => `${name} ${fitted.operatingPoints[name].threshold.toPrecision(4)}`)
  terminal.print(
    `\nFitted on these pictures, so measure it on others: calibration slope ${fitted.calibration.slope.toPrecision(4)}, offset ${fitted.calibration.offset.toPrecision(4)}, ECE ${fitted.calibration.ece!.toFixed(3)} (cross-validated); thresholds ${points.join(', ')}.\nWrote ${written}.`,
  )
}
