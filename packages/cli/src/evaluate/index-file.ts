/** The three layouts of labelled pictures, read into one list: a CSV, a folder with live/ and spoof/, CelebA-Spoof's own. */
import { readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { type Box, box, LivenessError } from '@unspoof/core'
import type { TrueLabel } from '@unspoof/evaluation'
import { glob } from 'tinyglobby'
import { byName, PICTURE_EXTENSIONS } from '../files.ts'
import { parseCsv } from './csv.ts'

/** One labelled picture. */
export interface LabelledPicture {
  /** As the index names it; what reports show. */
  readonly name: string
  /** Where it is. */
  readonly file: string
  readonly set: string
  readonly label: TrueLabel
  /** PAI species of an attack. */
  readonly species?: string
  readonly subject?: string
  readonly video?: string
  /** The face's box from the index. */
  readonly box?: Box
  /** Every column of the CSV, for subgroups. */
  readonly columns: Readonly<Record<string, string>>
}

export interface LabelledData {
  /** What the data are, in words, for reports. */
  readonly source: string
  readonly pictures: readonly LabelledPicture[]
  /** Rows of the index that named a picture again. */
  readonly dropped: number
  /** Columns a subgroup may name. */
  readonly columns: readonly string[]
}

/** @throws LivenessError INPUT_UNREADABLE, DATA_INVALID naming the file and line. */
export async function readLabelledData(source: string): Promise<LabelledData> {
  const info = await stat(source).catch(() => undefined)
  if (info === undefined) throw new LivenessError('INPUT_UNREADABLE', `There is no file or folder ${source}.`)
  if (info.isFile()) return readIndex(source)
  const celeba = await findCelebaLabels(source)
  return celeba === undefined ? readFolder(source) : readCelebaSpoof(source, celeba)
}

const BOX_COLUMNS = ['face_x', 'face_y', 'face_w', 'face_h'] as const

async function readIndex(file: string): Promise<LabelledData> {
  const { columns, rows } = parseCsv(await readFile(file, 'utf8'), file)
  for (const needed of ['path', 'label']) {
    if (!columns.includes(needed)) {
      throw new LivenessError(
        'DATA_INVALID',
        `${file}: expected a column "${needed}"; its columns are ${columns.join(', ')}.`,
      )
    }
  }
  const hasBoxes = BOX_COLUMNS.every((column) => columns.includes(column))
  const pictures = rows.map(({ line, values }): LabelledPicture => {
    const where = `${file}, line ${line}`
    const name = values.path!
    if (name === '') throw new LivenessError('DATA_INVALID', `${where}: the path is empty.`)
    const species = values.attack
    return {
      name,
      file: path.resolve(path.dirname(file), name),
      set: values.set === undefined || values.set === '' ? path.basename(file) : values.set,
      label: readLabel(values.label!, where),
      ...(species === undefined || species === '' ? {} : { species }),
      ...(values.subject === undefined || values.subject === '' ? {} : { subject: values.subject }),
      ...(values.video === undefined || values.video === '' ? {} : { video: values.video }),
      ...(hasBoxes ? readBox(values, where) : {}),
      columns: values,
    }
  })
  if (pictures.length === 0) throw new LivenessError('DATA_TOO_FEW', `${file} lists no pictures.`)
  const once = withoutDoubles(pictures, file)
  return { source: file, pictures: once, dropped: pictures.length - once.length, columns }
}

const LABELS: Readonly<Record<string, TrueLabel>> = {
  live: 'live',
  real: 'live',
  genuine: 'live',
  'bona fide': 'live',
  bonafide: 'live',
  'bona-fide': 'live',
  spoof: 'spoof',
  fake: 'spoof',
  attack: 'spoof',
}

function readLabel(text: string, where: string): TrueLabel {
  const label = LABELS[text.trim().toLowerCase()]
  // 0 and 1 mean opposite things in different data sets, so they are not guessed.
  if (label === undefined) {
    throw new LivenessError(
      'DATA_INVALID',
      `${where}: expected live or spoof for the label but found "${text.slice(0, 40)}".`,
    )
  }
  return label
}

function readBox(values: Readonly<Record<string, string>>, where: string): { box?: Box } {
  const texts = BOX_COLUMNS.map((column) => values[column]!.trim())
  if (texts.every((text) => text === '')) return {}
  const [x, y, width, height] = texts.map((text) => (text === '' ? Number.NaN : Number(text))) as [
    number,
    number,
    number,
    number,
  ]
  try {
    return { box: box(x, y, width, height) }
  } catch {
    throw new LivenessError(
      'DATA_INVALID',
      `${where}: expected four numbers with a positive width and height for the face box.`,
    )
  }
}

/** A picture listed twice would count twice; listed with two labels, one of them is wrong. */
function withoutDoubles(pictures: readonly LabelledPicture[], file: string): LabelledPicture[] {
  const first = new Map<string, LabelledPicture>()
  for (const picture of pictures) {
    const known = first.get(picture.file)
    if (known === undefined) first.set(picture.file, picture)
    else if (known.label !== picture.label) {
      throw new LivenessError('DATA_INVALID', `${file}: picture ${picture.name} is listed both as live and as spoof.`)
    }
  }
  return [...first.values()]
}

/**
 * `live/...` and `spoof/...`; the first folder below spoof/ is the PAI species. A folder of such folders makes one set each.
 */
async function readFolder(folder: string): Promise<LabelledData> {
  const files = byName(
    await glob(`**/*.{${PICTURE_EXTENSIONS.join(',')}}`, {
      cwd: folder,
      caseSensitiveMatch: false,
      expandDirectories: false,
    }),
  )
  const pictures = files.flatMap((file): LabelledPicture[] => {
    const parts = file.split('/')
    const at = parts.findIndex((part) => LABELS[part.toLowerCase()] !== undefined)
    if (at < 0 || at === parts.length - 1) return []
    const label = LABELS[parts[at]!.toLowerCase()]!
    const species = label === 'spoof' && parts.length - 1 > at + 1 ? parts[at + 1] : undefined
    return [
      {
        name: file,
        file: path.resolve(folder, file),
        set: at === 0 ? path.basename(path.resolve(folder)) : parts.slice(0, at).join('/'),
        label,
        ...(species === undefined ? {} : { species }),
        columns: {},
      },
    ]
  })
  if (pictures.length === 0) {
    throw new LivenessError(
      'DATA_INVALID',
      `Folder ${folder} has neither live/ and spoof/ with pictures nor CelebA-Spoof's metas/.../test_label.json.`,
    )
  }
  return { source: folder, pictures, dropped: 0, columns: [] }
}

/** CelebA-Spoof's names of its attributes 40 (spoof type), 41 (illumination) and 42 (environment), in order of their numbers. */
const CELEBA_SPECIES = [
  'live',
  'photo',
  'poster',
  'A4',
  'face-mask',
  'upper-body-mask',
  'region-mask',
  'PC',
  'pad',
  'phone',
  '3D-mask',
] as const
const CELEBA_LIGHT = ['live', 'normal', 'strong', 'back', 'dark'] as const
const CELEBA_PLACE = ['live', 'indoor', 'outdoor'] as const

async function findCelebaLabels(folder: string): Promise<string | undefined> {
  const found = await glob('metas/**/test_label.json', { cwd: folder, expandDirectories: false })
  if (found.length === 0) return undefined
  // The paper's protocol is intra_test; its label file is the one the published numbers are of.
  return found.find((file) => file.includes('intra_test')) ?? byName(found)[0]
}

/** `metas/.../test_label.json`: picture to 44 numbers; beside each picture `NAME_BB.txt`: x, y, w, h on a grid of 224, score. */
async function readCelebaSpoof(folder: string, labels: string): Promise<LabelledData> {
  const where = path.join(folder, labels)
  let table: unknown
  try {
    table = JSON.parse(await readFile(where, 'utf8'))
  } catch {
    throw new LivenessError('DATA_INVALID', `${where} is not JSON.`)
  }
  if (typeof table !== 'object' || table === null)
    throw new LivenessError('DATA_INVALID', `${where}: expected an object.`)
  const pictures = Object.entries(table).map(([name, attributes]): LabelledPicture => {
    if (!Array.isArray(attributes) || attributes.length < 44 || !attributes.every((value) => Number.isInteger(value))) {
      throw new LivenessError('DATA_INVALID', `${where}: expected 44 integers for ${name.slice(0, 80)}.`)
    }
    const spoof = attributes[43] === 1
    const parts = name.split('/')
    return {
      name,
      file: path.resolve(folder, name),
      set: 'celeba-spoof-test',
      label: spoof ? 'spoof' : 'live',
      ...(spoof ? { species: CELEBA_SPECIES[attributes[40] as number] ?? 'unknown' } : {}),
      // Data/test/SUBJECT/live/NAME.png
      ...(parts.length >= 3 ? { subject: parts[parts.length - 3]! } : {}),
      columns: {
        light: CELEBA_LIGHT[attributes[41] as number] ?? 'unknown',
        place: CELEBA_PLACE[attributes[42] as number] ?? 'unknown',
      },
    }
  })
  if (pictures.length === 0) throw new LivenessError('DATA_TOO_FEW', `${where} lists no pictures.`)
  return { source: where, pictures, dropped: 0, columns: ['light', 'place'] }
}

/** CelebA-Spoof keeps boxes on a grid of 224 x 224 over the picture. */
const CELEBA_GRID = 224

/** The box beside a CelebA-Spoof picture, or `undefined` where there is none. @throws LivenessError DATA_INVALID */
export async function readCelebaBox(file: string, width: number, height: number): Promise<Box | undefined> {
  const boxFile = `${file.slice(0, file.length - path.extname(file).length)}_BB.txt`
  const text = await readFile(boxFile, 'utf8').catch(() => undefined)
  if (text === undefined) return undefined
  const [x, y, w, h] = text.trim().split(/\s+/).map(Number) as [number, number, number, number]
  try {
    return box(
      (x * width) / CELEBA_GRID,
      (y * height) / CELEBA_GRID,
      (w * width) / CELEBA_GRID,
      (h * height) / CELEBA_GRID,
    )
  } catch {
    throw new LivenessError('DATA_INVALID', `${path.basename(boxFile)} does not hold a box: x, y, width, height.`)
  }
}
