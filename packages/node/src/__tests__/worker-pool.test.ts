/** Queue, time limits, aborts, deaths and drain of the pool, on real worker threads. */
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'
import { createBreaker } from '../pool/breaker.ts'
import { createWorkerPool, type WorkerPool, type WorkerPoolOptions } from '../pool/worker-pool.ts'

interface Job {
  say?: string
  waitMs?: number
  /** The job ends when the gate is opened, and blocks its thread until then. */
  behind?: Gate
  die?: 'exit' | 'throw'
  fail?: boolean
  bytes?: Uint8Array
}
interface Answer {
  echo: string | undefined
  abandoned: number[]
  bytes: number | undefined
}

/** Closed until `openGate`: what a test says of a job under way does not depend on how long it takes to look. */
type Gate = Int32Array<SharedArrayBuffer>
const createGate = (): Gate => new Int32Array(new SharedArrayBuffer(4))
const openGate = (gate: Gate) => {
  Atomics.store(gate, 0, 1)
  Atomics.notify(gate, 0)
}

const script = new URL('./echo-worker.mjs', import.meta.url)
const pools: WorkerPool<Job, Answer>[] = []

async function createPool(options: Partial<WorkerPoolOptions> = {}) {
  const pool = await createWorkerPool<Job, Answer>({ script, workerData: {}, workers: 1, queue: 2, ...options })
  pools.push(pool)
  const run = (
    job: Job,
    options: { signal?: AbortSignal; timeoutMs?: number; heavy?: boolean; transfer?: ArrayBuffer[] } = {},
  ) =>
    pool.run(async () => ({ job, transfer: options.transfer ?? [], heavy: options.heavy ?? false }), {
      timeoutMs: 20_000,
      ...options,
    })
  return { pool, run }
}

/** The error code of a rejection, or what it resolved to. */
const outcome = (promise: Promise<unknown>) => promise.catch((error) => error.code as string)

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()))
})

describe('createWorkerPool', () => {
  it('answers each job with its own answer', async () => {
    const { pool, run } = await createPool({ workers: 2, queue: 32, workerData: { name: 'x' } })
    expect(pool.info).toEqual({ hello: 'x' })
    const answers = await Promise.all(Array.from({ length: 34 }, (_, i) => run({ say: `job ${i}` })))
    expect(answers.map(({ echo }) => echo)).toEqual(Array.from({ length: 34 }, (_, i) => `job ${i}`))
  })

  it('rejects with the error of the worker, and goes on', async () => {
    const { run } = await createPool()
    await expect(run({ fail: true })).rejects.toMatchObject({ code: 'IMAGE_CORRUPT', message: 'Bad.', hint: 'Again.' })
    expect((await run({ say: 'next' })).echo).toBe('next')
  })

  it('moves memory instead of copying it', async () => {
    const { run } = await createPool()
    const bytes = new Uint8Array(1000)
    expect((await run({ bytes }, { transfer: [bytes.buffer] })).bytes).toBe(1000)
    expect(bytes.byteLength).toBe(0)
  })

  it('refuses what cannot be sent, and goes on', async () => {
    const { run } = await createPool()
    expect(await outcome(run({ say: (() => '') as never }))).toBe('INPUT_INVALID')
    expect((await run({ say: 'next' })).echo).toBe('next')
  })

  it('fails to start with the error of its worker', async () => {
    const starts = new Int32Array(new SharedArrayBuffer(4))
    await expect(createPool({ workers: 3, workerData: { fail: true, starts } })).rejects.toMatchObject({
      code: 'MODEL_MISSING',
    })
    // Each was started once: a pool that cannot start does not try again by itself.
    expect(starts[0]).toBe(3)
    await expect(createPool({ script: new URL('./absent.mjs', import.meta.url) })).rejects.toMatchObject({
      code: 'RUNTIME_MISSING',
    })
  })
})

