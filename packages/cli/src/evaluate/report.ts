/** From scores to the report: what is printed, written as JSON and drawn as HTML. Pure, so that it can be tested on made-up scores. */
import type { OperatingPoint } from '@unspoof/core'
import {
  type AucDifference,
  aucDifference,
  type EvaluationSummary,
  groupBy,
  hasFewClusters,
  holm,
  type McNemar,
  mcnemar,
  type Presentation,
  perVideo,
  quantile,
  type Subgroup,
  subgroups,
  summarize,
  type TrueLabel,
} from '@unspoof/evaluation'
import { counted } from '../terminal/counted.ts'
import { type GroupBy, groupNameOf } from './groups.ts'
import type { LabelledPicture } from './index-file.ts'
import { findNearDuplicates, type HashedPicture, type NearDuplicates } from './near-duplicates.ts'
import type { PictureScores } from './scores.ts'

/** A model as the report names it. */
export interface ReportModel {
  /** Unique in the report. */
  readonly key: string
  readonly id: string
  readonly version: string
  readonly variant: string
  readonly sha256: string
  readonly operatingPoint: OperatingPoint
}

export interface ReportSettings {
  readonly source: string
  readonly command: string
  readonly boxes: 'detector' | 'index'
  readonly crops: number
  readonly groups: readonly GroupBy[]
  /** True where the frames of a video make one decision. */
  readonly perVideo: boolean
  readonly resamples: number
  readonly seed: number
}

export interface SetReport {
  /** Name of the set; `all (pooled)` for everything together. */
  readonly set: string
  readonly models: Readonly<Record<string, EvaluationSummary>>
  /** Each other model against the first, on the same pictures. */
  readonly comparisons: readonly Comparison[]
}

export interface Comparison {
  readonly model: string
  readonly against: string
  /** Wrong answers at the operating points; a non-response is wrong for a live person and right for an attack. */
  readonly mcnemar: McNemar
  /** The p-value after Holm's correction over all comparisons of the set; `null` with too few subjects for a test. */
  readonly adjustedP: number | null
  /** `null` where the models have no two classes of pictures in common. */
  readonly auc: AucDifference | null
}

export interface RobustnessRow {
  readonly perturbation: string
  readonly model: string
  /** Pictures judged with and without the perturbation. */
  readonly n: number
  /** Accepted attacks and refused live people under the perturbation. */
  readonly summary: EvaluationSummary
  /** Pictures whose acceptance changed. */
  readonly flips: number
}

export interface WorstPicture {
  readonly name: string
  readonly label: TrueLabel
  readonly score: number
}

export interface TimingSummary {
  readonly median: number
  readonly p95: number
}

export interface Report {
  readonly unspoofReport: 1
  readonly created: string
  readonly settings: ReportSettings
  readonly environment: {
    readonly unspoof: string
    readonly node: string
    readonly platform: string
    readonly cpu: string
  }
  readonly models: readonly ReportModel[]
  /** How many pictures there are, and those that could not be read: they are in no rate. */
  readonly pictures: number
  readonly unreadable: readonly { readonly name: string; readonly code: string; readonly message: string }[]
  /** Groups of pictures with the same bytes. */
  readonly duplicates: readonly (readonly string[])[]
  /** Pictures that nearly equal each other, or what the model was trained on, and should not. */
  readonly nearDuplicates: Omit<NearDuplicates, 'warnings'>
  readonly sets: readonly SetReport[]
  readonly subgroups: readonly { readonly by: string; readonly model: string; readonly groups: readonly Subgroup[] }[]
  readonly robustness: readonly RobustnessRow[]
  /** The most confident mistakes of each model. */
  readonly worst: Readonly<Record<string, readonly WorstPicture[]>>
  /** Milliseconds a picture. */
  readonly timings: {
    readonly decode: TimingSummary | null
    readonly detect: TimingSummary | null
    readonly models: Readonly<
      Record<string, { readonly crop: TimingSummary | null; readonly model: TimingSummary | null }>
    >
    /** Seconds of the whole run, and how many processes worked. */
    readonly wallSeconds: number
    readonly workers: number
  }
  readonly warnings: readonly string[]
}

export interface ReportParts {
  readonly settings: ReportSettings
  readonly environment: Report['environment']
  readonly models: readonly ReportModel[]
  readonly pictures: readonly LabelledPicture[]
  /** Rows of the index that named a picture again. */
  readonly dropped: number
  readonly rows: readonly PictureScores[]
  /** What the models were trained on, where that is known. */
  readonly training?: readonly HashedPicture[] | undefined
  readonly wallSeconds: number
  readonly workers: number
}

