/** Timings that can be compared: candidates take turns, so that what else the machine does meets all of them. */
import { quantile } from '@unspoof/evaluation'

export interface Candidate {
  readonly name: string
  readonly run: () => Promise<void>
}

export interface Measurement {
  readonly name: string
  /** Milliseconds. */
  readonly median: number
  readonly p95: number
  /** Milliseconds of processor time of all threads, the median: what other programs do hardly changes it. */
  readonly cpu: number
  readonly runs: number
}

const WARM_UP = 3

/** Runs the candidates in turn until each had its share of the time, at least `minRuns` times. */
export async function measure(
  candidates: readonly Candidate[],
  options: { readonly seconds: number; readonly minRuns?: number },
): Promise<Measurement[]> {
  const { seconds, minRuns = 10 } = options
  for (const { run } of candidates) {
    for (let i = 0; i < WARM_UP; i++) await run()
  }
  const times = candidates.map((): number[] => [])
  const cpuTimes = candidates.map((): number[] => [])
  const until = performance.now() + seconds * 1000 * candidates.length
  while (times[0] !== undefined && (times[0].length < minRuns || performance.now() < until)) {
    for (const [i, { run }] of candidates.entries()) {
      const cpuBefore = process.cpuUsage()
      const began = performance.now()
      await run()
      times[i]!.push(performance.now() - began)
      const { user, system } = process.cpuUsage(cpuBefore)
      cpuTimes[i]!.push((user + system) / 1000)
    }
  }
  return candidates.map(({ name }, i) => {
    const sorted = times[i]!.sort((a, b) => a - b)
    const cpu = cpuTimes[i]!.sort((a, b) => a - b)
    return {
      name,
      median: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      cpu: quantile(cpu, 0.5),
      runs: sorted.length,
    }
  })
}
