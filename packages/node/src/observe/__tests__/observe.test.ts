/** Spans are read from OpenTelemetry's own SDK, metrics from the text a scrape gets. */
import { AsyncLocalStorage } from 'node:async_hooks'
import { type Context, context, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { box, createFrame, createLiveness, loadPadModel } from '@unspoof/core'
import {
  createFakeDetector,
  createFakeRuntime,
  createMemorySource,
  examplePadCard,
  examplePadNetwork,
  syntheticFrame,
} from '@unspoof/core/testing'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createMetrics, observeLiveness, type Tracer } from '../index.ts'

const spans = new InMemorySpanExporter()
let tracer: Tracer
beforeAll(() => {
  const storage = new AsyncLocalStorage<Context>()
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (value, run, self, ...args) => storage.run(value, () => run.call(self as never, ...args)),
    bind: (_, target) => target,
    enable() {
      return this
    },
    disable() {
      return this
    },
  })
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
  tracer = trace.getTracer('test')
})
beforeEach(() => spans.reset())
afterAll(() => {
  trace.disable()
  context.disable()
})

const FRAME = syntheticFrame('checker', 320, 240)
const square = box(100, 60, 100, 100)
const FACE = { box: square, detectorBox: square, keyPoints: undefined, score: 0.9 }

async function liveness(logits: readonly [number, number], faces = [FACE]) {
  const source = await createMemorySource(examplePadCard(), Uint8Array.of(1))
  const model = await loadPadModel({ source, runtime: createFakeRuntime(examplePadNetwork(() => logits)) })
  return createLiveness<typeof FRAME>({
    detector: createFakeDetector(faces),
    models: [{ model }],
    decode: async (frame) => ({ frame }),
  })
}

describe('spans', () => {
  test('one a check, with a child a stage', async () => {
    const result = await observeLiveness(await liveness([4, 0]), { tracer }).check(FRAME)
    expect(result.verdict).toBe('live')
    const finished = spans.getFinishedSpans()
    const check = finished.find(({ name }) => name === 'liveness.check')!
    expect(check.attributes).toEqual({
      'liveness.verdict': 'live',
      'liveness.code': 'LIVE',
      'liveness.reasons': [],
      'liveness.model': 'example-pad@1.0.0',
      'liveness.operating_point': 'balanced',
    })
    const children = finished.filter((span) => span !== check)
    expect(children.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['liveness.decode', 'liveness.detect', 'liveness.quality', 'liveness.crop']),
    )
    for (const child of children) expect(child.parentSpanContext?.spanId).toBe(check.spanContext().spanId)
  })

  test('errors have their code, and no message or stack', async () => {
    await expect(observeLiveness(await liveness([Number.NaN, 0]), { tracer }).check(FRAME)).rejects.toMatchObject({
      code: 'MODEL_OUTPUT',
    })
    const [span] = spans.getFinishedSpans()
    expect(span).toMatchObject({ status: { code: 2, message: 'MODEL_OUTPUT' }, events: [] })
    expect(span!.attributes).toEqual({ 'liveness.code': 'MODEL_OUTPUT' })
  })

  test('sequences are one span', async () => {
    async function* frames() {
      for (let i = 0; i < 5; i++) yield syntheticFrame('noise', 320, 240, i + 1)
    }
    await observeLiveness(await liveness([6, 0]), { tracer }).checkSequence(frames())
    const finished = spans.getFinishedSpans()
    expect(finished.map(({ name }) => name)).toEqual(['liveness.checkSequence'])
    expect(finished[0]!.attributes).toMatchObject({ 'liveness.verdict': 'live' })
  })

  test('without an SDK nothing happens, and the answer is the same', async () => {
    const metrics = createMetrics()
    trace.disable()
    try {
      const result = await observeLiveness(await liveness([0, 4]), { tracer: trace.getTracer('x'), metrics }).check(
        FRAME,
      )
      expect(result.verdict).toBe('spoof')
    } finally {
      trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
    }
  })
})

describe('metrics', () => {
  test('verdicts, reasons, scores by model, errors, stage times, queue', async () => {
    const metrics = createMetrics()
    const pool = Object.assign(await liveness([4, 0]), {
      health: () => ({ ready: true, queued: 3, running: 2, workers: 2 }),
    })
    const live = observeLiveness(pool, { metrics })
    await live.check(FRAME)
    await live.checkFaces(FRAME, [FACE, { ...FACE, box: box(100, 60, 20, 20) }])
    await observeLiveness(await liveness([0, 4]), { metrics }).check(FRAME)
    await observeLiveness(await liveness([Number.NaN, 0]), { metrics })
      .check(FRAME)
      .catch(() => {})
    await observeLiveness(await liveness([4, 0], []), { metrics }).check(FRAME)
    const text = metrics.render()
    for (const line of [
      'unspoof_verdicts_total{verdict="live"} 2',
      'unspoof_verdicts_total{verdict="spoof"} 1',
      'unspoof_verdicts_total{verdict="retry"} 2',
      'unspoof_reasons_total{reason="no-face"} 1',
      'unspoof_reasons_total{reason="face-too-small"} 1',
      'unspoof_check_errors_total{code="MODEL_OUTPUT"} 1',
      'unspoof_live_probability_bucket{model="example-pad@1.0.0",le="0.05"} 1',
      'unspoof_live_probability_count{model="example-pad@1.0.0"} 2',
      'unspoof_stage_seconds_count{stage="model"} 4',
      'unspoof_liveness_seconds_count 5',
      'unspoof_queue_depth 3',
      'unspoof_workers_busy 2',
    ]) {
      expect(text.split('\n')).toContain(line)
    }
    // Each family is described once, however many checks share the registry.
    expect(text.match(/# TYPE unspoof_verdicts_total counter/g)).toHaveLength(1)
  })

  test('the text format: cumulated buckets, escaped labels, one final line break', () => {
    const metrics = createMetrics()
    metrics.counter('c_total', 'C.').add({ a: 'x"y\\z\n' }, 2.5)
    const seconds = metrics.histogram('h', 'H.', [0.1, 1])
    for (const value of [0.05, 0.1, 0.5, 3]) seconds.observe({}, value)
    metrics.gauge('g', 'G.', () => 1)
    metrics.gauge('g', 'G.', () => 2)
    expect(metrics.render()).toBe(
      [
        '# HELP c_total C.',
        '# TYPE c_total counter',
        'c_total{a="x\\"y\\\\z\\n"} 2.5',
        '# HELP h H.',
        '# TYPE h histogram',
        'h_bucket{le="0.1"} 2',
        'h_bucket{le="1"} 3',
        'h_bucket{le="+Inf"} 4',
        'h_sum 3.65',
        'h_count 4',
        '# HELP g G.',
        '# TYPE g gauge',
        'g 3',
        '',
      ].join('\n'),
    )
  })
})

test('what else the wrapped one has still works, and wrong options are refused', async () => {
  const inner = await liveness([4, 0])
  const outer = observeLiveness(inner, {})
  expect(outer.models).toBe(inner.models)
  await outer.close()
  await expect(outer.check(createFrame({ data: new Uint8Array(3), width: 1, height: 1 }))).rejects.toMatchObject({
    code: 'CLOSED',
  })
  expect(() => observeLiveness(inner, { metric: createMetrics() } as never)).toThrow('did you mean "metrics"?')
})
