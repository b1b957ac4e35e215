/** Answers the page's requests, one id at a time, with one liveness for the life of the worker. */
import { type CheckOptions, type Liveness, LivenessError, toLivenessError } from '@unspoof/core'
import { type Request, type Response, type ResponseValue, toWireError, type WireImage } from '../protocol.ts'
import { type CreateDriver, load } from './load.ts'

interface Running {
  readonly abort: AbortController
  /** Set while a sequence waits for its next frame. */
  deliver?: (image: WireImage | undefined) => void
}

export function serve(scope: DedicatedWorkerGlobalScope, createDriver: CreateDriver): void {
  const running = new Map<number, Running>()
  let liveness: Promise<Liveness<WireImage>> | undefined

  function post(message: Response): void {
    scope.postMessage(message)
  }

  async function answer(request: Exclude<Request, { type: 'frame' | 'abort' }>, call: Running): Promise<ResponseValue> {
    const { id } = request
    const signal = call.abort.signal
    if (request.type === 'init') {
      const loading = load(request.init, createDriver)
      liveness = loading.then((loaded) => loaded.liveness)
      liveness.catch(() => undefined)
      return (await loading).result
    }
    if (liveness === undefined) throw new LivenessError('MODEL_UNAVAILABLE', 'The worker was not initialised.')
    const ready = await liveness
    switch (request.type) {
      case 'check':
        return ready.check(request.image, { ...request.options, signal })
      case 'check-faces':
        return ready.checkFaces(request.image, request.faces, { ...request.options, signal })
      case 'sequence':
        return ready.checkSequence(pulled(id, call), {
          ...(request.options as CheckOptions),
          signal,
          onFrame: (result, index) => post({ type: 'judged', id, result, index }),
        })
      case 'close':
        return ready.close().then(() => undefined)
    }
  }

  /** The frames of a sequence, each asked of the page when the one before it is done: one in flight, the newest wins. */
  async function* pulled(id: number, call: Running): AsyncGenerator<WireImage, void, undefined> {
    while (!call.abort.signal.aborted) {
      const next = new Promise<WireImage | undefined>((resolve) => {
        call.deliver = resolve
      })
      post({ type: 'pull', id })
      const image = await next
      if (image === undefined) return
      yield image
    }
  }

  scope.onmessage = async ({ data }: MessageEvent<Request>) => {
    const { id } = data
    if (data.type === 'frame') return running.get(id)?.deliver?.(data.image)
    if (data.type === 'abort') {
      running.get(id)?.abort.abort()
      return running.get(id)?.deliver?.(undefined)
    }
    const call: Running = { abort: new AbortController() }
    running.set(id, call)
    try {
      post({ type: 'done', id, value: await answer(data, call) })
    } catch (error) {
      post({ type: 'failed', id, error: toWireError(toLivenessError(error, 'MODEL_UNAVAILABLE', 'The check failed.')) })
    } finally {
      running.delete(id)
    }
  }
}
