/** createLivenessFlow(): camera, models, guidance and server as one state machine that any framework can show. */
import {
  checkKeys,
  isLivenessError,
  LivenessError,
  toClientResult,
  toLivenessError,
  VERDICT_CODES,
} from '@unspoof/core'
import { type CameraOptions, createCamera } from '../camera/camera.ts'
import { showStream } from '../camera/frames.ts'
import { createLiveness, type WebLiveness, type WebLivenessOptions } from '../liveness.ts'
import { createSessionClient, type SessionClientOptions } from '../session-client.ts'
import { createGuide } from './guide.ts'
import { checkLocally, type LocalOptions } from './local.ts'
import { runSession, TIMED_OUT } from './session.ts'
import type { FlowResult, FlowState } from './state.ts'

export interface LivenessFlowOptions {
  /** Where to make sessions (such as `/liveness/sessions`). Without it the verdict is local and only guides the person. */
  readonly session?: string | URL | SessionClientOptions
  /** How models are loaded, or a ready liveness that the application closes itself. */
  readonly liveness?: WebLivenessOptions | WebLiveness
  readonly camera?: CameraOptions
  /** Local mode: how many frames and how long. */
  readonly sequence?: LocalOptions
  /** Session mode: false loads no models in the page; the server judges without the person being guided. @default true */
  readonly guidance?: boolean
  /**
   * The interface draws the oval of this package over a preview that the video covers (`object-fit: cover`), and the face has
   * to be in it. `<unspoof-liveness>` and `<LivenessCamera/>` do. @default false
   */
  readonly oval?: boolean
  readonly onResult?: (result: FlowResult) => void
  readonly onError?: (error: LivenessError) => void
}

const OPTION_KEYS = [
  'session',
  'liveness',
  'camera',
  'sequence',
  'guidance',
  'oval',
  'onResult',
  'onError',
] as const satisfies readonly (keyof LivenessFlowOptions)[]

/** A check in front of a camera, as a small store. */
export interface LivenessFlow {
  getSnapshot(): FlowState
  subscribe(listener: () => void): () => void
  /** Takes effect at the next start, except for the callbacks, which are always the latest. */
  setOptions(options: LivenessFlowOptions): void
  /** The element that shows the camera; null takes it away. */
  attach(video: HTMLVideoElement | null): void
  /** Loads the models ahead of the first start. Problems show at the start. */
  preload(): void
  /** Opens the camera and checks, from the beginning. Call it from a click or tap. What happens is in the state; never rejects. */
  start(): Promise<void>
  /** Releases the camera at once and the models soon after. May be started again. */
  stop(): void
  switchCamera(deviceId?: string): void
}

/** Milliseconds for which the models are kept after stop(), for the next try or a component that is mounted again. */
const LINGER_MS = 5_000

