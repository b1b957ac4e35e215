/** One worker and the calls that are waiting for it. */
import { LivenessError, type LivenessResult } from '@unspoof/core'
import { discard, type Parcel } from './input.ts'
import type { Request, Response, ResponseValue, WireError } from './protocol.ts'

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never
export type Call = WithoutId<Extract<Request, { type: 'init' | 'check' | 'check-faces' | 'sequence' | 'close' }>>

export interface CallOptions {
  readonly transfer?: readonly Transferable[]
  readonly signal?: AbortSignal | undefined
  /** Milliseconds without an answer after which the worker counts as hung and is ended; time spent in `pull` does not count. */
  readonly deadlineMs: number
  /** Hands over the next frame of a sequence; undefined ends it. */
  readonly pull?: () => Promise<Parcel | undefined>
  readonly onJudged?: ((result: LivenessResult, index: number) => void) | undefined
}

export interface Connection {
  call(message: Call, options: CallOptions): Promise<ResponseValue>
  /** Ends the worker; calls in flight reject with the error. */
  end(error: LivenessError): void
}

interface Waiting {
  readonly options: CallOptions
  /** Starts, or starts again, the time the worker has to answer. */
  readonly arm: () => void
  readonly disarm: () => void
  readonly resolve: (value: ResponseValue) => void
  readonly reject: (error: unknown) => void
}

/** @param onLost called once when the worker is gone; every later call rejects. */
export function connect(worker: Worker, onLost: () => void): Connection {
  const waiting = new Map<number, Waiting>()
  let nextId = 1
  let lost: LivenessError | undefined

  function end(error: LivenessError): void {
    if (lost !== undefined) return
    lost = error
    worker.terminate()
    onLost()
    for (const call of waiting.values()) call.reject(error)
    waiting.clear()
  }

  worker.onmessage = ({ data }: MessageEvent<Response>) => {
    const call = waiting.get(data.id)
    if (call === undefined) return // given up in the meantime
    switch (data.type) {
      case 'done':
        return call.resolve(data.value)
      case 'failed':
        return call.reject(fromWireError(data.error))
      case 'pull':
        return void feed(data.id, call)
      case 'judged':
        return call.options.onJudged?.(data.result, data.index)
    }
  }
  worker.onerror = (event) => {
    event.preventDefault()
    // Before the first answer this is a script that is missing, not JavaScript, or forbidden by the page's CSP.
    end(new LivenessError('WORKER_LOST', 'The liveness worker cannot run; see the browser console for the reason.'))
  }
  worker.onmessageerror = () => end(new LivenessError('WORKER_LOST', 'The liveness worker sent something unreadable.'))

  async function feed(id: number, call: Waiting): Promise<void> {
    call.disarm()
    try {
      const parcel = await call.options.pull?.()
      if (!waiting.has(id) || lost !== undefined) {
        if (parcel !== undefined) discard(parcel)
        return
      }
      call.arm()
      post({ type: 'frame', id, image: parcel?.image }, parcel?.transfer)
    } catch (error) {
      post({ type: 'abort', id })
      call.reject(error)
    }
  }

  function post(message: Request, transfer: readonly Transferable[] = []): void {
    if (lost === undefined) worker.postMessage(message, [...transfer])
  }

  return {
    end,
    call(message, options) {
      const { signal, deadlineMs } = options
      const id = nextId++
      return new Promise<ResponseValue>((resolve, reject) => {
        if (lost !== undefined) return reject(lost)
        if (signal?.aborted) return reject(aborted())
        const giveUp = (): void => {
          post({ type: 'abort', id })
          settle(() => reject(aborted()))
        }
        let timer: ReturnType<typeof setTimeout> | undefined
        const disarm = (): void => clearTimeout(timer)
        const arm = (): void => {
          disarm()
          timer = setTimeout(() => {
            end(new LivenessError('CHECK_TIMEOUT', `The liveness worker did not answer within ${deadlineMs} ms.`))
          }, deadlineMs)
        }
        const settle = (answer: () => void): void => {
          disarm()
          signal?.removeEventListener('abort', giveUp)
          waiting.delete(id)
          answer()
        }
        signal?.addEventListener('abort', giveUp, { once: true })
        arm()
        waiting.set(id, {
          options,
          arm,
          disarm,
          resolve: (value) => settle(() => resolve(value)),
          reject: (error) => settle(() => reject(error)),
        })
        post({ ...message, id } as Request, options.transfer)
      })
    },
  }
}

function aborted(): LivenessError {
  return new LivenessError('ABORTED', 'The caller gave up before the answer was ready.')
}

function fromWireError({ code, message, hint, retryAfter, cause }: WireError): LivenessError {
  return new LivenessError(code, message, {
    // The worker has no hints of its own, to be small; the table of this page has.
    ...(hint === '' ? {} : { hint }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
    ...(cause === undefined ? {} : { cause }),
  })
}
