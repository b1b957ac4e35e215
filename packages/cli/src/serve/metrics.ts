/** Counters and histograms in the Prometheus text format. No label is ever made of what a client sent. */

export interface Counter {
  add(labels: Readonly<Record<string, string>>, amount?: number): void
}

export interface Histogram {
  observe(labels: Readonly<Record<string, string>>, value: number): void
}

export interface Metrics {
  counter(name: string, help: string): Counter
  histogram(name: string, help: string, bounds: readonly number[]): Histogram
  /** A number that is read when asked for. */
  gauge(name: string, help: string, read: () => number): void
  render(): string
}

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

export function createMetrics(): Metrics {
  const renderers: (() => string[])[] = []
  const head = (name: string, help: string, type: string) => [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`]
  return {
    counter(name, help) {
      const values = new Map<string, number>()
      renderers.push(() => [
        ...head(name, help, 'counter'),
        ...[...values].map(([labels, value]) => `${name}${labels} ${value}`),
      ])
      return {
        add(labels, amount = 1) {
          const key = labelText(labels)
          values.set(key, (values.get(key) ?? 0) + amount)
        },
      }
    },
    histogram(name, help, bounds) {
      const series = new Map<
        string,
        { labels: Readonly<Record<string, string>>; counts: number[]; sum: number; n: number }
      >()
      renderers.push(() => [
        ...head(name, help, 'histogram'),
        ...[...series.values()].flatMap(({ labels, counts, sum, n }) => {
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
        }),
      ])
      return {
        observe(labels, value) {
          const key = labelText(labels)
          const row = series.get(key) ?? { labels, counts: new Array<number>(bounds.length).fill(0), sum: 0, n: 0 }
          series.set(key, row)
          const at = bounds.findIndex((bound) => value <= bound)
          if (at >= 0) row.counts[at]! += 1
          row.sum += value
          row.n++
        },
      }
    },
    gauge(name, help, read) {
      renderers.push(() => [...head(name, help, 'gauge'), `${name} ${read()}`])
    },
    render: () => `${renderers.flatMap((lines) => lines()).join('\n')}\n`,
  }
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, '_')}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