/** A presentation that remembers its picture. */
interface ReportPresentation extends Presentation {
  readonly picture: LabelledPicture
  readonly row: PictureScores
  /** For {@link perVideo}. */
  readonly unstable: number | undefined
}

export const POOLED = 'all (pooled)'
const WORST_SHOWN = 24

export function buildReport(parts: ReportParts): Report {
  const { settings, models, pictures } = parts
  const byName = new Map(pictures.map((picture) => [picture.name, picture]))
  const plain = parts.rows.filter((row) => row.perturbation === '')
  const readable = plain.filter((row) => row.error === undefined)
  const unreadable = plain.flatMap(({ name, error }) => (error === undefined ? [] : [{ name, ...error }]))
  const bootstrap = { resamples: settings.resamples, seed: settings.seed }
  const presentationsOf = (rows: readonly PictureScores[], model: ReportModel): ReportPresentation[] =>
    rows.map((row) => {
      const picture = byName.get(row.name)!
      const cluster = picture.subject ?? picture.video
      return {
        label: picture.label,
        score: row.models[model.key]!.score,
        unstable: row.models[model.key]!.unstable,
        ...(picture.species === undefined ? {} : { species: picture.species }),
        ...(cluster === undefined ? {} : { cluster }),
        picture,
        row,
      }
    })
  const decisions = (presentations: readonly ReportPresentation[]): Presentation[] =>
    settings.perVideo
      ? perVideo(presentations.map((p) => ({ ...p, video: p.picture.video ?? p.picture.name })))
      : [...presentations]

  const sets = [...groupBy(readable, (row) => byName.get(row.name)!.set)]
  if (sets.length > 1) sets.push([POOLED, [...readable]])
  const setReports = sets.map(([set, rows]): SetReport => {
    const byModel = models.map((model) => decisions(presentationsOf(rows, model)))
    return {
      set,
      models: Object.fromEntries(
        models.map((model, i) => [
          model.key,
          summarize(byModel[i]!, { threshold: model.operatingPoint.threshold, bootstrap }),
        ]),
      ),
      comparisons: compareAll(models, byModel, bootstrap),
    }
  })

  const { warnings: sharing, ...nearDuplicates } = findNearDuplicates(readable, pictures, parts.training)

  return {
    unspoofReport: 1,
    created: new Date().toISOString(),
    settings,
    environment: parts.environment,
    models,
    pictures: pictures.length,
    unreadable,
    duplicates: duplicatesOf(readable),
    nearDuplicates,
    sets: setReports,
    subgroups: settings.groups.flatMap((by) =>
      models.map((model) => ({
        by,
        model: model.key,
        groups: subgroups(presentationsOf(readable, model), (p) => groupNameOf(by, p.picture, p.row), {
          threshold: model.operatingPoint.threshold,
          bootstrap,
        }).sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })),
      })),
    ),
    robustness: robustnessOf(parts.rows, readable, models, presentationsOf, bootstrap),
    worst: Object.fromEntries(models.map((model) => [model.key, worstOf(presentationsOf(readable, model), model)])),
    timings: {
      decode: timing(readable.map((row) => row.timings.decode)),
      detect: settings.boxes === 'index' ? null : timing(readable.map((row) => row.timings.detect)),
      models: Object.fromEntries(
        models.map(({ key }) => {
          const judged = readable.map((row) => row.models[key]!).filter((score) => score.margin !== null)
          return [
            key,
            { crop: timing(judged.map((s) => s.timings.crop)), model: timing(judged.map((s) => s.timings.model)) },
          ]
        }),
      ),
      wallSeconds: parts.wallSeconds,
      workers: parts.workers,
    },
    warnings: [...warningsOf(setReports, pictures, readable, parts.dropped), ...sharing],
  }
}

/** Wrong at the operating point, as a door counts: somebody live who is not let in, an attack that is. */
function isWrong({ label, score }: Presentation, threshold: number): boolean {
  const accepted = score !== null && score >= threshold
  return label === 'live' ? !accepted : accepted
}