describe('the queue', () => {
  it('is bounded: the next one is refused at once, with the time to wait', async () => {
    const { pool, run } = await createPool({ workers: 1, queue: 2 })
    const gate = createGate()
    const accepted = [run({ behind: gate }), run({}), run({})]
    await expect.poll(() => pool.health()).toEqual({ ready: true, queued: 2, running: 1, workers: 1 })
    // At once: none of those before it can have ended.
    await expect(run({})).rejects.toMatchObject({ code: 'OVERLOADED', status: 503, retryAfter: 1 })
    openGate(gate)
    await Promise.all(accepted)
    expect((await run({ say: 'again' })).echo).toBe('again')
    expect(pool.health()).toEqual({ ready: true, queued: 0, running: 0, workers: 1 })
  })

  it('counts inputs that are still being read', async () => {
    const { pool, run } = await createPool({ workers: 1, queue: 0 })
    let finish = () => {}
    const slow = pool.run(
      () =>
        new Promise((resolve) => {
          finish = () => resolve({ job: { say: 'slow' }, transfer: [] })
        }),
      { timeoutMs: 20_000 },
    )
    expect(await outcome(run({}))).toBe('OVERLOADED')
    finish()
    expect((await slow).echo).toBe('slow')
  })

  it('gives its place back when reading fails', async () => {
    const { pool, run } = await createPool({ workers: 1, queue: 0 })
    const failing = () => pool.run(() => Promise.reject(new Error('unreadable')), { timeoutMs: 20_000 })
    await expect(failing()).rejects.toThrow('unreadable')
    expect((await run({ say: 'next' })).echo).toBe('next')
  })

  it('keeps a worker free of heavy jobs for light ones', async () => {
    const { run } = await createPool({ workers: 2, queue: 10 })
    const gate = createGate()
    const heavy = [1, 2].map((i) => run({ say: `heavy ${i}`, behind: gate }, { heavy: true }))
    const light = [1, 2].map((i) => run({ say: `light ${i}` }))
    // With both workers behind the gate these would wait for ever.
    expect((await Promise.all(light)).map(({ echo }) => echo)).toEqual(['light 1', 'light 2'])
    openGate(gate)
    expect((await Promise.all(heavy)).map(({ echo }) => echo)).toEqual(['heavy 1', 'heavy 2'])
  })
})

describe('giving up', () => {
  it('drops a waiting job whose caller has left, before any work', async () => {
    const { pool, run } = await createPool({ workers: 1, queue: 1 })
    const controller = new AbortController()
    const first = run({ waitMs: 80 })
    const second = run({}, { signal: controller.signal })
    controller.abort()
    expect(await outcome(second)).toBe('ABORTED')
    // Its place is free at once.
    const third = run({ say: 'third' })
    await first
    // The worker never heard of the second job.
    expect(await third).toMatchObject({ echo: 'third', abandoned: [] })
    expect(pool.health().queued).toBe(0)
    expect(await outcome(run({}, { signal: controller.signal }))).toBe('ABORTED')
  })

  it('tells the worker that runs it, ignores the answer, and goes on', async () => {
    const { pool, run } = await createPool()
    const controller = new AbortController()
    const gate = createGate()
    const running = run({ behind: gate }, { signal: controller.signal })
    await expect.poll(() => pool.health().running).toBe(1)
    controller.abort()
    expect(await outcome(running)).toBe('ABORTED')
    expect(pool.health().running).toBe(1)
    openGate(gate)
    expect(await run({ say: 'next' })).toMatchObject({ echo: 'next', abandoned: [1] })
  })

  it('signals the reading of an input', async () => {
    const { pool } = await createPool()
    let seen: AbortSignal | undefined
    const controller = new AbortController()
    const reading = pool.run(
      (signal) => {
        seen = signal
        return new Promise(() => {})
      },
      { signal: controller.signal, timeoutMs: 20_000 },
    )
    controller.abort()
    expect(await outcome(reading)).toBe('ABORTED')
    expect(seen!.aborted).toBe(true)
  })

  it('answers CHECK_TIMEOUT in time, waiting included, though the thread is blocked', async () => {
    const { run } = await createPool()
    const gate = createGate()
    const both = [run({ behind: gate }, { timeoutMs: 60 }), run({}, { timeoutMs: 60 })].map(outcome)
    expect(await Promise.all(both)).toEqual(['CHECK_TIMEOUT', 'CHECK_TIMEOUT'])
    openGate(gate)
    expect((await run({ say: 'next' })).echo).toBe('next')
  })

  it('replaces a worker that hangs', async () => {
    const { pool, run } = await createPool({ hangMs: 50 })
    const gate = createGate()
    expect(await outcome(run({ behind: gate }, { timeoutMs: 30 }))).toBe('CHECK_TIMEOUT')
    // The one that hangs cannot answer.
    expect((await run({ say: 'next' })).echo).toBe('next')
    expect(pool.health().workers).toBe(1)
    openGate(gate)
  })
})

