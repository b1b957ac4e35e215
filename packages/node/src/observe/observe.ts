/** observeLiveness(): the same check, with spans and metrics. Nothing of pictures, files or people goes into either. */
import { checkKeys, isLivenessError, type Liveness, type LivenessResult, type SequenceResult } from '@unspoof/core'
import type { PoolHealth } from '../pool/worker-pool.ts'
import type { Metrics } from './metrics.ts'
import type { Span, Tracer } from './tracer.ts'

export interface ObserveOptions {
  /** OpenTelemetry's tracer: `trace.getTracer('...')` of @opentelemetry/api. @default no spans */
  readonly tracer?: Tracer
  /** From `createMetrics()`; several liveness checks may share it. @default no metrics */
  readonly metrics?: Metrics
}

const STAGES = ['decode', 'detect', 'quality', 'crop', 'model'] as const
const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const
const PROBABILITIES = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1] as const
/** SpanStatusCode.ERROR */
const ERROR = 2

/** What a call answered, in the shape in which it is counted. */
interface Answer {
  /** Verdicts of the call: one, or one a face. */
  readonly verdicts: readonly Pick<LivenessResult, 'verdict' | 'reasons'>[]
  /** Judged pictures, or frames. */
  readonly pictures: readonly LivenessResult[]
}

/**
 * Wraps a liveness check: give the wrapped one to adapters and handlers.
 *
 * Spans: `liveness.check`, `.checkFaces` or `.checkSequence`, a child for the wait in a queue and for each stage (lengths are
 * measured, places are laid end to end), attributes `liveness.verdict`, `.code`, `.reasons`, `.model`, `.operating_point`.
 * Metrics: `unspoof_verdicts_total`, `unspoof_reasons_total`, `unspoof_check_errors_total`, `unspoof_liveness_seconds`,
 * `unspoof_stage_seconds`, `unspoof_live_probability` by model, and of a pool `unspoof_queue_depth`,
 * `unspoof_workers_busy`, `unspoof_workers`. The histogram of scores is for you and not for clients.
 * @throws LivenessError OPTION_INVALID
 */
export function observeLiveness<L extends Pick<Liveness<never>, 'check'>>(liveness: L, options: ObserveOptions): L {
  checkKeys('observe', options, ['tracer', 'metrics'])
  const { tracer, metrics } = options
  const record = metrics === undefined ? undefined : createRecorder(metrics, liveness)

  async function observed<T>(name: string, run: () => Promise<T>, answerOf: (value: T) => Answer): Promise<T> {
    const began = epochMs()
    const judge = async (span: Span | undefined): Promise<T> => {
      try {
        const value = await run()
        const answer = answerOf(value)
        record?.answered(answer, (epochMs() - began) / 1000)
        if (span !== undefined) describe(span, answer, began, tracer!)
        return value
      } catch (error) {
        const code = isLivenessError(error) ? error.code : 'UNKNOWN'
        record?.failed(code, (epochMs() - began) / 1000)
        span?.setAttributes({ 'liveness.code': code })
        span?.setStatus({ code: ERROR, message: code })
        throw error
      } finally {
        span?.end(epochMs())
      }
    }
    return tracer === undefined ? judge(undefined) : tracer.startActiveSpan(name, { startTime: began }, judge)
  }

  const answers: Readonly<Record<string, (value: never) => Answer>> = {
    check: (result: LivenessResult) => ({ verdicts: [result], pictures: [result] }),
    // The stages are the sum over all faces in the last result.
    checkFaces: (results: LivenessResult[]) => ({ verdicts: results, pictures: results.slice(-1) }),
    checkSequence: (result: SequenceResult) => ({ verdicts: [result], pictures: result.results }),
  }
  // A proxy, so that whatever else a pool or a Liveness of one's own has stays as it is.
  return new Proxy({} as L, {
    has: (_, key) => key in liveness,
    get(_, key) {
      const value: unknown = Reflect.get(liveness, key)
      if (typeof value !== 'function') return value
      const answerOf = Object.hasOwn(answers, key) ? answers[key as string] : undefined
      if (answerOf === undefined) return value.bind(liveness)
      return (...args: unknown[]) =>
        observed(`liveness.${String(key)}`, () => value.apply(liveness, args) as Promise<never>, answerOf)
    },
  })
}

function createRecorder(metrics: Metrics, liveness: object) {
  const verdicts = metrics.counter('unspoof_verdicts_total', 'Verdicts.')
  const reasons = metrics.counter('unspoof_reasons_total', 'Reasons of verdicts.')
  const errors = metrics.counter('unspoof_check_errors_total', 'Checks without a verdict by code.')
  const duration = metrics.histogram('unspoof_liveness_seconds', 'Time of a check, waiting included.', SECONDS)
  const stages = metrics.histogram('unspoof_stage_seconds', 'Time of each stage of a check.', SECONDS)
  const scores = metrics.histogram('unspoof_live_probability', 'Live probabilities by model.', PROBABILITIES)
  if ('health' in liveness && typeof liveness.health === 'function') {
    const health = () => (liveness as { health(): PoolHealth }).health()
    metrics.gauge('unspoof_queue_depth', 'Checks waiting for a worker.', () => health().queued)
    metrics.gauge('unspoof_workers_busy', 'Workers with a check.', () => health().running)
    metrics.gauge('unspoof_workers', 'Workers alive.', () => health().workers)
  }
  return {
    answered(answer: Answer, seconds: number): void {
      duration.observe({}, seconds)
      for (const { verdict, reasons: why } of answer.verdicts) {
        verdicts.add({ verdict })
        for (const { code } of why) reasons.add({ reason: code })
      }
      for (const picture of answer.pictures) {
        for (const stage of STAGES) stages.observe({ stage }, picture.timings[stage] / 1000)
        for (const { liveProbability } of picture.faces) {
          if (liveProbability !== null) scores.observe({ model: modelOf(picture) }, liveProbability)
        }
      }
    },
    failed(code: string, seconds: number): void {
      duration.observe({}, seconds)
      errors.add({ code })
    },
  }
}

function describe(span: Span, { verdicts, pictures }: Answer, began: number, tracer: Tracer): void {
  const last = pictures.at(-1)
  span.setAttributes({
    'liveness.verdict': [...new Set(verdicts.map(({ verdict }) => verdict))].join(','),
    'liveness.reasons': [...new Set(verdicts.flatMap(({ reasons }) => reasons.map(({ code }) => code)))],
    ...(verdicts.length === 1 && 'code' in verdicts[0]! ? { 'liveness.code': String(verdicts[0].code) } : {}),
    ...(last === undefined
      ? {}
      : { 'liveness.model': modelOf(last), 'liveness.operating_point': last.operatingPoint.name }),
  })
  // Frames of a sequence are read between their checks: their stages have a length but no place.
  if (pictures.length !== 1) return
  const { timings } = pictures[0]!
  let at = began
  const wait = epochMs() - began - timings.total
  for (const [name, ms] of [['queue', wait], ...STAGES.map((stage) => [stage, timings[stage]] as const)] as const) {
    if (!(ms > 0)) continue
    tracer.startSpan(`liveness.${name}`, { startTime: at }).end(at + ms)
    at += ms
  }
}

function modelOf({ model }: LivenessResult): string {
  return model.map(({ id, version }) => `${id}@${version}`).join('+')
}

function epochMs(): number {
  return performance.timeOrigin + performance.now()
}
