/** Reads what a client sends: every key known, every value in its range, nothing else. PROTOCOL.md is the reference. */
import { checkInteger, checkNumber, invalid, LivenessError } from '@unspoof/core'
import {
  type CommitRequest,
  type CommittedFrame,
  PROTOCOL_VERSION,
  type StartRequest,
  type SubmissionMeta,
  type TrackInfo,
} from '@unspoof/core/protocol'

/** More frames than any session asks for are refused unread. */
const MAX_FRAMES = 64

const CODE = 'INPUT_INVALID'

/** @throws LivenessError PROTOCOL_VERSION, INPUT_INVALID */
export function readStart(value: unknown): StartRequest {
  readRecord('body', value, ['version'])
  return { version: PROTOCOL_VERSION }
}

/** @throws LivenessError PROTOCOL_VERSION; INPUT_INVALID names the place; TOO_MANY_PARTS */
export function readCommit(value: unknown): CommitRequest {
  const body = readRecord('body', value, ['version', 'nonce', 'step', 'frames', 'mirrored'])
  if (!Array.isArray(body.frames)) throw invalid('frames', 'an array', body.frames, CODE)
  if (body.frames.length > MAX_FRAMES) {
    throw new LivenessError(
      'TOO_MANY_PARTS',
      `Expected at most ${MAX_FRAMES} frames but received ${body.frames.length}.`,
    )
  }
  if (body.mirrored !== undefined && typeof body.mirrored !== 'boolean')
    throw invalid('mirrored', 'a boolean', body.mirrored, CODE)
  const step = checkInteger('step', body.step, { min: 0, max: 9 }, CODE)
  if (step > 0 && body.mirrored !== undefined)
    throw new LivenessError(CODE, 'Expected mirrored only with step 0: it holds for the whole session.')
  return {
    version: PROTOCOL_VERSION,
    nonce: readText('nonce', body.nonce, 64),
    step,
    frames: body.frames.map((frame: unknown, i) => readFrame(`frames[${i}]`, frame)),
    ...(body.mirrored === undefined ? {} : { mirrored: body.mirrored }),
  }
}

/** @throws LivenessError PROTOCOL_VERSION; INPUT_INVALID names the place */
export function readMeta(value: unknown): SubmissionMeta {
  const meta = readRecord('meta', value, ['version', 'nonce', 'track'])
  return {
    version: PROTOCOL_VERSION,
    nonce: readText('meta.nonce', meta.nonce, 64),
    track: meta.track === undefined ? undefined : readTrack(meta.track),
  }
}

function readFrame(name: string, value: unknown): CommittedFrame {
  const { timeMs, digest } = readKeys(name, value, ['timeMs', 'digest'])
  if (typeof digest !== 'string' || !/^[0-9a-f]{64}$/.test(digest))
    throw invalid(`${name}.digest`, '64 lower-case hex digits', digest, CODE)
  // What is negative or out of order is for the verdict to say.
  return { timeMs: checkInteger(`${name}.timeMs`, timeMs, { min: -1e15, max: 1e15 }, CODE), digest }
}

function readTrack(value: unknown): TrackInfo {
  const track = readKeys('meta.track', value, ['label', 'width', 'height', 'frameRate', 'facingMode'])
  return {
    label: optional(track.label, (label) => readText('meta.track.label', label, 200)),
    width: optional(track.width, (width) => checkNumber('meta.track.width', width, { min: 1, max: 16_384 }, CODE)),
    height: optional(track.height, (height) => checkNumber('meta.track.height', height, { min: 1, max: 16_384 }, CODE)),
    frameRate: optional(track.frameRate, (rate) =>
      checkNumber('meta.track.frameRate', rate, { min: 0, max: 1000 }, CODE),
    ),
    facingMode: optional(track.facingMode, (mode) => readText('meta.track.facingMode', mode, 20)),
  }
}

/** A body with a version. Another version's keys are not looked at, so that its client hears what is wrong. */
function readRecord<const K extends string>(name: string, value: unknown, known: readonly K[]) {
  const body = readObject(name, value)
  if (body.version !== PROTOCOL_VERSION) {
    throw new LivenessError('PROTOCOL_VERSION', `Expected version ${PROTOCOL_VERSION} of the session protocol.`)
  }
  return readKeys(name, body, known)
}

function readObject(name: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(name, 'an object', value, CODE)
  return value as Record<string, unknown>
}

function readKeys<const K extends string>(
  name: string,
  value: unknown,
  known: readonly K[],
): Partial<Record<K, unknown>> {
  const object = readObject(name, value)
  if (Object.keys(object).some((key) => !known.includes(key as K))) {
    // The key is the client's text: it is not repeated.
    throw new LivenessError(CODE, `Expected only ${known.join(', ')} in ${name} but received another key.`)
  }
  return object as Partial<Record<K, unknown>>
}

function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value)
}

function readText(name: string, value: unknown, max: number): string {
  if (typeof value !== 'string' || value.length > max)
    throw invalid(name, `a string of at most ${max} characters`, value, CODE)
  return value
}
