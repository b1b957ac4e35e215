/** A bounded queue in front of worker threads: admits or refuses at once, replaces workers that die, drains before it ends. */
import type { Transferable, Worker } from 'node:worker_threads'
import { LivenessError } from '@unspoof/core'
import { warnPermanent } from '../warn.ts'
import { type BreakerOptions, createBreaker } from './breaker.ts'
import { type FromWorker, fromWireError, type ToWorker, type WireError } from './messages.ts'

// Not imported: Turbopack takes every file of our dist for a possible `new Worker(script)` of that import, compiles even the
// type declarations, and a Next app does not build.
const threads = process.getBuiltinModule('node:worker_threads')

export interface WorkerPoolOptions {
  /** The worker's file: built JavaScript that calls `serveWorker`. */
  readonly script: URL
  readonly workerData: unknown
  readonly workers: number
  /** Jobs that may wait beside those the workers run. */
  readonly queue: number
  readonly breaker?: BreakerOptions
  /** Milliseconds a worker may go on with a job nobody waits for, before it counts as hung and is replaced. @default 30000 */
  readonly hangMs?: number
}

export interface PoolHealth {
  /** True where checks are taken and workers are replaced: what a readiness probe asks. */
  readonly ready: boolean
  /** Checks waiting, and those whose input is still being read. */
  readonly queued: number
  /** Workers busy with a check. */
  readonly running: number
  /** Workers alive and ready. */
  readonly workers: number
}

/** A job with the memory that moves to the worker with it. */
export interface PreparedJob<Job> {
  readonly job: Job
  readonly transfer: readonly Transferable[]
  /** Heavy jobs never take the last free worker, so that light ones do not wait for them. @default false */
  readonly heavy?: boolean
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined
  /** Milliseconds, waiting included, until CHECK_TIMEOUT. */
  readonly timeoutMs: number
}

export interface WorkerPool<Job, Answer> {
  /** What the first worker told when it was ready. */
  readonly info: unknown
  /**
   * Takes a place first, then prepares the job, then waits for a worker.
   * @throws LivenessError OVERLOADED, SHUTTING_DOWN, CLOSED, MODEL_UNAVAILABLE at once; CHECK_TIMEOUT, ABORTED, WORKER_LOST
   * and what `prepare` and the worker throw.
   */
  run(prepare: (signal: AbortSignal) => Promise<PreparedJob<Job>>, options: RunOptions): Promise<Answer>
  health(): PoolHealth
  /** Refuses new jobs with SHUTTING_DOWN, finishes those it has, then stops the workers. */
  close(): Promise<void>
}

const DEFAULT_HANG_MS = 30_000

/** Why what belongs to a job was stopped, where nobody reads it: the job was answered. */
const SETTLED = 'settled'

/** What mends a missing file. */
export const INSTALL_HINT =
  'Install @unspoof/node again; in its repository, run: npm run build. A bundler must leave @unspoof/node external.'

/** How long close() waits for a worker that was told to stop. */
const STOP_MS = 5000

interface Job {
  readonly id: number
  /** Given up: by the caller, by the clock, or because the pool cannot go on. */
  readonly controller: AbortController
  readonly resolve: (answer: unknown) => void
  readonly reject: (error: LivenessError) => void
  prepared: PreparedJob<unknown> | undefined
  heavy: boolean
  settled: boolean
}

interface Member {
  readonly thread: Worker
  state: 'starting' | 'idle' | 'busy' | 'stopping' | 'gone'
  job: Job | undefined
  startedAt: number
  hang: NodeJS.Timeout | undefined
  readonly exited: Promise<void>
}

/**
 * Starts the workers and waits until all are ready.
 * @throws LivenessError what a worker failed with when it started
 */
export async function createWorkerPool<J, A>(options: WorkerPoolOptions): Promise<WorkerPool<J, A>> {
  const pool = new Pool(options)
  await pool.start()
  return pool as unknown as WorkerPool<J, A>
}

