/** Decoded pixels. */
import { LivenessError } from '../errors.ts'
import { describe } from '../validate.ts'

declare const frameBrand: unique symbol

/**
 * Decoded pixels: 8 bit, sRGB, interleaved RGB or RGBA, rows from the top, orientation already applied.
 * `data.length === width * height * channels`. Made only by {@link createFrame}, so it can be trusted.
 */
export interface Frame {
  readonly data: Uint8Array | Uint8ClampedArray
  /** Pixels, 1 to {@link MAX_SIDE}. */
  readonly width: number
  /** Pixels, 1 to {@link MAX_SIDE}. */
  readonly height: number
  /** 3 = RGB, 4 = RGBA. Alpha is not read: decoders composite on black. */
  readonly channels: 3 | 4
  readonly [frameBrand]: true
}

/** The longest side a frame may have, in pixels. */
export const MAX_SIDE = 16_384

export interface FrameInit {
  readonly data: Uint8Array | Uint8ClampedArray
  readonly width: number
  readonly height: number
  /** @default data.length / (width * height) */
  readonly channels?: 3 | 4
}

/**
 * Checks sizes and makes a frame; the pixels are not copied.
 * @throws LivenessError INPUT_INVALID when a side is not an integer from 1 to 16384 or `data` has another length.
 */
export function createFrame(init: FrameInit): Frame {
  const { data, width, height } = init
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray)) {
    throw new LivenessError(
      'INPUT_INVALID',
      `Expected a Uint8Array or Uint8ClampedArray for frame.data but received ${describe(data)}.`,
    )
  }
  for (const [name, side] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (!Number.isInteger(side) || side < 1 || side > MAX_SIDE) {
      throw new LivenessError(
        'INPUT_INVALID',
        `Expected an integer from 1 to ${MAX_SIDE} for frame.${name} but received ${describe(side)}.`,
      )
    }
  }
  const channels = init.channels ?? data.length / (width * height)
  if ((channels !== 3 && channels !== 4) || data.length !== width * height * channels) {
    throw new LivenessError(
      'INPUT_INVALID',
      `Expected ${width} x ${height} pixels of 3 or 4 bytes for frame.data but received ${data.length} bytes.`,
    )
  }
  return { data, width, height, channels } as Frame
}

/** True for what {@link createFrame} would accept: used to tell a frame from other inputs. */
export function isFrame(value: unknown): value is Frame {
  if (typeof value !== 'object' || value === null) return false
  const { data, width, height, channels } = value as Partial<Frame>
  return (
    (data instanceof Uint8Array || data instanceof Uint8ClampedArray) &&
    Number.isInteger(width) &&
    Number.isInteger(height) &&
    (channels === 3 || channels === 4) &&
    data.length === width! * height! * channels
  )
}
