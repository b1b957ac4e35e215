/** Charts as inline SVG: no scripts, no fonts, readable in light and dark. */
import type { CurvePoint, Reliability, TrueLabel } from '@unspoof/evaluation'
import { escapeHtml } from './escape.ts'

/** Colours of the series, told apart by people with colour blindness (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'] as const

const SIZE = 360
const MARGIN = { left: 52, right: 12, top: 12, bottom: 44 } as const
const WIDTH = SIZE - MARGIN.left - MARGIN.right
const HEIGHT = SIZE - MARGIN.top - MARGIN.bottom

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

interface Axis {
  readonly title: string
  readonly ticks: readonly { readonly at: number; readonly label: string }[]
  /** From a value to 0..1 along the axis. */
  readonly place: (value: number) => number
}

export function seriesColour(index: number): string {
  return COLOURS[index % COLOURS.length]!
}

function plot(title: string, x: Axis, y: Axis, body: string): string {
  const px = (value: number) => MARGIN.left + x.place(value) * WIDTH
  const py = (value: number) => MARGIN.top + (1 - y.place(value)) * HEIGHT
  const grid = [
    ...x.ticks.map(
      ({ at, label }) =>
        `<line class="grid" x1="${n(px(at))}" x2="${n(px(at))}" y1="${MARGIN.top}" y2="${MARGIN.top + HEIGHT}"/><text x="${n(px(at))}" y="${MARGIN.top + HEIGHT + 16}" text-anchor="middle">${label}</text>`,
    ),
    ...y.ticks.map(
      ({ at, label }) =>
        `<line class="grid" y1="${n(py(at))}" y2="${n(py(at))}" x1="${MARGIN.left}" x2="${MARGIN.left + WIDTH}"/><text x="${MARGIN.left - 6}" y="${n(py(at) + 4)}" text-anchor="end">${label}</text>`,
    ),
  ].join('')
  return `<svg viewBox="0 0 ${SIZE} ${SIZE}" role="img" aria-label="${escapeHtml(title)}">${grid}${body}<text x="${MARGIN.left + WIDTH / 2}" y="${SIZE - 8}" text-anchor="middle">${escapeHtml(x.title)}</text><text transform="translate(12 ${MARGIN.top + HEIGHT / 2}) rotate(-90)" text-anchor="middle">${escapeHtml(y.title)}</text></svg>`
}

function lines(series: readonly Series[], x: Axis, y: Axis): string {
  return series
    .map(({ name, points }, i) => {
      const path = points
        .map(([a, b]) => `${n(MARGIN.left + x.place(a) * WIDTH)},${n(MARGIN.top + (1 - y.place(b)) * HEIGHT)}`)
        .join(' ')
      return `<polyline points="${path}" fill="none" stroke="${seriesColour(i)}" stroke-width="2"><title>${escapeHtml(name)}</title></polyline>`
    })
    .join('')
}

const SHARE_TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1].map((at) => ({ at, label: String(at) }))
const linear = (title: string): Axis => ({ title, ticks: SHARE_TICKS, place: clamp })

export function rocChart(curves: readonly { readonly name: string; readonly curve: readonly CurvePoint[] }[]): string {
  const x = linear('attacks accepted (APCER)')
  const y = linear('live people accepted (1 - BPCER)')
  const series = curves.map(({ name, curve }) => ({
    name,
    points: thin(curve).map((p) => [p.apcer, 1 - p.bpcer] as const),
  }))
  return plot('ROC curve', x, y, lines(series, x, y))
}

/** Rates the DET axes reach down to; a rate of 0 is drawn at the edge. */
const DET_MIN = 0.001
const DET_MAX = 0.6

export function detChart(curves: readonly { readonly name: string; readonly curve: readonly CurvePoint[] }[]): string {
  const low = probit(DET_MIN)
  const high = probit(DET_MAX)
  const place = (rate: number) => (probit(Math.min(DET_MAX, Math.max(DET_MIN, rate))) - low) / (high - low)
  const ticks = [0.001, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4].map((at) => ({
    at,
    label: `${Number((at * 100).toFixed(1))} %`,
  }))
  const x: Axis = { title: 'APCER', ticks, place }
  const y: Axis = { title: 'BPCER', ticks, place }
  const series = curves.map(({ name, curve }) => ({
    name,
    // Only what lies inside the axes: clamped points would draw along the edges.
    points: thin(curve.filter((p) => p.apcer <= DET_MAX && p.bpcer <= DET_MAX)).map((p) => [p.apcer, p.bpcer] as const),
  }))
  return plot('DET curve on normal-deviate axes', x, y, lines(series, x, y))
}

