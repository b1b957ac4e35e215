/** The report as one HTML file. Pictures are named by path, never embedded. */
import { formatPercent, formatRate, formatShare, type Rate, type RateReadings } from '@unspoof/evaluation'
import { detChart, histogramChart, reliabilityChart, rocChart, seriesColour } from '../html/charts.ts'
import { escapeHtml } from '../html/escape.ts'
import { htmlFigure, htmlPage, htmlTable } from '../html/page.ts'
import { counted } from '../terminal/counted.ts'
import type { Report, SetReport } from './report.ts'
import { estimatePercent, pValue, shortNumber, signed } from './report-text.ts'

export function renderHtml(
  report: Report,
  scoresOf: (set: string, model: string) => readonly { label: 'live' | 'spoof'; score: number }[],
): string {
  return htmlPage(
    'Face liveness evaluation',
    [
      overview(report),
      ...report.sets.map((set) => setSection(report, set, scoresOf)),
      subgroupSection(report),
      robustnessSection(report),
      worstSection(report),
      timingSection(report),
      notesSection(report),
    ].join('\n'),
  )
}

function overview(report: Report): string {
  const { settings, environment } = report
  const models = htmlTable(
    ['model', 'version', 'variant', 'operating point', 'SHA-256 of the weights'],
    report.models.map(({ key, version, variant, operatingPoint, sha256 }) => [
      key,
      version,
      variant,
      `${operatingPoint.name} (${shortNumber(operatingPoint.threshold)})`,
      sha256,
    ]),
  )
  return `<p>${escapeHtml(report.created)}, data <code>${escapeHtml(settings.source)}</code>, ${counted(report.pictures, 'picture')}, made with <code>${escapeHtml(settings.command)}</code> (unspoof ${escapeHtml(environment.unspoof)}, Node ${escapeHtml(environment.node)}, ${escapeHtml(environment.cpu)}).</p>
${models}
${report.warnings.map((warning) => `<p class="note">${escapeHtml(warning)}</p>`).join('\n')}`
}

function rate(value: Rate | null | undefined, none: string): string {
  return value === null || value === undefined ? none : formatRate(value)
}

function share(reading: RateReadings | null): string {
  if (reading === null) return '-'
  return `${reading.nonResponse.count} of ${reading.nonResponse.n}`
}

