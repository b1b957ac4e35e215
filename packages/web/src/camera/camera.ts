/** createCamera(): opens, switches and above all releases the camera, with every way it can fail as a typed state. */
import { checkInteger, checkKeys, checkOneOf, LivenessError } from '@unspoof/core'
import { type CameraDevice, type Facing, isColourCamera, listCameras, recallCamera, rememberCamera } from './devices.ts'
import { requireMediaDevices, toCameraError } from './errors.ts'
import { FRAME_TIMEOUT_MS } from './frames.ts'
import { openCamera } from './open.ts'
import { type CameraPermission, cameraPermission } from './permission.ts'

export const CAMERA_DEFAULTS = {
  facing: 'user',
  width: 1280,
  height: 720,
  remember: true,
  releaseWhenHidden: true,
  frameTimeoutMs: FRAME_TIMEOUT_MS,
} as const
export const CAMERA_RANGES = {
  width: { min: 160, max: 7680 },
  height: { min: 120, max: 4320 },
  frameTimeoutMs: { min: 1_000, max: 120_000 },
} as const

export interface CameraOptions {
  /** Which way the camera looks. @default {@link CAMERA_DEFAULTS.facing} */
  readonly facing?: Facing
  /** This very camera; CAMERA_NOT_FOUND where it is gone. */
  readonly deviceId?: string
  /** Wanted size in pixels; the camera takes what is nearest. @default {@link CAMERA_DEFAULTS.width} x {@link CAMERA_DEFAULTS.height} */
  readonly width?: number
  readonly height?: number
  /** Keeps the id of a camera the person switched to in localStorage. @default {@link CAMERA_DEFAULTS.remember} */
  readonly remember?: boolean
  /** Lets go of the camera while the page is hidden and opens it again after. @default {@link CAMERA_DEFAULTS.releaseWhenHidden} */
  readonly releaseWhenHidden?: boolean
  /** Milliseconds without a frame after which a camera counts as stalled. @default {@link CAMERA_DEFAULTS.frameTimeoutMs} */
  readonly frameTimeoutMs?: number
}

export type CameraStatus =
  /** Not started, or stopped. */
  | 'idle'
  /** Waiting for the person to allow the camera, or for the camera. */
  | 'starting'
  | 'running'
  /** Released because the page is hidden; runs again when it is shown. */
  | 'paused'
  /** See `error`. */
  | 'failed'

export interface CameraState {
  readonly status: CameraStatus
  /** A CAMERA_ code with what the person can do; only where `failed`. */
  readonly error: LivenessError | undefined
  readonly stream: MediaStream | undefined
  /** `prompt` while the browser asks the person; undefined before the first start, and where the browser does not tell. */
  readonly permission: CameraPermission
  /** The cameras of this device; labels are empty before the first permission. */
  readonly devices: readonly CameraDevice[]
  readonly deviceId: string | undefined
  readonly facing: Facing
  /** True where the preview should be shown as in a mirror (by CSS: frames are never mirrored). */
  readonly mirrored: boolean
  /** What the browser says about the track, as it says it: nothing here proves that a camera is real. */
  readonly track: CameraTrack | undefined
}

export interface CameraTrack {
  readonly label: string
  readonly width: number | undefined
  readonly height: number | undefined
  readonly frameRate: number | undefined
  readonly facingMode: string | undefined
}

/** A camera as a small store: read `getSnapshot()`, listen with `subscribe()`. */
export interface Camera {
  getSnapshot(): CameraState
  subscribe(listener: () => void): () => void
  /**
   * Asks for the camera. Call it from a click or tap.
   * @throws LivenessError CAMERA_DENIED, CAMERA_POLICY, CAMERA_NOT_FOUND, CAMERA_IN_USE, CAMERA_NO_FRAMES, CAMERA_INSECURE,
   * CAMERA_UNSUPPORTED; the state says the same. ABORTED where stop() came first, for example while the permission prompt was open.
   */
  start(): Promise<MediaStream>
  /** Takes another camera: by id, or the other way round without one. Remembered for the next visit. */
  switchCamera(deviceId?: string): Promise<MediaStream>
  /** Lets go of the camera at once; also of one that is only just being opened. */
  stop(): void
}

