/** `unspoof models doctor`: from an ONNX file and labelled pictures to a card. */
import { createHash } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { box, type FaceDetector, LivenessError, type PadCard, parsePadCard } from '@unspoof/core'
import { createNodeRuntime, decodeImage } from '@unspoof/node'
import type { Arguments } from '../command.ts'
import { openDetector } from '../engine.ts'
import { type LabelledPicture, readCelebaBox, readLabelledData } from '../evaluate/index-file.ts'
import { EXIT } from '../exit-codes.ts'
import { table } from '../terminal/table.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { type Diagnosis, type DoctorPicture, diagnose, shapeOf } from './doctor.ts'

const DEFAULT_PICTURES = 120

/** A best way that separates no better than this was probably not the right one. */
const DOUBTFUL_AUC = 0.8

export async function runDoctor(names: readonly string[], args: Arguments, terminal: Terminal): Promise<number> {
  const [file, ...rest] = names
  const source = args.text('data')
  if (file === undefined || rest.length > 0 || source === undefined) {
    throw new LivenessError(
      'OPTION_INVALID',
      'Expected a model and pictures: unspoof models doctor MODEL.onnx --data INDEX.csv',
    )
  }
  const bytes = await readFile(file)
  const runtime = createNodeRuntime()
  const session = await runtime.load(bytes)
  try {
    const { runtime: name, runtimeReason } = await runtime.describe()
    terminal.note(`Runtime: ${name}. ${runtimeReason}`)
    const shape = shapeOf(session)
    terminal.note(
      `Input "${shape.input}" ${shape.width} x ${shape.height} (${shape.layout}), output "${shape.output}" with ${shape.classes} classes.`,
    )
    const most = args.number('pictures', { min: 20, max: 2000, integer: true }) ?? DEFAULT_PICTURES
    const fromIndex = args.choice('boxes', ['detector', 'index']) === 'index'
    const detector = fromIndex ? undefined : await openDetector(runtime)
    const pictures = await loadPictures((await readLabelledData(source)).pictures, most, detector)
    await detector?.close()
    const progress = terminal.progress('Trying', 1000)
    const diagnoses = await diagnose(session, pictures, {
      onProgress: (done, total) => progress.advance(Math.round((done / total) * 1000)),
    })
    progress.end()
    const card = await cardFor(path.basename(file), bytes, diagnoses[0]!, source, pictures.length)
    terminal.print(diagnosisTable(diagnoses))
    if (diagnoses[0]!.auc < DOUBTFUL_AUC) {
      terminal.note(
        `\nEven the best way has an AUC of ${diagnoses[0]!.auc.toFixed(3)}: the card is probably wrong, or the model is not good at these pictures.`,
      )
    }
    terminal.print(`\n${JSON.stringify(card, null, 2)}`)
    const output = args.text('output')
    if (output !== undefined) {
      await mkdir(output, { recursive: true })
      await writeFile(path.join(output, card.files[0]!.name), bytes)
      await writeFile(path.join(output, 'card.json'), `${JSON.stringify(card, null, 2)}\n`)
      terminal.note(`\nWrote ${path.join(output, 'card.json')}.`)
    }
    terminal.note(
      '\nFill in licence and provenance, then fit thresholds: unspoof evaluate DATA --model FOLDER --fit FOLDER.',
    )
    return EXIT.OK
  } finally {
    await session.close()
  }
}

/** Half of each class, spread over the data rather than its beginning, those without a face left out. */
async function loadPictures(
  all: readonly LabelledPicture[],
  most: number,
  detector: FaceDetector | undefined,
): Promise<DoctorPicture[]> {
  const pictures: DoctorPicture[] = []
  for (const label of ['live', 'spoof'] as const) {
    const labelled = all.filter((picture) => picture.label === label)
    const wanted = Math.ceil(most / 2)
    const step = Math.max(1, Math.floor(labelled.length / wanted))
    for (const picture of labelled.filter((_, i) => i % step === 0).slice(0, wanted)) {
      const decoded = await decodeImage(await readFile(picture.file)).catch(() => undefined)
      const frame = decoded?.frame
      if (frame === undefined) continue
      const found =
        detector === undefined
          ? (picture.box ?? (await readCelebaBox(picture.file, frame.width, frame.height)))
          : (await detector.detect(frame))[0]?.box
      if (found !== undefined) pictures.push({ frame, box: box(found.x, found.y, found.width, found.height), label })
    }
  }
  return pictures
}

function diagnosisTable(diagnoses: readonly Diagnosis[]): string {
  const rows = diagnoses.map(({ input, output, auc, loss }) => [
    auc.toFixed(3),
    loss.toFixed(3),
    input.colour,
    rangeName(input),
    `${input.crop.scale} x`,
    input.crop.border,
    output.kind,
    output.classes.join(', '),
  ])
  const columns = ['AUC', 'loss', 'colour', 'range', 'crop', 'border', 'output', 'classes']
  return table(
    columns.map((title) => ({ title })),
    rows,
  )
}

function rangeName({ scale, mean }: Diagnosis['input']): string {
  if (scale === 1) return '0..255'
  return mean[0] === 0 ? '0..1' : mean[0] === 0.5 ? '-1..1' : 'ImageNet'
}

async function cardFor(
  name: string,
  bytes: Uint8Array,
  diagnosis: Diagnosis,
  data: string,
  n: number,
): Promise<PadCard> {
  const id = path
    .basename(name, '.onnx')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
  const point = (threshold: number) => ({ threshold, measured: [] })
  const card = {
    schema: 1,
    id: id === '' ? 'unknown' : id,
    version: '0.0.0',
    task: 'pad',
    title: name,
    files: [
      {
        name: /^[\w][\w.-]*$/.test(name) ? name : 'model.onnx',
        variant: 'fp32',
        bytes: bytes.byteLength,
        sha256: createHash('sha256').update(bytes).digest('hex'),
      },
    ],
    licence: 'NOASSERTION',
    provenance: `Unknown. Fed as "unspoof models doctor" found best on ${n} pictures of ${path.basename(data)} (AUC ${diagnosis.auc.toFixed(3)}).`,
    limits: ['The thresholds are not measured: fit your own before you let it decide.'],
    inputs: [diagnosis.input],
    output: diagnosis.output,
    calibration: { slope: 1, offset: 0, fittedOn: 'none' },
    operatingPoints: { strict: point(0.9), balanced: point(0.5), lenient: point(0.3) },
    validFace: { minSide: 64 },
  }
  // What the doctor prints must load.
  return parsePadCard(card, 'the card the doctor wrote')
}
