/** One process a core that judges pictures. Processes, because a decoder that crashes on a picture must not end the run. */
import { type ChildProcess, fork } from 'node:child_process'
import { createRequire } from 'node:module'
import path from 'node:path'
import { type ErrorCode, LivenessError } from '@unspoof/core'
import type { FromWorker, WorkerSetup, WorkerTask } from './messages.ts'
import type { PictureScores } from './scores.ts'

export interface PoolOptions {
  readonly setup: WorkerSetup
  readonly workers: number
  readonly onRow: (row: PictureScores) => void
  /** Let the workers' stderr through. */
  readonly debug?: boolean
  /** Milliseconds until a picture is given up and its process killed. @default 60000 */
  readonly timeoutMs?: number
}

/** Tasks that wait in a worker's mailbox, so that it never waits for the mail. */
const AHEAD = 2

/** Judges all tasks. @throws LivenessError where the models cannot be loaded, or workers keep dying before they are ready. */
export async function judgeAll(tasks: readonly WorkerTask[], options: PoolOptions): Promise<void> {
  const queue = [...tasks].reverse()
  const workers = Math.max(1, Math.min(options.workers, tasks.length))
  const abort = new AbortController()
  const results = await Promise.allSettled(
    Array.from({ length: workers }, () =>
      workUntilEmpty(queue, options, abort.signal).catch((error: unknown) => {
        abort.abort()
        throw error
      }),
    ),
  )
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** Runs one worker after the other until the queue is empty: a lost one is replaced. */
async function workUntilEmpty(queue: WorkerTask[], options: PoolOptions, signal: AbortSignal): Promise<void> {
  while (queue.length > 0 && !signal.aborted) await runWorker(queue, options, signal)
}

function workerPath(): string {
  // By the package's own name: wherever the bundler puts this file, the worker is found.
  return path.join(
    path.dirname(createRequire(import.meta.url).resolve('unspoof/package.json')),
    'dist',
    'evaluate',
    'worker.js',
  )
}

function runWorker(queue: WorkerTask[], options: PoolOptions, signal: AbortSignal): Promise<void> {
  const { setup, onRow, timeoutMs = 60_000 } = options
  return new Promise((resolve, reject) => {
    const child: ChildProcess = fork(workerPath(), [], {
      // Flags of this process (a debugger's port, a test runner's) are not for the workers.
      execArgv: [],
      // What a native library writes while it dies is of use only to whoever asked for it.
      stdio: ['ignore', 'ignore', options.debug === true ? 'inherit' : 'ignore', 'ipc'],
      env: { ...process.env, ORT_DISABLE_TELEMETRY: '1' },
    })
    /** In the order sent: the first is being worked on. */
    const sent: WorkerTask[] = []
    let ready = false
    let failure: LivenessError | undefined
    let lost: 'WORKER_LOST' | 'CHECK_TIMEOUT' = 'WORKER_LOST'
    let timer: NodeJS.Timeout | undefined

    const watch = () => {
      clearTimeout(timer)
      if (sent.length === 0) return
      timer = setTimeout(() => {
        lost = 'CHECK_TIMEOUT'
        child.kill('SIGKILL')
      }, timeoutMs)
    }
    const feed = () => {
      while (sent.length < AHEAD && queue.length > 0 && !signal.aborted) {
        const task = queue.pop()!
        sent.push(task)
        child.send(task)
      }
      if (sent.length === 0) child.disconnect()
      watch()
    }
    const stop = () => child.kill('SIGKILL')
    signal.addEventListener('abort', stop, { once: true })
    child.on('message', (message: FromWorker) => {
      if (message.kind === 'failed') {
        failure = new LivenessError(message.code as ErrorCode, message.message, { hint: message.hint })
        child.disconnect()
        return
      }
      if (message.kind === 'done') {
        sent.shift()
        onRow(message.row)
      } else ready = true
      feed()
    })
    child.on('error', () => child.kill('SIGKILL'))
    child.on('exit', () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', stop)
      if (failure !== undefined) return reject(failure)
      if (signal.aborted) return resolve()
      if (!ready)
        return reject(
          new LivenessError('WORKER_LOST', 'A worker process ended before it was ready.', {
            hint: 'Set UNSPOOF_DEBUG=1 to see what it says.',
          }),
        )
      const [victim, ...waiting] = sent
      // The others were only in its mailbox.
      queue.push(...waiting.reverse())
      if (victim !== undefined) onRow(lostRow(victim, lost))
      resolve()
    })
    child.send(setup)
  })
}

function lostRow(task: WorkerTask, code: 'WORKER_LOST' | 'CHECK_TIMEOUT'): PictureScores {
  const message =
    code === 'WORKER_LOST' ? 'The decoder or a model crashed on this picture.' : 'This picture took too long.'
  return {
    name: task.name,
    perturbation: task.perturbation,
    error: { code, message },
    models: {},
    timings: { decode: 0, detect: 0 },
  }
}