export function histogramChart(
  scores: readonly { readonly label: TrueLabel; readonly score: number }[],
  threshold: number,
): string {
  const bins = 25
  const counts = { live: new Array<number>(bins).fill(0), spoof: new Array<number>(bins).fill(0) }
  for (const { label, score } of scores) counts[label][Math.min(bins - 1, Math.floor(score * bins))]! += 1
  const shares = (label: TrueLabel) => {
    const total = counts[label].reduce((a, b) => a + b, 0)
    return counts[label].map((count) => (total === 0 ? 0 : count / total))
  }
  const live = shares('live')
  const spoof = shares('spoof')
  const top = Math.max(0.05, ...live, ...spoof)
  const x = linear('live probability')
  const y: Axis = {
    title: 'share of the class',
    ticks: [0, 0.25, 0.5, 0.75, 1].map((part) => ({ at: part * top, label: (part * top).toFixed(2) })),
    place: (value) => clamp(value / top),
  }
  const bar = (value: number, i: number, colour: string) => {
    const height = y.place(value) * HEIGHT
    if (height === 0) return ''
    return `<rect x="${n(MARGIN.left + (i / bins) * WIDTH)}" y="${n(MARGIN.top + HEIGHT - height)}" width="${n(WIDTH / bins - 1)}" height="${n(height)}" fill="${colour}" fill-opacity=".55"/>`
  }
  const at = MARGIN.left + clamp(threshold) * WIDTH
  const body = [
    ...live.map((value, i) => bar(value, i, COLOURS[0])),
    ...spoof.map((value, i) => bar(value, i, COLOURS[1])),
    `<line x1="${n(at)}" x2="${n(at)}" y1="${MARGIN.top}" y2="${MARGIN.top + HEIGHT}" class="mark"/>`,
  ].join('')
  return plot('Histogram of live probabilities: live blue, spoof orange, threshold dashed', x, y, body)
}

export function reliabilityChart(reliability: Reliability): string {
  const x = linear('mean live probability')
  const y = linear('share that was live')
  const px = (value: number) => MARGIN.left + x.place(value) * WIDTH
  const py = (value: number) => MARGIN.top + (1 - y.place(value)) * HEIGHT
  const body = [
    `<line class="mark" x1="${px(0)}" y1="${py(0)}" x2="${px(1)}" y2="${py(1)}"/>`,
    ...reliability.bins.flatMap(({ meanScore, liveShare, interval, n: count }) =>
      meanScore === null || liveShare === null || interval === null
        ? []
        : [
            `<line x1="${n(px(meanScore))}" x2="${n(px(meanScore))}" y1="${n(py(interval[0]))}" y2="${n(py(interval[1]))}" stroke="${COLOURS[0]}"/>`,
            `<circle cx="${n(px(meanScore))}" cy="${n(py(liveShare))}" r="4" fill="${COLOURS[0]}"><title>${count} pictures</title></circle>`,
          ],
    ),
  ].join('')
  return plot('Reliability diagram with 95 % intervals', x, y, body)
}

/** Radial profiles: the log spectrum over the frequency, in cycles a pixel. */
export function profileChart(
  profiles: readonly { readonly name: string; readonly values: ArrayLike<number> }[],
): string {
  const top = Math.max(1, ...profiles.flatMap(({ values }) => Array.from(values)))
  const x: Axis = {
    title: 'frequency, cycles a pixel',
    ticks: [0, 0.1, 0.2, 0.3, 0.4, 0.5].map((at) => ({ at, label: String(at) })),
    place: (value) => clamp(value * 2),
  }
  const y: Axis = {
    title: 'mean log magnitude',
    ticks: [0, 0.25, 0.5, 0.75, 1].map((part) => ({ at: part * top, label: (part * top).toFixed(1) })),
    place: (value) => clamp(value / top),
  }
  const series = profiles.map(({ name, values }) => ({
    name,
    points: Array.from(values, (value, i) => [i / (2 * Math.max(1, values.length - 1)), value] as const),
  }))
  return plot('Radial profile of the log spectrum', x, y, lines(series, x, y))
}

/** At most 400 points, ends kept: a curve of 60,000 scores would make a page of megabytes. */
function thin<T>(points: readonly T[]): readonly T[] {
  const most = 400
  if (points.length <= most) return points
  return Array.from({ length: most }, (_, i) => points[Math.round((i * (points.length - 1)) / (most - 1))]!)
}

function clamp(value: number): number {
  return Math.min(1, Math.max(0, value))
}

function n(value: number): string {
  return value.toFixed(1)
}

/** The inverse of the normal distribution function for p inside (0, 1), by bisection: only axes are made with it. */
export function probit(p: number): number {
  let low = -8
  let high = 8
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (normal(middle) < p) low = middle
    else high = middle
  }
  return (low + high) / 2
}

/** Normal distribution function; Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
function normal(x: number): number {
  const t = 1 / (1 + 0.2316419 * Math.abs(x))
  const poly = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
  const tail = (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * poly
  return x >= 0 ? 1 - tail : tail
}
