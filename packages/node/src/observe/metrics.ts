/** Counters, histograms and gauges in the Prometheus text format 0.0.4. No label is ever made of what a client sent. */

export type Labels = Readonly<Record<string, string>>

export interface Counter {
  /** @param amount 0 or more. @default 1 */
  add(labels: Labels, amount?: number): void
}

export interface Histogram {
  observe(labels: Labels, value: number): void
}

/** A registry. Asking twice for a name gives the same counter or histogram; gauges of one name are added up. */
export interface Metrics {
  counter(name: string, help: string): Counter
  /** @param bounds upper bounds of the buckets, ascending, without infinity */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram
  /** A number that is read when asked for. */
  gauge(name: string, help: string, read: () => number): void
  /** The answer to a scrape. */
  render(): string
}

/** The `Content-Type` of {@link Metrics.render}. */
export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

interface Series {
  readonly labels: Labels
  readonly counts: number[]
  sum: number
  n: number
}

export function createMetrics(): Metrics {
  const families = new Map<string, { readonly head: string; readonly lines: () => string[]; readonly value: unknown }>()

  /** The family of this name, made at its first use. */
  function family<T>(name: string, help: string, type: string, make: () => { value: T; lines: () => string[] }): T {
    let found = families.get(name)
    if (found === undefined) {
      found = { head: `# HELP ${name} ${help}\n# TYPE ${name} ${type}`, ...make() }
      families.set(name, found)
    }
    return found.value as T
  }

  return {
    counter: (name, help) =>
      family<Counter>(name, help, 'counter', () => {
        const values = new Map<string, number>()
        return {
          lines: () => [...values].map(([labels, value]) => `${name}${labels} ${value}`),
          value: {
            add(labels, amount = 1) {
              const key = labelText(labels)
              values.set(key, (values.get(key) ?? 0) + amount)
            },
          },
        }
      }),
    histogram: (name, help, bounds) =>
      family<Histogram>(name, help, 'histogram', () => {
        const series = new Map<string, Series>()
        return {
          lines: () => [...series.values()].flatMap((row) => histogramLines(name, bounds, row)),
          value: {
            observe(labels, value) {
              const key = labelText(labels)
              const row = series.get(key) ?? { labels, counts: new Array<number>(bounds.length).fill(0), sum: 0, n: 0 }
              series.set(key, row)
              const at = bounds.findIndex((bound) => value <= bound)
              if (at >= 0) row.counts[at]! += 1
              row.sum += value
              row.n++
            },
          },
        }
      }),
    gauge(name, help, read) {
      family<(() => number)[]>(name, help, 'gauge', () => {
        const readers: (() => number)[] = []
        return { value: readers, lines: () => [`${name} ${readers.reduce((sum, reader) => sum + reader(), 0)}`] }
      }).push(read)
    },
    render: () => `${[...families.values()].flatMap(({ head, lines }) => [head, ...lines()]).join('\n')}\n`,
  }
}

function histogramLines(name: string, bounds: readonly number[], { labels, counts, sum, n }: Series): string[] {
  let cumulated = 0
  const buckets = bounds.map((bound, i) => {
    cumulated += counts[i]!
    return `${name}_bucket${labelText({ ...labels, le: String(bound) })} ${cumulated}`
  })
  return [
    ...buckets,
    `${name}_bucket${labelText({ ...labels, le: '+Inf' })} ${n}`,
    `${name}_sum${labelText(labels)} ${sum}`,
    `${name}_count${labelText(labels)} ${n}`,
  ]
}

function labelText(labels: Labels): string {
  const escaped = (value: string) => value.replace(/[\\"]/g, '\\$&').replace(/\n/g, '\\n')
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
