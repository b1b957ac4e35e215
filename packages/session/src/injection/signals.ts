/**
 * Hints that frames were injected instead of taken by a camera, in the words of CEN/TS 18099:2024. They mitigate, they prove nothing: whoever writes
 * the client can satisfy every one of them.
 */
import type { TrackInfo } from '@unspoof/core/protocol'
import { jpegTables } from './jpeg-tables.ts'

/** What each signal looks for: the injection attack method (how frames enter) or the trace of an injection attack instrument (what enters). */
export const INJECTION_SIGNALS = {
  /** Method: virtual camera. The track is named like a known virtual camera. */
  'virtual-camera': 0.4,
  /** Method: virtual camera or hooked getUserMedia. The track's settings contradict the frames or are missing. */
  'track-settings': 0.15,
  /** Method: frames posted by a script. Timers of a page jitter by some milliseconds; a script's timestamps do not. */
  'frame-times': 0.15,
  /** Trace of a still or looped instrument: the noise from frame to frame repeats, or there is none. */
  'sensor-noise': 0.2,
  /** Trace of a prepared instrument: the JPEG tables are not those of one encoder at the quality asked for. */
  're-encoding': 0.1,
} as const satisfies Record<string, number>

export type InjectionSignalId = keyof typeof INJECTION_SIGNALS

export interface InjectionSignal {
  readonly id: InjectionSignalId
  readonly suspicious: boolean
  /** What was measured; `null` where there was nothing to measure. */
  readonly value: number | null
}

export interface InjectionReport {
  /** Sum of the weights of the suspicious signals, 0..1. Not a probability. */
  readonly suspicion: number
  readonly signals: readonly InjectionSignal[]
}

export interface InjectionInput {
  readonly track: TrackInfo | undefined
  /** Of each step, the times of its frames, milliseconds. */
  readonly steps: readonly (readonly number[])[]
  readonly images: readonly Uint8Array[]
  /** Size of the frames, pixels. */
  readonly width: number
  readonly height: number
  /** Of each frame, its luma grid. */
  readonly grids: readonly Float64Array[]
  /** JPEG quality that was asked for, 1..100. */
  readonly quality: number
}

/** Names of programs and drivers, lower case. Names of makers of real cameras that also sell virtual ones are left out. */
const VIRTUAL_CAMERAS = [
  'obs',
  'manycam',
  'v4l2loopback',
  'dummy video',
  'virtual',
  'fake',
  'snap camera',
  'xsplit',
  'splitcam',
  'e2esoft',
  'vcam',
  'sparkocam',
  'mmhmm',
  'camtwist',
  'webcamoid',
  'akvirtualcamera',
  'deepfacelive',
  'unity video capture',
  'screen capture',
] as const

export function injectionReport(input: InjectionInput): InjectionReport {
  const signals = [
    virtualCamera(input.track),
    trackSettings(input),
    frameTimes(input.steps),
    sensorNoise(input.grids),
    reEncoding(input.images, input.quality),
  ]
  const suspicion = signals.reduce((sum, { id, suspicious }) => sum + (suspicious ? INJECTION_SIGNALS[id] : 0), 0)
  return { suspicion: Math.min(1, Math.round(suspicion * 100) / 100), signals }
}

function virtualCamera(track: TrackInfo | undefined): InjectionSignal {
  const words = track?.label?.toLowerCase()
  if (words === undefined || words === '') return { id: 'virtual-camera', suspicious: false, value: null }
  // Whole words: a "Logitech Bobs" is no "obs".
  const found = VIRTUAL_CAMERAS.some((name) => new RegExp(`(^|[^a-z])${name}([^a-z]|$)`).test(words))
  return { id: 'virtual-camera', suspicious: found, value: found ? 1 : 0 }
}

function trackSettings({ track, width, height }: InjectionInput): InjectionSignal {
  if (track?.width === undefined || track.height === undefined)
    return { id: 'track-settings', suspicious: false, value: null }
  // A canvas may shrink the camera's picture or a phone may be turned, but it adds no pixels and keeps the shape.
  const enlarged = Math.max(width, height) / Math.max(track.width, track.height)
  const shape =
    Math.max(width, height) /
    Math.min(width, height) /
    (Math.max(track.width, track.height) / Math.min(track.width, track.height))
  const suspicious = enlarged > 1.02 || Math.abs(Math.log(shape)) > 0.05 || track.frameRate === 0
  return { id: 'track-settings', suspicious, value: enlarged }
}

/** Standard deviation of the gaps within the steps, milliseconds. */
function frameTimes(steps: readonly (readonly number[])[]): InjectionSignal {
  const gaps = steps.flatMap((times) => times.slice(1).map((time, i) => time - times[i]!))
  if (gaps.length < 3) return { id: 'frame-times', suspicious: false, value: null }
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  const deviation = Math.sqrt(gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length)
  return { id: 'frame-times', suspicious: deviation < 0.5, value: deviation }
}

/**
 * Largest correlation of the changes between frames that are neighbours in time, -1..1. Independent noise gives about -0.5 (the middle frame is in both
 * changes, with opposite signs) and movement gives anything below 1; a loop or a slow zoom into a still picture repeats its change exactly.
 */
function sensorNoise(grids: readonly Float64Array[]): InjectionSignal {
  if (grids.length < 3) return { id: 'sensor-noise', suspicious: false, value: null }
  const changes = grids.slice(1).map((grid, i) => grid.map((value, k) => value - grids[i]![k]!))
  let largest = -1
  for (let i = 1; i < changes.length; i++) {
    const [a, b] = [changes[i - 1]!, changes[i]!]
    const lengths = Math.hypot(...a) * Math.hypot(...b)
    // No change at all repeats itself.
    largest = Math.max(largest, lengths === 0 ? 1 : a.reduce((sum, value, k) => sum + value * b[k]!, 0) / lengths)
  }
  return { id: 'sensor-noise', suspicious: largest > 0.98, value: largest }
}

/** Greatest distance of a frame's JPEG quality from the one asked for. */
function reEncoding(images: readonly Uint8Array[], quality: number): InjectionSignal {
  const tables = images.map(jpegTables)
  const known = tables.flatMap((table) => table ?? [])
  if (known.length === 0) return { id: 're-encoding', suspicious: true, value: null }
  const one = new Set(known.map(({ fingerprint }) => fingerprint)).size === 1 && known.length === tables.length
  const off = Math.max(...known.map((table) => Math.abs(table.quality - quality)))
  // Browsers map 0.92 to different qualities of their own scales.
  return { id: 're-encoding', suspicious: !one || off > 15, value: off }
}