function compareAll(
  models: readonly ReportModel[],
  byModel: readonly (readonly Presentation[])[],
  bootstrap: { readonly resamples: number; readonly seed: number },
): Comparison[] {
  const [first, ...others] = models
  if (first === undefined || others.length === 0) return []
  const firstWrong = byModel[0]!.map((p) => isWrong(p, first.operatingPoint.threshold))
  const tests = others.map((model, i) =>
    mcnemar(
      firstWrong,
      byModel[i + 1]!.map((p) => isWrong(p, model.operatingPoint.threshold)),
    ),
  )
  const adjusted = holm(tests.map(({ p }) => p))
  return others.map((model, i) => {
    const both = byModel[0]!.filter((p, k) => p.score !== null && byModel[i + 1]![k]!.score !== null)
    const comparable = new Set(both.map((p) => p.label)).size === 2
    return {
      model: first.key,
      against: model.key,
      mcnemar: tests[i]!,
      adjustedP: hasFewClusters(byModel[0]!) ? null : adjusted[i]!,
      auc: comparable ? aucDifference(byModel[0]!, byModel[i + 1]!, bootstrap) : null,
    }
  })
}

function robustnessOf(
  rows: readonly PictureScores[],
  plain: readonly PictureScores[],
  models: readonly ReportModel[],
  presentationsOf: (rows: readonly PictureScores[], model: ReportModel) => ReportPresentation[],
  bootstrap: { readonly resamples: number; readonly seed: number },
): RobustnessRow[] {
  const before = new Map(plain.map((row) => [row.name, row]))
  const swept = groupBy(
    rows.filter((row) => row.perturbation !== '' && row.error === undefined && before.has(row.name)),
    (row) => row.perturbation,
  )
  return [...swept].flatMap(([perturbation, group]) =>
    models.map((model): RobustnessRow => {
      const { threshold } = model.operatingPoint
      const accepted = (row: PictureScores) => (row.models[model.key]!.score ?? -1) >= threshold
      return {
        perturbation,
        model: model.key,
        n: group.length,
        summary: summarize(presentationsOf(group, model), { threshold, bootstrap: { ...bootstrap, resamples: 200 } }),
        flips: group.filter((row) => accepted(row) !== accepted(before.get(row.name)!)).length,
      }
    }),
  )
}

function worstOf(presentations: readonly ReportPresentation[], model: ReportModel): WorstPicture[] {
  const { threshold } = model.operatingPoint
  return presentations
    .flatMap(({ label, score, picture }) =>
      score !== null && isWrong({ label, score }, threshold) ? [{ name: picture.name, label, score }] : [],
    )
    .sort((a, b) => Math.abs(b.score - threshold) - Math.abs(a.score - threshold))
    .slice(0, WORST_SHOWN)
}

function duplicatesOf(rows: readonly PictureScores[]): string[][] {
  const hashed = rows.filter((row) => row.sha256 !== undefined)
  return [...groupBy(hashed, (row) => row.sha256!).values()]
    .filter((group) => group.length > 1)
    .map((group) => group.map((row) => row.name))
}

function timing(values: readonly number[]): TimingSummary | null {
  if (values.length === 0) return null
  const sorted = [...values].sort((a, b) => a - b)
  return { median: quantile(sorted, 0.5), p95: quantile(sorted, 0.95) }
}

function warningsOf(
  sets: readonly SetReport[],
  pictures: readonly LabelledPicture[],
  readable: readonly PictureScores[],
  dropped: number,
): string[] {
  const warnings: string[] = []
  if (dropped > 0) warnings.push(`${dropped} rows of the index named a picture again and were dropped.`)
  if (pictures.every((picture) => picture.subject === undefined && picture.video === undefined)) {
    warnings.push(
      'No subject or video column: intervals treat every picture as another person, and are too narrow if they are not.',
    )
  }
  for (const { set, models } of sets) {
    const summary = Object.values(models)[0]
    if (summary === undefined || set === POOLED) continue
    if (summary.fewClusters) {
      warnings.push(`${set}: only ${summary.counts.clusters} subjects or videos; look at the counts, not at the rates.`)
    }
    if (summary.counts.live === 0) warnings.push(`${set}: no live pictures, so no BPCER, AUC or EER.`)
    if (summary.counts.spoof === 0) warnings.push(`${set}: no attack pictures, so no APCER, AUC or EER.`)
  }
  const empty = new Set(pictures.map(({ set }) => set))
  for (const { set } of sets) empty.delete(set)
  for (const set of empty) warnings.push(`${set}: no picture could be read.`)
  const labels = new Map<string, Set<TrueLabel>>()
  const byName = new Map(pictures.map((picture) => [picture.name, picture]))
  for (const row of readable) {
    if (row.sha256 === undefined) continue
    labels.set(row.sha256, (labels.get(row.sha256) ?? new Set()).add(byName.get(row.name)!.label))
  }
  const contradicting = [...labels.values()].filter((set) => set.size > 1).length
  if (contradicting > 0) warnings.push(`${counted(contradicting, 'picture')} in the data both as live and as spoof.`)
  return warnings
}
