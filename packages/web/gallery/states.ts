/** Every state a person may see, by name. */
import { type ErrorCode, LivenessError } from '@unspoof/core'
import type { FlowResult, FlowState, FlowStep, HintCode } from '../src/flow/state.ts'

type Shown = FlowState & { readonly wait: number }

const BLANK: Shown = {
  status: 'idle',
  hint: undefined,
  progress: 0,
  result: undefined,
  error: undefined,
  challenge: undefined,
  step: undefined,
  placement: undefined,
  warning: undefined,
  wait: 0,
  camera: {
    status: 'idle',
    error: undefined,
    stream: undefined,
    permission: undefined,
    devices: [],
    deviceId: undefined,
    facing: 'user',
    mirrored: true,
    track: undefined,
  },
}

const TWO_CAMERAS = [
  { deviceId: 'a', label: 'Front camera' },
  { deviceId: 'b', label: 'USB camera' },
]

function state(change: Partial<Shown>): Shown {
  return { ...BLANK, ...change }
}

function checking(hint: HintCode, change: Partial<Shown> = {}): Shown {
  return state({ status: 'checking', hint, ...change })
}

function step(kind: FlowStep['kind'], index: number, progress: number): Shown {
  const shown: FlowStep = {
    kind,
    index,
    of: index === 0 ? undefined : 2,
    phase: progress < 1 ? 'reach' : 'stay',
    progress,
    taken: progress,
    timeLeftMs: 5_000,
  }
  return state({ status: 'capturing', hint: kind === 'hold' ? 'hold-still' : kind, step: shown, progress })
}

function failed(code: ErrorCode, wait = 0): Shown {
  return state({ status: 'failed', error: new LivenessError(code, 'In the gallery.'), wait })
}

function done(verdict: FlowResult['verdict'], reasons: FlowResult['reasons'] = []): Shown {
  return state({
    status: 'done',
    progress: 1,
    result: { verdict, code: 'RETRY', reasons, hint: '', source: 'server' } as FlowResult,
  })
}

/** In the order in which a person meets them. */
export const STATES: Readonly<Record<string, Shown>> = {
  start: state({}),
  'asks for the camera': state({ status: 'starting', hint: 'allow-camera' }),
  'loads files': state({ status: 'starting', hint: 'loading', progress: 0.42 }),
  'no face': checking('no-face'),
  'off centre': checking('centre-face', { placement: { fits: false, hint: 'centre-face', x: 0.6, y: -0.2 } }),
  'too far': checking('face-too-small'),
  'too dark': checking('too-dark'),
  'two cameras': checking('multiple-faces', { camera: { ...BLANK.camera, devices: TWO_CAMERAS, deviceId: 'a' } }),
  hold: step('hold', 0, 0.6),
  'turn left': step('turn-left', 1, 0.4),
  'turn right': step('turn-right', 1, 0.8),
  closer: step('move-closer', 2, 0.5),
  sends: state({ status: 'submitting', hint: 'submitting', progress: 1 }),
  live: done('live'),
  'not live': done('spoof', ['attack-suspected']),
  'once more': done('retry', ['challenge-failed']),
  paused: state({ status: 'paused' }),
  blocked: failed('CAMERA_DENIED'),
  'not allowed in a frame': failed('CAMERA_POLICY'),
  'no camera': failed('CAMERA_NOT_FOUND'),
  'camera shows nothing': failed('CAMERA_NO_FRAMES'),
  offline: failed('NETWORK'),
  busy: failed('OVERLOADED', 28),
  'too many tries': failed('ATTEMPTS_EXCEEDED', 540),
  'anything else': failed('MODEL_HASH'),
}
