/** The report on a terminal. */
import { type EvaluationSummary, formatPercent, formatRate, formatShare, type RateReadings } from '@unspoof/evaluation'
import { counted } from '../terminal/counted.ts'
import { table } from '../terminal/table.ts'
import { printable } from '../terminal/terminal.ts'
import type { Report, SetReport, TimingSummary } from './report.ts'

export function renderText(report: Report): string {
  return [
    ...report.sets.map((set) => setText(report, set)),
    ...comparisonText(report),
    ...subgroupText(report),
    ...robustnessText(report),
    timingText(report),
    notesText(report),
  ].join('\n\n')
}

function setText(report: Report, { set, models }: SetReport): string {
  const first = Object.values(models)[0]!
  const species = Object.entries(first.rates.species)
    .map(([name, reading]) => `${name} ${reading.refused!.n}`)
    .join(', ')
  const head = `${set}: ${first.counts.live} live, ${first.counts.spoof} spoof${species === '' ? '' : ` (${species})`}`
  const rows = report.models.map(({ key, operatingPoint }) => {
    const summary = models[key]!
    return [
      key,
      summary.ranking === null ? 'one class' : formatShare(summary.ranking.auc.value, summary.ranking.auc.interval),
      summary.ranking === null ? 'one class' : estimatePercent(summary.ranking.eer),
      `${operatingPoint.name} ${shortNumber(operatingPoint.threshold)}`,
      worstText(summary),
      summary.rates.bpcer === null ? 'no live' : formatRate(summary.rates.bpcer.refused!),
      `${nonResponse(summary.rates.bpcer)} / ${nonResponse(summary.rates.pooledApcer)}`,
    ]
  })
  const columns = ['model', 'AUC', 'EER', 'operating point', 'APCER (worst species)', 'BPCER', 'no answer live / spoof']
  return `${head}\n${table(
    columns.map((title) => ({ title })),
    rows,
  )}${removedText(report, models)}${speciesText(report, models)}`
}

/** The second reading, where it differs. */
function removedText(report: Report, models: SetReport['models']): string {
  return report.models
    .map(({ key }) => {
      const { rates } = models[key]!
      const silent = (rates.bpcer?.nonResponse.count ?? 0) + (rates.pooledApcer?.nonResponse.count ?? 0)
      if (silent === 0) return ''
      const bpcer = rates.bpcer?.removed
      const worst = rates.worst === null ? null : rates.species[rates.worst.species]!.removed
      return `\n  ${key}, pictures without an answer removed: APCER ${worst == null ? '-' : formatRate(worst)}, BPCER ${bpcer == null ? '-' : formatRate(bpcer)}`
    })
    .join('')
}

function speciesText(report: Report, models: SetReport['models']): string {
  return report.models
    .map(({ key }) => {
      const species = Object.entries(models[key]!.rates.species)
      if (species.length < 2) return ''
      const rates = species.map(([name, reading]) => `${name} ${formatRate(reading.refused!)}`)
      return `\n  ${key}, APCER by species: ${rates.join('; ')}`
    })
    .join('')
}

function worstText({ rates }: EvaluationSummary): string {
  if (rates.worst !== null) return `${rates.worst.species} ${formatRate(rates.worst.rate)}`
  if (rates.tooFew.length > 0) {
    return rates.tooFew.map((name) => `${name} ${formatRate(rates.species[name]!.refused!)}, too few`).join('; ')
  }
  return 'no attacks'
}

function nonResponse(reading: RateReadings | null): string {
  return reading === null ? '-' : `${reading.nonResponse.count}`
}

/** EER as per cent with its interval: `3.9 % [2.2, 5.8]`. */
export function estimatePercent({
  value,
  interval,
}: {
  value: number
  interval: readonly [number, number] | null
}): string {
  if (value === 0) return '0 (no overlap)'
  const digits = interval === null || interval[1] - interval[0] < 0.1 ? 1 : 0
  const percent = (share: number) => (share * 100).toFixed(digits)
  return `${percent(value)} %${interval === null ? '' : ` [${percent(interval[0])}, ${percent(interval[1])}]`}`
}

export function shortNumber(value: number): string {
  return String(Number(value.toPrecision(4)))
}

