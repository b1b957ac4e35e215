/** What was measured on each picture: one JSON line a picture, written as it comes, so that a run can be taken up again. */
import { existsSync } from 'node:fs'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { LivenessError, type QualitySignals, type ReasonCode } from '@unspoof/core'

/** What one model said of one picture. */
export interface ModelScore {
  /** Calibrated live probability, 0..1; `null` where the picture was not judged. */
  readonly score: number | null
  /** Live probability where only the crops' disagreement kept it from being the score: a sequence takes it as evidence. */
  readonly unstable?: number
  /** Why it was not judged; empty else. */
  readonly reasons: readonly ReasonCode[]
  /** Mean margin over the crops before calibration; `null` where no model ran. */
  readonly margin: number | null
  readonly stability: number | null
  /** Milliseconds. */
  readonly timings: { readonly crop: number; readonly model: number }
}

/** One picture, under one perturbation (none: `''`). */
export interface PictureScores {
  readonly name: string
  readonly perturbation: string
  /** An error code and sentence where the picture could not be read; then there are no scores. */
  readonly error?: { readonly code: string; readonly message: string }
  /** By model key. */
  readonly models: Readonly<Record<string, ModelScore>>
  /** Of the bytes, lower-case hex. */
  readonly sha256?: string
  /** Perceptual hash of the picture as it is (near-duplicates.ts); `null` where it has none. */
  readonly hash?: string | null
  readonly signals?: QualitySignals
  /** Individual typology angle, degrees. */
  readonly skinTone?: number | null
  /** Radial profile of the log spectrum of the first model's crop, where it was asked for. */
  readonly profile?: readonly number[]
  /** Milliseconds. */
  readonly timings: { readonly decode: number; readonly detect: number }
}

/** Everything that, if it changes, makes old scores worthless. */
export interface ScoresHeader {
  readonly unspoofScores: 1
  readonly models: Readonly<Record<string, { readonly id: string; readonly version: string; readonly sha256: string }>>
  readonly boxes: 'detector' | 'index'
  readonly detector: string | null
  readonly crops: number
}

export interface ScoreFile {
  /** Rows of earlier runs, by name and perturbation. */
  readonly known: ReadonlyMap<string, PictureScores>
  append(row: PictureScores): Promise<void>
  close(): Promise<void>
}

export function scoreKey(row: Pick<PictureScores, 'name' | 'perturbation'>): string {
  return `${row.perturbation}\n${row.name}`
}

/**
 * Opens or creates a file of scores. A last line that was cut off by a crash is dropped; unreadable pictures are tried again.
 * @throws LivenessError DATA_INVALID when the file is of other models or settings.
 */
export async function openScores(file: string, header: ScoresHeader): Promise<ScoreFile> {
  const known = new Map<string, PictureScores>()
  const kept: string[] = [JSON.stringify(header)]
  if (existsSync(file)) {
    const [first, ...lines] = (await readFile(file, 'utf8')).split('\n')
    if (first !== kept[0]) {
      throw new LivenessError('DATA_INVALID', `${file} holds scores of other models or settings.`, {
        hint: 'Name another file with --scores, or remove this one.',
      })
    }
    for (const line of lines) {
      const row = parseRow(line)
      if (row === undefined || row.error !== undefined) continue
      known.set(scoreKey(row), row)
      kept.push(line)
    }
  }
  const handle: FileHandle = await open(file, 'w')
  await handle.write(`${kept.join('\n')}\n`)
  return {
    known,
    append: async (row) => {
      await handle.write(`${JSON.stringify(row)}\n`)
    },
    close: () => handle.close(),
  }
}

function parseRow(line: string): PictureScores | undefined {
  try {
    const row = JSON.parse(line) as PictureScores
    return typeof row.name === 'string' && typeof row.perturbation === 'string' && typeof row.models === 'object'
      ? row
      : undefined
  } catch {
    return undefined
  }
}