class Pool {
  info: unknown
  readonly #options: WorkerPoolOptions
  readonly #breaker
  readonly #members = new Set<Member>()
  /** Every job whose caller still waits. */
  readonly #jobs = new Set<Job>()
  readonly #waiting: Job[] = []
  #nextId = 1
  /** Moving average of what a job takes, for Retry-After. */
  #jobMs = 50
  #respawn: NodeJS.Timeout | undefined
  #closing: Promise<void> | undefined
  /** True once all workers were ready: only then are those that die replaced. */
  #started = false
  #closed = false
  /** Called when a job has settled or a worker is free again. */
  #onQuiet: (() => void) | undefined
  #lastFailure: LivenessError | undefined

  constructor(options: WorkerPoolOptions) {
    this.#options = options
    this.#breaker = createBreaker(options.breaker)
  }

  async start(): Promise<void> {
    const ready = Array.from({ length: this.#options.workers }, () => this.#spawn())
    try {
      await Promise.all(ready)
      this.#started = true
    } catch (error) {
      this.#closed = true
      // Workers that are still starting are told to stop as soon as they listen.
      await Promise.allSettled(ready)
      await this.#stopAll()
      throw error
    }
  }

  run(prepare: (signal: AbortSignal) => Promise<PreparedJob<unknown>>, options: RunOptions): Promise<unknown> {
    const refusal = this.#refusal()
    if (refusal !== undefined) return Promise.reject(refusal)
    const { signal, timeoutMs } = options
    if (signal?.aborted) return Promise.reject(aborted(signal))
    return new Promise<unknown>((resolve, reject) => {
      const job: Job = {
        id: this.#nextId++,
        controller: new AbortController(),
        resolve,
        reject,
        prepared: undefined,
        heavy: false,
        settled: false,
      }
      this.#jobs.add(job)
      const timer = setTimeout(
        () => this.#abandon(job, new LivenessError('CHECK_TIMEOUT', `The check took longer than ${timeoutMs} ms.`)),
        timeoutMs,
      )
      const onAbort = () => this.#abandon(job, aborted(signal))
      signal?.addEventListener('abort', onAbort, { once: true })
      // Fires for every way a job can end.
      job.controller.signal.addEventListener('abort', () => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', onAbort)
      })
      prepare(job.controller.signal).then(
        (prepared) => {
          if (job.settled) return
          job.prepared = prepared
          job.heavy = prepared.heavy === true
          this.#waiting.push(job)
          this.#dispatch()
        },
        (error) => this.#settle(job, () => job.reject(error)),
      )
    })
  }

  health(): PoolHealth {
    const running = this.#count('busy')
    const served = [...this.#members].filter(({ job }) => job !== undefined && !job.settled).length
    const workers = running + this.#count('idle')
    return {
      ready: this.#closing === undefined && !this.#closed && this.#breaker.waitMs === 0 && workers > 0,
      queued: this.#jobs.size - served,
      running,
      workers,
    }
  }

  close(): Promise<void> {
    this.#closing ??= (async () => {
      await this.#quiet()
      this.#closed = true
      clearTimeout(this.#respawn)
      await this.#stopAll()
    })()
    return this.#closing
  }

  /** Why a new job is not taken. */
  #refusal(): LivenessError | undefined {
    if (this.#closed) return new LivenessError('CLOSED', 'This pool was closed.')
    if (this.#closing !== undefined)
      return new LivenessError('SHUTTING_DOWN', 'The pool is stopping.', { retryAfter: 1 })
    if (this.#members.size === 0) return this.#unavailable()
    const { workers, queue } = this.#options
    if (this.#jobs.size < workers + queue) return undefined
    const retryAfter = Math.max(1, Math.ceil((this.#jobs.size * this.#jobMs) / workers / 1000))
    return new LivenessError('OVERLOADED', `${this.#jobs.size} checks are waiting or running.`, { retryAfter })
  }

  #unavailable(): LivenessError {
    // What is missing does not come back by itself: nobody should be told to try again.
    if (this.#lastFailure?.retryable === false) return this.#lastFailure
    return new LivenessError('MODEL_UNAVAILABLE', 'The workers keep dying and are not started again for a while.', {
      retryAfter: Math.max(1, Math.ceil(this.#breaker.waitMs / 1000)),
      cause: this.#lastFailure,
    })
  }

  #count(state: Member['state']): number {
    return [...this.#members].filter((member) => member.state === state).length
  }

  /** Gives waiting jobs to idle workers, oldest first. */
  #dispatch(): void {
    for (const member of this.#members) {
      if (member.state !== 'idle') continue
      const job = this.#takeNext()
      if (job === undefined) return
      const { job: payload, transfer } = job.prepared!
      // The memory moves; nothing here should hold on to what is left of it.
      job.prepared = undefined
      try {
        post(member, { type: 'job', id: job.id, job: payload }, transfer)
      } catch (cause) {
        const error = new LivenessError('INPUT_INVALID', 'The input cannot be sent to a worker thread.', { cause })
        this.#settle(job, () => job.reject(error))
        continue
      }
      member.state = 'busy'
      member.job = job
      member.startedAt = performance.now()
      // A check under way keeps the process alive; an idle worker does not.
      member.thread.ref()
    }
  }

  #takeNext(): Job | undefined {
    const heavyRunning = [...this.#members].filter(({ job }) => job?.heavy).length
    const mayRunHeavy = heavyRunning < Math.max(1, this.#options.workers - 1)
    const at = this.#waiting.findIndex(({ heavy }) => mayRunHeavy || !heavy)
    return at === -1 ? undefined : this.#waiting.splice(at, 1)[0]
  }

  #settle(job: Job, settle: () => void): void {
    if (job.settled) return
    job.settled = true
    this.#jobs.delete(job)
    const at = this.#waiting.indexOf(job)
    if (at !== -1) this.#waiting.splice(at, 1)
    settle()
    // With a reason of our own: without one, Node makes an error with a stack for every check.
    job.controller.abort(SETTLED)
    this.#onQuiet?.()
  }

  /** Answers the caller now. A job that waits is dropped; a worker that runs it is told, and its answer is ignored. */
  #abandon(job: Job, error: LivenessError): void {
    this.#settle(job, () => job.reject(error))
    const member = [...this.#members].find((candidate) => candidate.job === job)
    if (member === undefined) return
    post(member, { type: 'abandon', id: job.id })
    member.hang = setTimeout(() => this.#lose(member, 'hangs'), this.#options.hangMs ?? DEFAULT_HANG_MS)
    member.hang.unref()
  }

  /** Resolves when the worker is ready; a worker that fails to start rejects with its own error. */
  #spawn(): Promise<void> {
    const { script, workerData } = this.#options
    // execArgv: flags of the host's own start (a debugger, a loader, --input-type) are not for our worker.
    const thread = new threads.Worker(script, { workerData, execArgv: [], name: 'unspoof' })
    const exited = deferred()
    const ready = deferred()
    const member: Member = {
      thread,
      state: 'starting',
      job: undefined,
      startedAt: 0,
      hang: undefined,
      exited: exited.promise,
    }
    this.#members.add(member)
    thread.on('message', (message: FromWorker) => {
      if (message.type === 'ready') {
        this.info ??= message.info
        ready.resolve()
        this.#free(member)
      } else if (message.type === 'failed') {
        const failure = fromWireError(message.error)
        ready.reject(failure)
        this.#lose(member, 'failed to start', failure)
      } else {
        this.#answered(member, message)
      }
    })
    thread.on('error', (cause) => {
      const error = isMissingFile(cause)
        ? new LivenessError('RUNTIME_MISSING', 'A worker cannot load its code.', { cause, hint: INSTALL_HINT })
        : new LivenessError('WORKER_LOST', 'A worker died.', { cause })
      ready.reject(error)
      this.#lose(member, 'died', error)
    })
    thread.on('exit', () => {
      ready.reject(new LivenessError('WORKER_LOST', 'A worker ended before it was ready.'))
      exited.resolve()
      this.#lose(member, 'ended')
    })
    // A replacement's failure is counted by #lose; nobody awaits it.
    ready.promise.catch(() => {})
    return ready.promise
  }

  #answered(member: Member, message: Extract<FromWorker, { type: 'answer' | 'error' }>): void {
    const { job } = member
    if (job?.id !== message.id) return
    this.#jobMs = 0.9 * this.#jobMs + 0.1 * (performance.now() - member.startedAt)
    this.#settle(job, () =>
      message.type === 'answer' ? job.resolve(message.answer) : job.reject(fromWireError(message.error as WireError)),
    )
    this.#free(member)
  }

  #free(member: Member): void {
    clearTimeout(member.hang)
    member.job = undefined
    if (member.state === 'stopping') return
    if (member.state === 'gone') {
      // It was given up as hung and came back: its place is taken.
      post(member, { type: 'stop' })
      return
    }
    member.state = 'idle'
    member.thread.unref()
    this.#dispatch()
    this.#onQuiet?.()
  }

  /** A worker died, failed to start or hangs: its job is answered, its place is filled. */
  #lose(member: Member, how: string, error?: LivenessError): void {
    if (member.state === 'gone') return
    const isExpected = member.state === 'stopping'
    member.state = 'gone'
    this.#members.delete(member)
    clearTimeout(member.hang)
    // A hung thread must not keep the process alive.
    member.thread.unref()
    if (isExpected) return
    const lost = error ?? new LivenessError('WORKER_LOST', `The worker ${how}.`)
    this.#lastFailure = lost
    if (this.#started) warnPermanent(lost)
    const { job } = member
    if (job !== undefined) {
      this.#settle(job, () =>
        job.reject(new LivenessError('WORKER_LOST', `The worker ${how}.`, { cause: lost, retryAfter: 1 })),
      )
    }
    if (!this.#started) return
    this.#breaker.record()
    this.#refill()
    this.#onQuiet?.()
  }

  /** Starts workers until all places are filled, unless they keep dying; then later. */
  #refill(): void {
    if (this.#closed || (this.#closing !== undefined && this.#jobs.size === 0)) return
    const { waitMs } = this.#breaker
    if (waitMs === 0) {
      while (this.#members.size < this.#options.workers) void this.#spawn()
      return
    }
    clearTimeout(this.#respawn)
    this.#respawn = setTimeout(() => this.#refill(), waitMs)
    this.#respawn.unref()
    if (this.#members.size > 0) return
    for (const job of [...this.#jobs]) this.#settle(job, () => job.reject(this.#unavailable()))
  }

  /** Resolves when no caller waits and no worker is busy. */
  #quiet(): Promise<void> {
    return new Promise((resolve) => {
      this.#onQuiet = () => {
        if (this.#jobs.size === 0 && this.#count('busy') === 0) resolve()
      }
      this.#onQuiet()
    })
  }

  async #stopAll(): Promise<void> {
    const members = [...this.#members]
    for (const member of members) {
      member.state = 'stopping'
      member.thread.ref()
      post(member, { type: 'stop' })
    }
    let timer: NodeJS.Timeout | undefined
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, STOP_MS)
    })
    await Promise.race([Promise.all(members.map(({ exited }) => exited)), patience])
    clearTimeout(timer)
    for (const { thread } of members) thread.unref()
  }
}

function isMissingFile(cause: unknown): boolean {
  return /^(ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|ENOENT)$/.test(String((cause as NodeJS.ErrnoException)?.code))
}

function deferred() {
  let resolve!: () => void
  let reject!: (error: LivenessError) => void
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

function post(member: Member, message: ToWorker, transfer: readonly Transferable[] = []): void {
  member.thread.postMessage(message, transfer)
}

function aborted(signal: AbortSignal | undefined): LivenessError {
  return new LivenessError('ABORTED', 'The check was aborted.', { cause: signal?.reason })
}