function comparisonText(report: Report): string[] {
  const rows = report.sets.flatMap(({ set, comparisons }) =>
    comparisons.map(({ model, against, mcnemar, adjustedP, auc }) => [
      set,
      `${model} against ${against}`,
      `${mcnemar.onlyFirst} : ${mcnemar.onlySecond}`,
      pValue(adjustedP),
      auc === null ? '-' : signed(auc.difference),
      auc?.interval == null ? '-' : `[${signed(auc.interval[0])}, ${signed(auc.interval[1])}]`,
    ]),
  )
  if (rows.length === 0) return []
  const columns = ['set', 'pair', 'wrong only there', 'McNemar p (Holm)', 'AUC difference', '95 %']
  return [
    `Paired comparison (better means: p below 0.05, or an interval without 0)\n${table(
      columns.map((title) => ({ title })),
      rows,
    )}`,
  ]
}

export function pValue(p: number | null): string {
  if (p === null) return 'too few subjects'
  return p < 0.001 ? '< 0.001' : p.toFixed(3)
}

export function signed(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(3)}`
}

function subgroupText(report: Report): string[] {
  return report.subgroups.map(({ by, model, groups }) => {
    const rows = groups.map(({ name, live, spoof, rates }) => [
      name,
      `${live}`,
      `${spoof}`,
      rates === null ? 'too few' : rates.bpcer === null ? 'no live' : formatRate(rates.bpcer.refused!),
      rates === null ? 'too few' : rates.pooledApcer === null ? 'no attacks' : formatRate(rates.pooledApcer.refused!),
    ])
    const columns = [by, 'live', 'spoof', 'BPCER', 'APCER (pooled)']
    return `By ${by}, ${model}\n${table(
      columns.map((title) => ({ title })),
      rows,
    )}`
  })
}

function robustnessText(report: Report): string[] {
  if (report.robustness.length === 0) return []
  const rows = report.robustness.map(({ perturbation, model, n, flips, summary }) => [
    perturbation,
    model,
    summary.ranking === null ? 'one class' : formatShare(summary.ranking.auc.value, null),
    summary.rates.bpcer === null ? 'no live' : formatRate(summary.rates.bpcer.refused!),
    summary.rates.pooledApcer === null ? 'no attacks' : formatRate(summary.rates.pooledApcer.refused!),
    `${summary.counts.nonResponse}`,
    `${flips} of ${n} (${formatPercent(flips / n)})`,
  ])
  const columns = [
    'perturbation',
    'model',
    'AUC',
    'BPCER',
    'APCER (pooled)',
    'no answer',
    'accepted or refused otherwise',
  ]
  return [
    `Robustness\n${table(
      columns.map((title) => ({ title })),
      rows,
    )}`,
  ]
}

function timingText(report: Report): string {
  const { timings } = report
  const cell = (summary: TimingSummary | null) =>
    summary === null ? ['-', '-'] : [summary.median.toFixed(2), summary.p95.toFixed(2)]
  const rows = [
    ['decode', ...cell(timings.decode)],
    ['detect', ...cell(timings.detect)],
    ...report.models.flatMap(({ key }) => [
      [`crop, ${key}`, ...cell(timings.models[key]!.crop)],
      [`model, ${key}`, ...cell(timings.models[key]!.model)],
    ]),
  ]
  const speed = timings.wallSeconds > 0 ? `; ${timings.wallSeconds.toFixed(1)} s on ${timings.workers} processes` : ''
  return `Milliseconds a picture${speed}\n${table(
    [{ title: 'step' }, { title: 'median', align: 'right' }, { title: 'p95', align: 'right' }],
    rows,
  )}`
}

function notesText(report: Report): string {
  const { settings, unreadable, duplicates, warnings } = report
  const lines = [
    `Rates: as a door counts, a picture without an answer is refused. Intervals: 95 %, the wider of Clopper-Pearson and a bootstrap over subjects (${settings.resamples} resamples, seed ${settings.seed}). AUC and EER compare models; they promise nothing. ACER is not an ISO metric and is in the JSON only.`,
    ...warnings.map((warning) => `Note: ${printable(warning)}`),
    ...(duplicates.length === 0
      ? []
      : [`Note: ${counted(duplicates.length, 'picture')} in the data more than once (same bytes).`]),
    ...(unreadable.length === 0
      ? []
      : [
          `${unreadable.length} of ${counted(report.pictures, 'picture')} could not be read and are in no rate:`,
          ...unreadable.slice(0, 20).map(({ name, code, message }) => `  ${printable(name)}: ${code}: ${message}`),
          ...(unreadable.length > 20 ? [`  and ${unreadable.length - 20} more (see --json)`] : []),
        ]),
  ]
  return lines.join('\n')
}