/** Nothing is opened until `start()`. Safe to call where there is no browser. */
export function createCamera(options: CameraOptions = {}): Camera {
  const config = resolveCameraOptions(options)
  const listeners = new Set<() => void>()
  let state: CameraState = {
    status: 'idle',
    error: undefined,
    stream: undefined,
    permission: undefined,
    devices: [],
    deviceId: config.deviceId,
    facing: config.facing,
    mirrored: config.facing === 'user',
    track: undefined,
  }
  let wantedId = config.deviceId
  // Each start and stop begins a new turn; a stream that arrives in an old turn is closed at once.
  let turn = 0

  function set(change: Partial<CameraState>): void {
    state = { ...state, ...change }
    for (const listener of [...listeners]) listener()
  }

  function release(): void {
    turn++
    for (const track of state.stream?.getTracks() ?? []) {
      track.onended = null
      track.stop()
    }
    document.removeEventListener('visibilitychange', onVisibility)
    navigator.mediaDevices?.removeEventListener?.('devicechange', onDevices)
  }

  function fail(thrown: unknown): LivenessError {
    const error = toCameraError(thrown)
    release()
    set({ status: 'failed', error, stream: undefined, track: undefined })
    return error
  }

  function onVisibility(): void {
    if (document.visibilityState === 'hidden' && state.status === 'running') {
      release()
      document.addEventListener('visibilitychange', onVisibility)
      set({ status: 'paused', stream: undefined, track: undefined })
    } else if (document.visibilityState === 'visible' && state.status === 'paused') {
      start().catch(() => undefined) // the state says what went wrong
    }
  }

  async function onDevices(): Promise<void> {
    const mine = turn
    const devices = await listCameras(navigator.mediaDevices)
    if (mine === turn) set({ devices })
  }

  async function start(): Promise<MediaStream> {
    if (state.status === 'running' && state.stream !== undefined) return state.stream
    if (state.status === 'starting') release()
    const mine = ++turn
    set({ status: 'starting', error: undefined })
    let stream: MediaStream | undefined
    try {
      const media = requireMediaDevices()
      stream = await open(media, wantedId)
      const devices = await listCameras(media)
      if (mine !== turn) throw new LivenessError('ABORTED', 'The camera was stopped before it was open.')
      adopt(stream, devices)
      return stream
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop()
      if (mine === turn) throw fail(error)
      throw new LivenessError('ABORTED', 'The camera was stopped before it was open.', { cause: error })
    }
  }

  async function open(media: MediaDevices, deviceId: string | undefined): Promise<MediaStream> {
    const size = { width: { ideal: config.width }, height: { ideal: config.height } }
    const permission = await cameraPermission()
    set({ permission })
    const get = (video: MediaTrackConstraints): Promise<MediaStream> =>
      openCamera(media, { ...size, ...video }, permission)
    if (deviceId !== undefined) return get({ deviceId: { exact: deviceId } })
    const remembered = config.remember && state.facing === config.facing ? recallCamera(config.facing) : undefined
    if (remembered !== undefined) {
      // `ideal` would let the browser weigh the size against the choice. One that was unplugged is no reason to fail.
      const stream = await get({ deviceId: { exact: remembered } }).catch((error: unknown) => {
        if (toCameraError(error).code !== 'CAMERA_NOT_FOUND') throw error
      })
      if (stream !== undefined) return stream
    }
    const stream = await get({ facingMode: { ideal: state.facing } })
    if (isColourCamera(stream.getVideoTracks()[0]?.label ?? '')) return stream
    const other = (await listCameras(media)).find((device) => device.label !== '' && isColourCamera(device.label))
    if (other === undefined) return stream
    for (const track of stream.getTracks()) track.stop()
    return get({ deviceId: { exact: other.deviceId } })
  }

  function adopt(stream: MediaStream, devices: readonly CameraDevice[]): void {
    const track = stream.getVideoTracks()[0]
    if (track === undefined) throw new LivenessError('CAMERA_NOT_FOUND', 'The browser gave a stream without a picture.')
    const settings = track.getSettings()
    // Fires where the device is unplugged, taken away, or the permission is withdrawn; not after our own stop().
    track.onended = () =>
      fail(new LivenessError('CAMERA_ENDED', 'The camera was taken away or the permission withdrawn.'))
    if (config.releaseWhenHidden) document.addEventListener('visibilitychange', onVisibility)
    navigator.mediaDevices.addEventListener?.('devicechange', onDevices)
    const facing =
      settings.facingMode === 'user' || settings.facingMode === 'environment' ? settings.facingMode : state.facing
    set({
      status: 'running',
      stream,
      devices,
      permission: 'granted',
      deviceId: settings.deviceId,
      facing,
      // A webcam does not say where it looks; it looks at the person.
      mirrored: settings.facingMode !== 'environment' && facing !== 'environment',
      track: {
        label: track.label,
        width: settings.width,
        height: settings.height,
        frameRate: settings.frameRate,
        facingMode: settings.facingMode,
      },
    })
    // The page was hidden while the permission prompt was open.
    if (config.releaseWhenHidden && document.visibilityState === 'hidden') onVisibility()
  }

  return {
    getSnapshot: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    start,
    async switchCamera(deviceId) {
      const wasRunning = state.stream !== undefined
      if (wasRunning || state.status === 'starting' || state.status === 'paused') release()
      wantedId = deviceId
      const facing: Facing = deviceId !== undefined ? state.facing : state.facing === 'user' ? 'environment' : 'user'
      set({ status: 'idle', stream: undefined, track: undefined, facing })
      const stream = await start()
      if (config.remember && deviceId !== undefined) rememberCamera(config.facing, deviceId)
      return stream
    },
    stop() {
      if (state.status === 'idle') return
      release()
      set({ status: 'idle', error: undefined, stream: undefined, track: undefined })
    },
  }
}

const CAMERA_KEYS = [
  'facing',
  'deviceId',
  'width',
  'height',
  'remember',
  'releaseWhenHidden',
  'frameTimeoutMs',
] as const satisfies readonly (keyof CameraOptions)[]

/** @throws LivenessError OPTION_INVALID */
function resolveCameraOptions(options: CameraOptions) {
  checkKeys('camera', options, CAMERA_KEYS)
  return {
    facing: checkOneOf('facing', options.facing ?? CAMERA_DEFAULTS.facing, ['user', 'environment']),
    deviceId: options.deviceId,
    width: checkInteger('width', options.width ?? CAMERA_DEFAULTS.width, CAMERA_RANGES.width),
    height: checkInteger('height', options.height ?? CAMERA_DEFAULTS.height, CAMERA_RANGES.height),
    remember: options.remember ?? CAMERA_DEFAULTS.remember,
    releaseWhenHidden: options.releaseWhenHidden ?? CAMERA_DEFAULTS.releaseWhenHidden,
    frameTimeoutMs: checkInteger(
      'frameTimeoutMs',
      options.frameTimeoutMs ?? CAMERA_DEFAULTS.frameTimeoutMs,
      CAMERA_RANGES.frameTimeoutMs,
    ),
  }
}
