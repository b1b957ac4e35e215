/** Cuts what a detector sees: the whole frame, or more or less than it, in the size of the network's input. */
import type { Frame } from '../image/frame.ts'
import type { DetectorCard } from '../model/card.ts'

/** Where the network's input lies in the frame: `frame = origin + input * step`, both in pixels with pixel edges at integers. */
export interface Placement {
  readonly originX: number
  readonly originY: number
  readonly step: number
}

/** Most samples a side that are averaged for one pixel: more would cost time and find no more faces. */
const MAX_TAPS = 3

/**
 * The placement that shows the whole frame with its aspect ratio kept.
 * @param zoom 2 shows the frame at half the size in the middle of the input.
 */
export function place(frame: Frame, input: DetectorCard['input'], zoom = 1): Placement {
  const step = Math.max(frame.width / input.width, frame.height / input.height) * zoom
  if (input.letterbox === 'top-left' && zoom === 1) return { originX: 0, originY: 0, step }
  return { originX: (frame.width - input.width * step) / 2, originY: (frame.height - input.height * step) / 2, step }
}

/**
 * The network's input, normalised as the card says. Black where the frame ends. Bilinear where the frame is enlarged, the mean
 * of up to 3 x 3 samples a pixel where it is shrunk: a detector needs no exact area mean, and a large frame costs no more.
 */
export function letterbox(frame: Frame, input: DetectorCard['input'], placement: Placement): Float32Array {
  const { width, height } = input
  const pixels =
    placement.step <= 1 ? enlarge(frame, width, height, placement) : shrink(frame, width, height, placement)
  return normalise(pixels, input)
}

/** Interleaved RGB, 0..255. */
function shrink(frame: Frame, width: number, height: number, { originX, originY, step }: Placement): Float32Array {
  const taps = Math.min(MAX_TAPS, Math.ceil(step))
  const columns = samples(width, taps, originX, step, frame.width)
  const rows = samples(height, taps, originY, step, frame.height)
  const { data, channels } = frame
  const out = new Float32Array(width * height * 3)
  const weight = 1 / (taps * taps)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      let red = 0
      let green = 0
      let blue = 0
      for (let j = 0; j < taps; j++) {
        const row = rows[y * taps + j]!
        if (row < 0) continue
        for (let i = 0; i < taps; i++) {
          const column = columns[x * taps + i]!
          if (column < 0) continue
          const at = (row * frame.width + column) * channels
          red += data[at]!
          green += data[at + 1]!
          blue += data[at + 2]!
        }
      }
      const at = (y * width + x) * 3
      out[at] = red * weight
      out[at + 1] = green * weight
      out[at + 2] = blue * weight
    }
  }
  return out
}

/** For each output pixel the `taps` source positions that are averaged; -1 outside the frame. */
function samples(size: number, taps: number, origin: number, step: number, limit: number): Int32Array {
  const positions = new Int32Array(size * taps)
  for (let i = 0; i < positions.length; i++) {
    const position = Math.floor(origin + ((i + 0.5) * step) / taps)
    positions[i] = position >= 0 && position < limit ? position : -1
  }
  return positions
}

/** Interleaved RGB, 0..255; half-pixel centres, the frame's edge pixels repeated up to its edge. */
function enlarge(frame: Frame, width: number, height: number, { originX, originY, step }: Placement): Float32Array {
  const { data, channels } = frame
  const out = new Float32Array(width * height * 3)
  for (let y = 0; y < height; y++) {
    const sourceY = originY + (y + 0.5) * step
    if (sourceY < 0 || sourceY >= frame.height) continue
    const top = Math.floor(Math.max(0, sourceY - 0.5))
    const bottom = Math.min(frame.height - 1, top + 1)
    const down = Math.max(0, sourceY - 0.5) - top
    for (let x = 0; x < width; x++) {
      const sourceX = originX + (x + 0.5) * step
      if (sourceX < 0 || sourceX >= frame.width) continue
      const left = Math.floor(Math.max(0, sourceX - 0.5))
      const right = Math.min(frame.width - 1, left + 1)
      const across = Math.max(0, sourceX - 0.5) - left
      for (let c = 0; c < 3; c++) {
        const a = data[(top * frame.width + left) * channels + c]!
        const b = data[(top * frame.width + right) * channels + c]!
        const d = data[(bottom * frame.width + left) * channels + c]!
        const e = data[(bottom * frame.width + right) * channels + c]!
        const upper = a + (b - a) * across
        const lower = d + (e - d) * across
        out[(y * width + x) * 3 + c] = upper + (lower - upper) * down
      }
    }
  }
  return out
}

function normalise(pixels: Float32Array, input: DetectorCard['input']): Float32Array {
  const { layout, colour, scale, mean, std } = input
  const area = pixels.length / 3
  const out = new Float32Array(pixels.length)
  for (let c = 0; c < 3; c++) {
    const source = colour === 'rgb' ? c : 2 - c
    const factor = scale / std[c]!
    const offset = mean[c]! / std[c]!
    const start = layout === 'nchw' ? c * area : c
    const stride = layout === 'nchw' ? 1 : 3
    for (let i = 0; i < area; i++) out[start + i * stride] = pixels[3 * i + source]! * factor - offset
  }
  return out
}
