/** Options of createSessions(), with their defaults and ranges. */
import {
  checkInteger,
  checkKeys,
  checkNumber,
  checkOneOf,
  type DecodedImage,
  describe,
  type FaceLandmarker,
  type Frame,
  invalid,
  type Liveness,
  LivenessError,
  OPERATING_POINTS,
  type OperatingPointName,
} from '@unspoof/core'
import { CHALLENGE_KINDS, type ChallengeKind } from '@unspoof/core/protocol'
import { MAX_STEPS, type Random, secureRandom } from './challenge/plan.ts'
import { ATTEMPT_DEFAULTS, type AttemptLimits } from './limits/attempts.ts'
import { createMemoryStore } from './store/memory.ts'
import type { Store } from './store/store.ts'
import type { TokenSigner } from './token/signer.ts'

/** What clients are asked to capture. The longer sides accepted are {@link FRAME_SIDE}. */
export interface CaptureOptions {
  /** Frames of the person looking straight ahead, before the first movement is told. @default 4 */
  readonly holdFrames?: number
  /** Milliseconds from frame to frame. @default 250 */
  readonly intervalMs?: number
  /** Wanted size, pixels. @default 640 */
  readonly width?: number
  /** @default 480 */
  readonly height?: number
  /** JPEG quality, 0..1. @default 0.92 */
  readonly quality?: number
  /** Bytes of one frame. @default 524288 */
  readonly maxFrameBytes?: number
  /** Bytes of all frames. @default 4194304 */
  readonly maxTotalBytes?: number
}

/** Longer side of a frame, pixels: shorter ones show too little, longer ones only cost. */
export const FRAME_SIDE = { min: 320, max: 1280 } as const

export const CAPTURE_DEFAULTS: Required<CaptureOptions> = {
  holdFrames: 4,
  intervalMs: 250,
  width: 640,
  height: 480,
  quality: 0.92,
  maxFrameBytes: 512 * 1024,
  maxTotalBytes: 4 * 1024 * 1024,
}

export const CAPTURE_RANGES = {
  holdFrames: { min: 3, max: 20 },
  intervalMs: { min: 50, max: 2000 },
  width: { min: 240, max: FRAME_SIDE.max },
  height: { min: 240, max: FRAME_SIDE.max },
  quality: { min: 0.7, max: 1 },
  maxFrameBytes: { min: 10_000, max: 5 * 1024 * 1024 },
  maxTotalBytes: { min: 100_000, max: 64 * 1024 * 1024 },
} as const satisfies Record<keyof CaptureOptions, { min: number; max: number }>

export const SESSION_DEFAULTS = {
  operatingPoint: 'balanced',
  challenges: ['move-closer', 'turn-left', 'turn-right'],
  ttlMs: 120_000,
  submitTimeoutMs: 20_000,
  seenFramesTtlMs: 24 * 3600_000,
} as const

export const SESSION_RANGES = {
  ttlMs: { min: 10_000, max: 600_000 },
  submitTimeoutMs: { min: 100, max: 120_000 },
  seenFramesTtlMs: { min: 0, max: 24 * 3600_000 },
  injectionBound: { min: 0.05, max: 1 },
  steps: { min: 0, max: MAX_STEPS },
} as const

/** The part of a {@link Liveness} that sessions use: any `createLiveness()` that takes frames. */
export type SessionLiveness = Pick<Liveness<Frame>, 'checkSequence'>

/** A frame the server chose, in which the person looks straight ahead. */
export interface ReferenceImage {
  readonly sessionId: string
  readonly subject: string
  /** The JPEG as it was submitted. */
  readonly bytes: Uint8Array
  /** Lower-case hex; the same as in result and token. */
  readonly sha256: string
}