describe('a worker that dies', () => {
  it.each(['exit', 'throw'] as const)('(%s) loses its own job only, and is replaced', async (die) => {
    const { pool, run } = await createPool({ workers: 2, queue: 12 })
    const others = Array.from({ length: 10 }, (_, i) => run({ say: `${i}`, waitMs: 5 }))
    await expect(run({ die })).rejects.toMatchObject({ code: 'WORKER_LOST', retryable: true })
    expect((await Promise.all(others)).map(({ echo }) => Number(echo))).toEqual([...Array(10).keys()])
    await expect.poll(() => pool.health()).toEqual({ ready: true, queued: 0, running: 0, workers: 2 })
  })

  it('again and again opens the breaker; it closes by itself', async () => {
    // Longer than a busy machine needs for two new workers.
    const { pool, run } = await createPool({ breaker: { deaths: 3, windowMs: 4000 } })
    for (let i = 0; i < 3; i++) expect(await outcome(run({ die: 'exit' }))).toBe('WORKER_LOST')
    expect(pool.health()).toMatchObject({ ready: false, workers: 0 })
    await expect(run({})).rejects.toMatchObject({ code: 'MODEL_UNAVAILABLE', retryAfter: expect.any(Number) })
    await expect.poll(() => pool.health().ready).toBe(true)
    expect((await run({ say: 'healed' })).echo).toBe('healed')
  })

  it('because a file is missing is permanent: no retry is promised, and the process warns once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'unspoof-worker-'))
    const copy = pathToFileURL(join(folder, 'worker.mjs'))
    copyFileSync(script, copy)
    const warnings: (Error & { code?: string })[] = []
    const onWarning = (warning: Error) => warnings.push(warning)
    process.on('warning', onWarning)
    try {
      const { run } = await createPool({ script: copy, breaker: { deaths: 2, windowMs: 60_000 } })
      rmSync(folder, { recursive: true })
      expect(await outcome(run({ die: 'exit' }))).toBe('WORKER_LOST')
      await expect.poll(() => outcome(run({}))).toBe('RUNTIME_MISSING')
      await expect(run({})).rejects.toMatchObject({ retryable: false, hint: expect.stringContaining('bundler') })
      expect(warnings.filter(({ code }) => code === 'UNSPOOF_UNAVAILABLE')).toHaveLength(1)
    } finally {
      process.off('warning', onWarning)
    }
  })

  it('answers those who wait when the last worker is not replaced', async () => {
    const { run } = await createPool({ breaker: { deaths: 1, windowMs: 60_000 } })
    expect(await Promise.all([run({ die: 'exit' }), run({})].map(outcome))).toEqual([
      'WORKER_LOST',
      'MODEL_UNAVAILABLE',
    ])
  })
})

describe('close', () => {
  it('finishes what was accepted, refuses what is new, then is closed', async () => {
    const { pool, run } = await createPool({ queue: 5 })
    const accepted = Array.from({ length: 6 }, (_, i) => run({ say: `${i}`, waitMs: 20 }))
    const closing = pool.close()
    expect(pool.close()).toBe(closing)
    expect(await outcome(run({}))).toBe('SHUTTING_DOWN')
    expect(pool.health().ready).toBe(false)
    await closing
    expect((await Promise.all(accepted)).map(({ echo }) => Number(echo))).toEqual([0, 1, 2, 3, 4, 5])
    expect(await outcome(run({}))).toBe('CLOSED')
    expect(pool.health()).toEqual({ ready: false, queued: 0, running: 0, workers: 0 })
  })

  it('waits for a run nobody waits for: its thread must not end in the middle of it', async () => {
    const { pool, run } = await createPool()
    const gate = createGate()
    expect(await outcome(run({ behind: gate }, { timeoutMs: 50 }))).toBe('CHECK_TIMEOUT')
    let closed = false
    const closing = pool.close().then(() => {
      closed = true
    })
    // Time for a pool that does not wait.
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(closed).toBe(false)
    openGate(gate)
    await closing
  })

  it('replaces a worker that dies while others still wait', async () => {
    const { pool, run } = await createPool({ queue: 5 })
    const accepted = [run({ die: 'exit' }), run({ say: 'after' })].map((job) =>
      job.then(
        ({ echo }) => echo,
        (error) => error.code,
      ),
    )
    await pool.close()
    expect(await Promise.all(accepted)).toEqual(['WORKER_LOST', 'after'])
  })
})

describe('createBreaker', () => {
  it('opens at the last of the deaths within the window', () => {
    const breaker = createBreaker({ deaths: 3, windowMs: 60_000 })
    breaker.record()
    breaker.record()
    expect(breaker.waitMs).toBe(0)
    breaker.record()
    expect(breaker.waitMs).toBeGreaterThan(30_000)
    expect(createBreaker({ deaths: 1, windowMs: 0 }).waitMs).toBe(0)
  })
})