export function createLivenessFlow(initial: LivenessFlowOptions = {}): LivenessFlow {
  checkKeys('flow', initial, OPTION_KEYS)
  let options = initial
  const camera = createCamera(initial.camera)
  const listeners = new Set<() => void>()
  const blank = {
    hint: undefined,
    progress: 0,
    result: undefined,
    error: undefined,
    challenge: undefined,
    step: undefined,
    placement: undefined,
    warning: undefined,
  } as const
  let state: FlowState = { ...blank, status: 'idle', camera: camera.getSnapshot() }
  let video: HTMLVideoElement | null = null
  let running: AbortController | undefined
  let models: Models | undefined
  let linger: ReturnType<typeof setTimeout> | undefined
  /** Share of the files that are here. */
  let arrived = 0

  function set(change: Partial<FlowState>): void {
    state = { ...state, ...change }
    for (const listener of [...listeners]) listener()
  }

  camera.subscribe(() => {
    const seen = state.camera.status
    const now = camera.getSnapshot()
    const opens = now.status === 'starting' && state.status === 'starting' && state.hint !== 'restarting'
    // A person who has allowed it once is not told to do so.
    const hint = opens ? (now.permission === 'granted' ? 'loading' : 'allow-camera') : state.hint
    set({ camera: now, hint })
    if (now.status === 'paused' && running !== undefined) {
      running.abort()
      set({
        status: 'paused',
        hint: undefined,
        challenge: undefined,
        step: undefined,
        placement: undefined,
        progress: 0,
      })
    } else if (now.status === 'running' && seen === 'starting' && state.status === 'paused') {
      void start()
    } else if (now.status === 'failed' && (state.status === 'paused' || running !== undefined)) {
      fail(now.error!)
    }
  })

  function loadModels(): Promise<WebLiveness> {
    clearTimeout(linger)
    const { liveness } = options
    const last = models
    if (last !== undefined && last.of === liveness) return last.loading
    const ready = liveness !== undefined && 'check' in liveness
    const loading = ready
      ? Promise.resolve(liveness)
      : createLiveness({
          ...liveness,
          onProgress(bytes, total) {
            liveness?.onProgress?.(bytes, total)
            arrived = bytes / total
            // Of the wait for the files only: everything else has a progress of its own.
            if (state.status === 'starting' && state.hint === 'loading') set({ progress: arrived })
          },
        })
    const mine = { loading, owned: !ready, of: liveness }
    models = mine
    // Only now: with equal options, as of a component that renders again, the new one takes over the worker of the last.
    if (last !== undefined) closeModels(last)
    // A failed load is tried again at the next start.
    loading.catch(() => {
      if (models === mine) models = undefined
    })
    return loading
  }

  function releaseModels(): void {
    clearTimeout(linger)
    linger = setTimeout(() => {
      if (models !== undefined) closeModels(models)
      models = undefined
    }, LINGER_MS)
  }

  async function start(): Promise<void> {
    running?.abort()
    const mine = new AbortController()
    running = mine
    const { signal } = mine
    set({ ...blank, status: 'starting', hint: 'loading' })
    try {
      const result = await runOnceMore(signal)
      if (signal.aborted) return
      finish({
        status: 'done',
        progress: 1,
        result,
        hint: undefined,
        challenge: undefined,
        step: undefined,
        placement: undefined,
      })
      tell(options.onResult, result)
    } catch (error) {
      if (!signal.aborted) fail(toLivenessError(error, 'MODEL_UNAVAILABLE', 'The check failed.'))
    }
  }

  /** A device that stalled gets a second try by itself; the person need not press anything. */
  async function runOnceMore(signal: AbortSignal): Promise<FlowResult> {
    try {
      const result = await run(signal)
      if (!(result.source === 'server' && result.verdict === 'retry' && result.reasons[0] === 'frame-timing'))
        return result
    } catch (error) {
      if (signal.aborted || !(isLivenessError(error) && error.code === 'CAMERA_STALLED')) throw error
    }
    if (signal.aborted) throw aborted()
    camera.stop()
    set({ ...blank, status: 'starting', hint: 'restarting' })
    return run(signal)
  }

  async function run(signal: AbortSignal): Promise<FlowResult> {
    const { session, guidance = true } = options
    const needed = session === undefined || guidance
    // Both at once: the models load while the person reads the permission prompt.
    const loading = needed ? loadModels() : undefined
    loading?.catch(() => undefined)
    const stream = await camera.start()
    const shown = video ?? document.createElement('video')
    await showStream(shown, stream, signal, options.camera?.frameTimeoutMs)
    if (signal.aborted) throw aborted()
    set({ hint: 'loading', progress: needed && arrived < 1 ? arrived : 0 })
    const update = (change: Partial<FlowState>): void => {
      if (!signal.aborted) set(change)
    }
    const { oval = false } = options
    const advise = createGuide(shown, { oval, mirrored: () => camera.getSnapshot().mirrored })
    if (session === undefined) {
      const liveness = await loading!
      if (signal.aborted) throw aborted()
      const sequence = await checkLocally({ liveness, video: shown, oval, advise, signal, update }, options.sequence)
      if (sequence === undefined) return { ...TIMED_OUT, source: 'local' }
      return { ...toClientResult({ ...sequence, code: VERDICT_CODES[sequence.verdict] }), source: 'local', sequence }
    }
    const client = createSessionClient(
      typeof session === 'string' || session instanceof URL ? { url: session } : session,
    )
    const guide = await loading?.catch((error: unknown) => {
      update({ warning: toLivenessError(error, 'MODEL_UNAVAILABLE', 'The models cannot be loaded.') })
      return undefined
    })
    if (signal.aborted) throw aborted()
    const result = await runSession({
      client,
      guide,
      advise,
      video: shown,
      track: camera.getSnapshot().track,
      signal,
      update,
    })
    return result === undefined ? { ...TIMED_OUT, source: 'local' } : { ...result, source: 'server' }
  }

  function fail(error: LivenessError): void {
    finish({ status: 'failed', error, hint: undefined, challenge: undefined, step: undefined, placement: undefined })
    tell(options.onError, error)
  }

  /** The camera goes off before anybody hears of the end: a person who is done is not filmed. */
  function finish(change: Partial<FlowState>): void {
    running?.abort() // ends what still waits for a frame
    running = undefined
    camera.stop()
    if (video !== null) video.srcObject = null
    releaseModels()
    set(change)
  }

  return {
    getSnapshot: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    setOptions(next) {
      checkKeys('flow', next, OPTION_KEYS)
      options = next
    },
    attach(next) {
      if (next === video) return
      video = next
      const { stream } = camera.getSnapshot()
      if (video !== null && stream !== undefined && running !== undefined) void start()
    },
    preload() {
      loadModels().catch(() => undefined)
    },
    start,
    stop() {
      finish({ ...blank, status: 'idle' })
    },
    switchCamera(deviceId) {
      const wasRunning = running !== undefined
      running?.abort()
      // start() reports what goes wrong; it finds the camera already on its way.
      camera.switchCamera(deviceId).then(
        () => (wasRunning ? start() : camera.stop()),
        () => undefined,
      )
    },
  }
}

/** An error of the application's own callback is the application's: it is reported, and the check stays what it was. */
function tell<T>(callback: ((value: T) => void) | undefined, value: T): void {
  try {
    callback?.(value)
  } catch (error) {
    reportError(error)
  }
}

interface Models {
  readonly loading: Promise<WebLiveness>
  /** False for a ready liveness, which the application closes itself. */
  readonly owned: boolean
  /** The option they were made by. */
  readonly of: LivenessFlowOptions['liveness']
}

function closeModels({ loading, owned }: Models): void {
  if (owned) loading.then((liveness) => liveness.close()).catch(() => undefined)
}

function aborted(): LivenessError {
  return new LivenessError('ABORTED', 'The check was given up.')
}