function setSection(report: Report, set: SetReport, scoresOf: Parameters<typeof renderHtml>[1]): string {
  const first = Object.values(set.models)[0]!
  const rows = report.models.map(({ key }) => {
    const { ranking, rates, reliability } = set.models[key]!
    return [
      key,
      ranking === null ? 'one class' : formatShare(ranking.auc.value, ranking.auc.interval),
      ranking === null ? 'one class' : estimatePercent(ranking.eer),
      rates.worst === null ? 'no species with 30 or more' : `${rates.worst.species}: ${formatRate(rates.worst.rate)}`,
      rate(rates.bpcer?.refused, 'no live'),
      rate(rates.bpcer?.removed, '-'),
      `${share(rates.bpcer)} / ${share(rates.pooledApcer)}`,
      rates.acer === null ? '-' : formatPercent(rates.acer),
      reliability === null ? '-' : reliability.ece.toFixed(3),
    ]
  })
  const columns = [
    'model',
    'AUC',
    'EER',
    'APCER, worst species',
    'BPCER',
    'BPCER, no answer removed',
    'no answer live / spoof',
    'ACER (not an ISO metric)',
    'ECE',
  ]
  const species = report.models.flatMap(({ key }) =>
    Object.entries(set.models[key]!.rates.species).map(([name, reading]) => [
      key,
      name,
      rate(reading.refused, '-'),
      rate(reading.removed, '-'),
      share(reading),
      reading.refused!.claim === null ? 'none' : `at most ${formatPercent(reading.refused!.claim)}`,
    ]),
  )
  const curves = report.models.flatMap(({ key }) => {
    const { ranking } = set.models[key]!
    return ranking === null ? [] : [{ name: key, curve: ranking.curve }]
  })
  const at = report.models.flatMap(({ key }) => {
    const { ranking, rates } = set.models[key]!
    if (ranking === null) return []
    const n = rates.bpcer!.removed!.n
    return [
      [
        key,
        ...ranking.bpcerAt.map(({ bpcer, threshold }) => {
          if (!Number.isFinite(threshold)) return 'only by refusing everybody'
          return `${bpcer === 0 ? `0 of ${n}` : formatPercent(bpcer)} (${shortNumber(threshold)})`
        }),
      ],
    ]
  })
  const legend = curves
    .map(({ name }, i) => `<span class="key" style="background:${seriesColour(i)}"></span>${escapeHtml(name)}`)
    .join(' &nbsp; ')
  const charts =
    curves.length === 0
      ? ''
      : `<p>${legend}</p>${htmlFigure(detChart(curves), 'DET: lower left is better.')}${htmlFigure(rocChart(curves), 'ROC: upper left is better.')}`
  const perModel = report.models.map(({ key, operatingPoint }) => {
    const { reliability } = set.models[key]!
    const histogram = htmlFigure(
      histogramChart(scoresOf(set.set, key), operatingPoint.threshold),
      `${key}: live blue, spoof orange, threshold dashed.`,
    )
    return reliability === null
      ? histogram
      : `${histogram}${htmlFigure(reliabilityChart(reliability), `${key}: reliability; on the line is calibrated (for the share of attacks in this set).`)}`
  })
  return `<h2>${escapeHtml(set.set)}</h2>
<p>${first.counts.live} live, ${first.counts.spoof} spoof, ${first.counts.clusters} subjects, videos or lone pictures.</p>
${htmlTable(columns, rows)}
${species.length === 0 ? '' : `<h3>APCER by species</h3>${htmlTable(['model', 'species', 'APCER', 'APCER, no answer removed', 'no answer', 'strongest claim (one-sided 95 %)'], species)}`}
${at.length === 0 ? '' : `<h3>BPCER at a fixed APCER</h3><p>Thresholds chosen on these very data: optimistic.</p>${htmlTable(['model', 'APCER 10 %', 'APCER 5 %', 'APCER 1 %'], at)}`}
${comparisonTable(set)}
${charts}
<div>${perModel.join('')}</div>`
}

function comparisonTable({ comparisons }: SetReport): string {
  if (comparisons.length === 0) return ''
  const rows = comparisons.map(({ model, against, mcnemar, adjustedP, auc }) => [
    `${model} against ${against}`,
    `${mcnemar.onlyFirst} : ${mcnemar.onlySecond}`,
    pValue(adjustedP),
    auc === null
      ? '-'
      : `${signed(auc.difference)}${auc.interval === null ? '' : ` [${signed(auc.interval[0])}, ${signed(auc.interval[1])}]`}`,
  ])
  return `<h3>Paired comparison</h3>${htmlTable(['pair', 'wrong only there', 'McNemar p (exact, Holm)', 'AUC difference, 95 %'], rows)}`
}

function subgroupSection(report: Report): string {
  if (report.subgroups.length === 0) return ''
  const tables = report.subgroups.map(({ by, model, groups }) => {
    const rows = groups.map(({ name, live, spoof, rates }) => [
      name,
      String(live),
      String(spoof),
      rates === null ? 'too few' : rate(rates.bpcer?.refused, 'no live'),
      rates === null ? 'too few' : rate(rates.pooledApcer?.refused, 'no attacks'),
    ])
    return `<h3>By ${escapeHtml(by)}, ${escapeHtml(model)}</h3>${htmlTable([by, 'live', 'spoof', 'BPCER', 'APCER (pooled)'], rows)}`
  })
  return `<h2>Subgroups</h2><p>Groups of fewer than 60 pictures have no rate. The skin tone is a proxy measured from the picture (ITA), which light moves too.</p>${tables.join('')}`
}