export interface SessionsOptions {
  /** Judges the frames, on the server. */
  readonly liveness: SessionLiveness
  /** Decodes one JPEG: `decodeImage` of `@unspoof/node`, or your own. Rejects with IMAGE_TYPE, IMAGE_CORRUPT or IMAGE_TOO_LARGE. */
  readonly decode: (jpeg: Uint8Array) => Promise<DecodedImage>
  /**
   * `await createFaceLandmarker()` of `@unspoof/node`: measures whether a head or a flat image moved. A session whose
   * movements look flat, or tell nothing, is asked for again. Takes some 8 ms of one core a frame. `null` turns depth off: then one photo
   * that is zoomed and warped can pass as a person.
   */
  readonly landmarker: Pick<FaceLandmarker, 'locate'> | null
  /** @default a memory store: one process only */
  readonly store?: Store
  /** Signs tokens for `live`; without one the result is only on this server. */
  readonly signer?: TokenSigner
  /**
   * At least 32 bytes, the same for all processes over one store: key of what the store may not know (accounts, addresses, frame hashes).
   * @default random, with a store that is not shared
   */
  readonly secret?: string | Uint8Array
  /** How strict the judgement is. The server's choice, never the client's. @default {@link SESSION_DEFAULTS.operatingPoint} */
  readonly operatingPoint?: OperatingPointName
  /** Movements a session may ask for; none at all where it is empty. @default {@link SESSION_DEFAULTS.challenges} */
  readonly challenges?: readonly ChallengeKind[]
  /** How many movements a session asks for, 0 to 3, or fewer where {@link challenges} allow fewer. @default 2 or 3, drawn */
  readonly steps?: number
  /** Milliseconds from the start until the held frames are committed. @default {@link SESSION_DEFAULTS.ttlMs} */
  readonly ttlMs?: number
  /** Milliseconds until judging a submission is given up with CHECK_TIMEOUT. @default {@link SESSION_DEFAULTS.submitTimeoutMs} */
  readonly submitTimeoutMs?: number
  readonly capture?: CaptureOptions
  readonly limits?: Partial<AttemptLimits>
  /** How long hashes of frames are remembered, milliseconds; 0 remembers none. @default {@link SESSION_DEFAULTS.seenFramesTtlMs} */
  readonly seenFramesTtlMs?: number
  /**
   * Injection suspicion (0..1) from which a submission is refused as an attack. Without it the signals are reported and change nothing, because their
   * error rates on your users are not known. @default none
   */
  readonly injectionBound?: number
  /**
   * Called once for every `live`, before the client is told, with the frame to compare with an ID photo. The bytes are kept nowhere
   * else. Where it rejects, the session has no result.
   */
  readonly onReference?: (image: ReferenceImage) => void | Promise<void>
  /** 0 to below 1, for the choice of the movements. @default the system's random source */
  readonly random?: Random
  /** Milliseconds since 1970, for times that are shown and signed; lifetimes are the store's. @default Date.now */
  readonly now?: () => number
}

export interface ResolvedSessionsOptions
  extends Required<
    Omit<SessionsOptions, 'signer' | 'secret' | 'injectionBound' | 'capture' | 'limits' | 'steps' | 'onReference'>
  > {
  readonly steps: number | undefined
  readonly onReference: SessionsOptions['onReference']
  readonly signer: TokenSigner | undefined
  readonly secret: string | Uint8Array | undefined
  readonly injectionBound: number | undefined
  readonly capture: Required<CaptureOptions>
  readonly limits: AttemptLimits
}

const KEYS = [
  'liveness',
  'decode',
  'landmarker',
  'store',
  'signer',
  'secret',
  'operatingPoint',
  'challenges',
  'steps',
  'ttlMs',
  'submitTimeoutMs',
  'capture',
  'limits',
  'seenFramesTtlMs',
  'injectionBound',
  'onReference',
  'random',
  'now',
] as const satisfies readonly (keyof SessionsOptions)[]

