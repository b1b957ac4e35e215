/** The worker's side of the pool: starts, takes jobs, stops when told. */
import { type MessagePort, parentPort } from 'node:worker_threads'
import { type FromWorker, type ToWorker, toWireError } from './messages.ts'

/** What a worker does. */
export interface WorkerService<Job, Answer> {
  /** Told to the pool once, when the worker is ready. */
  readonly info: unknown
  run(job: Job, signal: AbortSignal): Promise<Answer>
  close(): Promise<void>
}

/** Serves the pool that started this thread. Resolves when the worker is told to stop. */
export async function serveWorker<Job, Answer>(start: () => Promise<WorkerService<Job, Answer>>): Promise<void> {
  const port = parentPort
  if (port === null) throw new Error('This file runs in a worker thread of a pool.')
  const send = (message: FromWorker, transfer: readonly ArrayBuffer[] = []) => port.postMessage(message, [...transfer])
  let service: WorkerService<Job, Answer>
  try {
    service = await start()
  } catch (error) {
    send({ type: 'failed', error: toWireError(error) })
    endThread(port)
    return
  }
  const running = new Map<number, AbortController>()
  let last: Promise<unknown> = Promise.resolve()
  port.on('message', (message: ToWorker) => {
    if (message.type === 'stop') {
      // The thread ends by itself once nothing is left to do.
      void last.then(() => service.close()).finally(() => endThread(port))
    } else if (message.type === 'abandon') {
      running.get(message.id)?.abort()
    } else {
      const controller = new AbortController()
      running.set(message.id, controller)
      last = service
        .run(message.job as Job, controller.signal)
        .then(
          (answer) => send({ type: 'answer', id: message.id, answer }),
          (error) => send({ type: 'error', id: message.id, error: toWireError(error) }),
        )
        .finally(() => running.delete(message.id))
    }
  })
  send({ type: 'ready', info: service.info })
}

/** The thread ends by itself once its port is closed. In Deno the port cannot be closed. */
function endThread(port: MessagePort): void {
  if (typeof port.close === 'function') port.close()
  else process.exit(0)
}