function robustnessSection(report: Report): string {
  if (report.robustness.length === 0) return ''
  const rows = report.robustness.map(({ perturbation, model, n, flips, summary }) => [
    perturbation,
    model,
    summary.ranking === null ? 'one class' : formatShare(summary.ranking.auc.value, null),
    rate(summary.rates.bpcer?.refused, 'no live'),
    rate(summary.rates.pooledApcer?.refused, 'no attacks'),
    String(summary.counts.nonResponse),
    `${flips} of ${n}`,
  ])
  return `<h2>Robustness</h2>${htmlTable(['perturbation', 'model', 'AUC', 'BPCER', 'APCER (pooled)', 'no answer', 'accepted or refused otherwise'], rows)}`
}

function worstSection(report: Report): string {
  const tables = Object.entries(report.worst)
    .filter(([, pictures]) => pictures.length > 0)
    .map(([model, pictures]) => {
      const rows = pictures.map(({ name, label, score }) => [name, label, score.toFixed(4)])
      return `<h3>${escapeHtml(model)}</h3>${htmlTable(['picture', 'truth', 'live probability'], rows)}`
    })
  return tables.length === 0 ? '' : `<h2>Most confident mistakes</h2>${tables.join('')}`
}

function timingSection({ timings, models }: Report): string {
  const cells = (summary: { median: number; p95: number } | null) =>
    summary === null ? ['-', '-'] : [summary.median.toFixed(2), summary.p95.toFixed(2)]
  const rows = [
    ['decode', ...cells(timings.decode)],
    ['detect', ...cells(timings.detect)],
    ...models.flatMap(({ key }) => [
      [`crop, ${key}`, ...cells(timings.models[key]!.crop)],
      [`model, ${key}`, ...cells(timings.models[key]!.model)],
    ]),
  ]
  return `<h2>Timings</h2><p>Milliseconds a picture, one thread a process, ${timings.workers} processes.</p>${htmlTable(['step', 'median', 'p95'], rows)}`
}

function notesSection(report: Report): string {
  const { unreadable, duplicates, nearDuplicates, settings } = report
  const unreadableTable =
    unreadable.length === 0
      ? ''
      : `<h3>Pictures that could not be read (in no rate)</h3>${htmlTable(
          ['picture', 'code', 'message'],
          unreadable.map(({ name, code, message }) => [name, code, message]),
        )}`
  const duplicateTable =
    duplicates.length === 0
      ? ''
      : `<h3>Same picture more than once</h3>${htmlTable(
          ['pictures'],
          duplicates.map((names) => [names.join(', ')]),
        )}`
  const nearTable =
    nearDuplicates.groups.length === 0
      ? ''
      : `<h3>Nearly the same picture, of different subjects, videos or labels</h3>${htmlTable(
          ['pictures'],
          nearDuplicates.groups.map((names) => [names.join(', ')]),
        )}`
  const trained = nearDuplicates.trained ?? []
  const trainedTable =
    trained.length === 0
      ? ''
      : `<h3>Nearly a picture the model was trained on</h3>${htmlTable(
          ['picture', 'trained on'],
          trained.map(({ name, trainedOn }) => [name, trainedOn]),
        )}`
  return `<h2>How to read this</h2>
<ul>
<li>APCER: share of attacks of one species that were accepted; the worst species with 30 or more pictures is the headline. BPCER: share of live people refused. Counted as a door does: no answer is a refusal; the other reading stands beside it.</li>
<li>Intervals are 95 %: the wider of Clopper-Pearson and a bootstrap over subjects (${settings.resamples} resamples, seed ${settings.seed}). "0 of n (&lt;= u %)" gives the one-sided 95 % bound.</li>
<li>The EER is interpolated between neighbouring thresholds. AUC and EER compare models and promise nothing about a threshold.</li>
<li>No laboratory has tested this. What the data do not hold, this page cannot tell.</li>
</ul>
${unreadableTable}${duplicateTable}${nearTable}${trainedTable}`
}
