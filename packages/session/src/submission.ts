/** Reads what a client submits: every key known, every value in its range, nothing else. PROTOCOL.md is the reference. */
import { checkInteger, checkNumber, invalid, LivenessError } from '@unspoof/core'

/** What a client tells about its camera. It can say anything: used for injection signals only. */
export interface TrackInfo {
  readonly label?: string
  readonly width?: number
  readonly height?: number
  readonly frameRate?: number
  readonly facingMode?: string
}

export interface SubmittedFrame {
  readonly index: number
  readonly timeMs: number
  readonly digest: string
}

export interface SubmissionMeta {
  readonly version: 1
  readonly nonce: string
  readonly frames: readonly SubmittedFrame[]
  readonly mirrored: boolean
  readonly track: TrackInfo | undefined
}

/** Frames a submission may name before it is refused unread: above every session's own number. */
export const MAX_FRAMES = 64

const CODE = 'INPUT_INVALID'

/** @throws LivenessError INPUT_INVALID names the place; TOO_MANY_PARTS. */
export function parseMeta(value: unknown): SubmissionMeta {
  const meta = record('meta', value, ['version', 'nonce', 'frames', 'mirrored', 'track'])
  if (meta.version !== 1) throw invalid('meta.version', '1', meta.version, CODE)
  if (typeof meta.nonce !== 'string' || meta.nonce.length > 64)
    throw invalid('meta.nonce', 'a string of at most 64 characters', meta.nonce, CODE)
  if (!Array.isArray(meta.frames)) throw invalid('meta.frames', 'an array', meta.frames, CODE)
  if (meta.frames.length > MAX_FRAMES) {
    throw new LivenessError(
      'TOO_MANY_PARTS',
      `Expected at most ${MAX_FRAMES} frames but received ${meta.frames.length}.`,
    )
  }
  if (meta.mirrored !== undefined && typeof meta.mirrored !== 'boolean')
    throw invalid('meta.mirrored', 'a boolean', meta.mirrored, CODE)
  return {
    version: 1,
    nonce: meta.nonce,
    frames: meta.frames.map((frame: unknown, i) => parseFrame(`meta.frames[${i}]`, frame)),
    mirrored: meta.mirrored ?? false,
    track: meta.track === undefined ? undefined : parseTrack(meta.track),
  }
}

function parseFrame(name: string, value: unknown): SubmittedFrame {
  const { index, timeMs, digest } = record(name, value, ['index', 'timeMs', 'digest'])
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest))
    throw invalid(`${name}.digest`, '64 lower-case hex digits', digest, CODE)
  return {
    // Negative and out of order is for the verdict to say; here only what no client would send by honest mistake is refused.
    index: checkInteger(`${name}.index`, index, { min: -1_000_000, max: 1_000_000 }, CODE),
    timeMs: checkInteger(`${name}.timeMs`, timeMs, { min: -1e15, max: 1e15 }, CODE),
    digest,
  }
}

function parseTrack(value: unknown): TrackInfo {
  const track = record('meta.track', value, ['label', 'width', 'height', 'frameRate', 'facingMode'])
  return {
    label: optional(track.label, (label) => text('meta.track.label', label, 200)),
    width: optional(track.width, (width) => checkNumber('meta.track.width', width, { min: 1, max: 16_384 }, CODE)),
    height: optional(track.height, (height) => checkNumber('meta.track.height', height, { min: 1, max: 16_384 }, CODE)),
    frameRate: optional(track.frameRate, (rate) =>
      checkNumber('meta.track.frameRate', rate, { min: 0, max: 1000 }, CODE),
    ),
    facingMode: optional(track.facingMode, (mode) => text('meta.track.facingMode', mode, 20)),
  }
}

function record<const K extends string>(
  name: string,
  value: unknown,
  known: readonly K[],
): Partial<Record<K, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'an object', value, CODE)
  for (const key of Object.keys(value)) {
    if (!known.includes(key as K)) {
      // The key is the client's text: it is not repeated.
      throw new LivenessError(CODE, `Expected only ${known.join(', ')} in ${name} but received another key.`)
    }
  }
  return value
}

function optional<T>(value: unknown, parse: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : parse(value)
}

function text(name: string, value: unknown, max: number): string {
  if (typeof value !== 'string' || value.length > max)
    throw invalid(name, `a string of at most ${max} characters`, value, CODE)
  return value
}