/** @throws LivenessError OPTION_INVALID */
export function resolveSessionsOptions(options: SessionsOptions): ResolvedSessionsOptions {
  checkKeys('sessions', options, KEYS)
  if (typeof options.liveness?.checkSequence !== 'function') throw invalid('liveness', 'a Liveness', options.liveness)
  if (typeof options.decode !== 'function') throw invalid('decode', 'a function', options.decode)
  checkLandmarker(options.landmarker)
  if (options.onReference !== undefined && typeof options.onReference !== 'function')
    throw invalid('onReference', 'a function', options.onReference)
  if (options.signer !== undefined && typeof options.signer.sign !== 'function')
    throw invalid('signer', 'a TokenSigner (awaited)', options.signer)
  const store = options.store ?? createMemoryStore()
  if (store.shared && options.secret === undefined) {
    throw new LivenessError('OPTION_INVALID', 'Expected a secret with a store that is shared between processes.', {
      hint: 'Pass secret: at least 32 random bytes, the same for every process, kept like a password.',
    })
  }
  const challenges = options.challenges ?? SESSION_DEFAULTS.challenges
  if (!Array.isArray(challenges)) throw invalid('challenges', 'an array of challenges', challenges)
  for (const kind of challenges) checkOneOf('challenges', kind, CHALLENGE_KINDS)
  return Object.freeze({
    liveness: options.liveness,
    decode: options.decode,
    landmarker: options.landmarker,
    store,
    signer: options.signer,
    secret: options.secret,
    operatingPoint: checkOneOf(
      'operatingPoint',
      options.operatingPoint ?? SESSION_DEFAULTS.operatingPoint,
      OPERATING_POINTS,
    ),
    challenges: [...challenges],
    steps: options.steps === undefined ? undefined : checkInteger('steps', options.steps, SESSION_RANGES.steps),
    ttlMs: checkInteger('ttlMs', options.ttlMs ?? SESSION_DEFAULTS.ttlMs, SESSION_RANGES.ttlMs),
    submitTimeoutMs: checkInteger(
      'submitTimeoutMs',
      options.submitTimeoutMs ?? SESSION_DEFAULTS.submitTimeoutMs,
      SESSION_RANGES.submitTimeoutMs,
    ),
    capture: resolveCapture(options.capture),
    limits: resolveLimits(options.limits),
    seenFramesTtlMs: checkInteger(
      'seenFramesTtlMs',
      options.seenFramesTtlMs ?? SESSION_DEFAULTS.seenFramesTtlMs,
      SESSION_RANGES.seenFramesTtlMs,
    ),
    injectionBound:
      options.injectionBound === undefined
        ? undefined
        : checkNumber('injectionBound', options.injectionBound, SESSION_RANGES.injectionBound),
    onReference: options.onReference,
    random: options.random ?? secureRandom,
    now: options.now ?? Date.now,
  })
}

/** It must be chosen: who forgets it would serve sessions that a photo can pass. */
function checkLandmarker(landmarker: unknown): void {
  if (landmarker === null) return
  if (typeof (landmarker as Partial<FaceLandmarker> | undefined)?.locate === 'function') return
  throw new LivenessError(
    'OPTION_INVALID',
    `Expected a FaceLandmarker (awaited) or null for landmarker but received ${describe(landmarker)}.`,
    {
      hint: 'Pass await createFaceLandmarker() of @unspoof/node. null turns depth off: then one photo that is zoomed and warped can pass.',
    },
  )
}

function resolveCapture(options: CaptureOptions = {}): Required<CaptureOptions> {
  const names = Object.keys(CAPTURE_DEFAULTS) as (keyof CaptureOptions)[]
  checkKeys('capture', options, names)
  const resolved = { ...CAPTURE_DEFAULTS }
  for (const name of names) {
    const check = name === 'quality' ? checkNumber : checkInteger
    resolved[name] = check(`capture.${name}`, options[name] ?? CAPTURE_DEFAULTS[name], CAPTURE_RANGES[name])
  }
  if (Math.max(resolved.width, resolved.height) < FRAME_SIDE.min)
    throw invalid('capture.width', `a longer side of at least ${FRAME_SIDE.min}`, resolved.width)
  return resolved
}

function resolveLimits(options: Partial<AttemptLimits> = {}): AttemptLimits {
  const names = Object.keys(ATTEMPT_DEFAULTS) as (keyof AttemptLimits)[]
  checkKeys('limits', options, names)
  const resolved = { ...ATTEMPT_DEFAULTS }
  for (const name of names) {
    const range = name.endsWith('Ms') ? { min: 1000, max: 24 * 3600_000 } : { min: 1, max: 1_000_000 }
    Object.assign(resolved, { [name]: checkInteger(`limits.${name}`, options[name] ?? ATTEMPT_DEFAULTS[name], range) })
  }
  return resolved
}
