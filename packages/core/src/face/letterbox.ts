/** Cuts what a detector sees: a region of the frame in the size of the network's input. */
import type { Frame } from '../image/frame.ts'
import type { DetectorCard } from '../model/card.ts'

type DetectorInput = DetectorCard['input']

/** Where the network's input lies in the frame: `frame = origin + input * step`, both in pixels with pixel edges at integers. */
export interface Placement {
  readonly originX: number
  readonly originY: number
  readonly step: number
}

/** Most samples a side that are averaged for one pixel: more cost time and find no more faces. */
const MAX_TAPS = 2

/** A rectangle in frame pixels, may reach outside the frame. */
export interface Region {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** The placement that shows a region of the frame as large as the input allows, its aspect ratio kept. */
export function place(region: Region, input: DetectorInput): Placement {
  const step = Math.max(region.width / input.width, region.height / input.height)
  if (input.letterbox === 'top-left') return { originX: region.x, originY: region.y, step }
  return {
    originX: region.x + (region.width - input.width * step) / 2,
    originY: region.y + (region.height - input.height * step) / 2,
    step,
  }
}

/**
 * The network's input, normalised as the card says, black where the frame ends. Bilinear where the frame is enlarged, the mean
 * of up to 2 x 2 samples a pixel where it is shrunk: a detector needs no exact area mean, and a large frame costs no more.
 */
export function letterbox(frame: Frame, input: DetectorInput, { originX, originY, step }: Placement): Float32Array {
  const { width, height, layout, colour, scale, mean, std } = input
  const columns = axisTaps(width, originX, step, frame.width)
  const rows = axisTaps(height, originY, step, frame.height)
  const out = new Float32Array(3 * width * height)
  const pixels = new Float32Array(3 * width)
  const [next, nextChannel] = layout === 'nchw' ? [1, width * height] : [3, 1]
  for (let y = 0; y < height; y++) {
    sampleRow(frame, columns, rows, y, pixels)
    for (let c = 0; c < 3; c++) {
      const factor = scale / std[c]!
      const offset = mean[c]! / std[c]!
      let from = colour === 'rgb' ? c : 2 - c
      let to = c * nextChannel + y * width * next
      for (let x = 0; x < width; x++) {
        out[to] = pixels[from]! * factor - offset
        from += 3
        to += next
      }
    }
  }
  return out
}

/** What each input pixel of an axis is made of: `count` frame positions with their weights, all 0 outside the frame. */
interface AxisTaps {
  readonly count: number
  readonly positions: Int32Array
  readonly weights: Float32Array
}

function axisTaps(size: number, origin: number, step: number, limit: number): AxisTaps {
  const count = step <= 1 ? 2 : Math.min(MAX_TAPS, Math.ceil(step))
  const positions = new Int32Array(size * count)
  const weights = new Float32Array(size * count)
  for (let i = 0; i < size; i++) {
    if (step <= 1) {
      const centre = origin + (i + 0.5) * step
      if (centre < 0 || centre >= limit) continue
      // Half-pixel centres; the edge pixels reach up to the frame's edge.
      const position = Math.max(0, centre - 0.5)
      const low = Math.floor(position)
      positions[2 * i] = low
      positions[2 * i + 1] = Math.min(limit - 1, low + 1)
      weights[2 * i] = 1 - (position - low)
      weights[2 * i + 1] = position - low
      continue
    }
    for (let tap = 0; tap < count; tap++) {
      const position = Math.floor(origin + (i + (tap + 0.5) / count) * step)
      if (position < 0 || position >= limit) continue
      positions[i * count + tap] = position
      weights[i * count + tap] = 1 / count
    }
  }
  return { count, positions, weights }
}

/** One row of the input as interleaved RGB, 0..255. */
function sampleRow(frame: Frame, columns: AxisTaps, rows: AxisTaps, y: number, pixels: Float32Array): void {
  const { data, channels, width } = frame
  pixels.fill(0)
  for (let j = y * rows.count; j < (y + 1) * rows.count; j++) {
    const down = rows.weights[j]!
    if (down === 0) continue
    const start = rows.positions[j]! * width
    let tap = 0
    for (let to = 0; to < pixels.length; to += 3) {
      let red = 0
      let green = 0
      let blue = 0
      for (let i = 0; i < columns.count; i++) {
        const at = (start + columns.positions[tap]!) * channels
        const across = columns.weights[tap]!
        red += data[at]! * across
        green += data[at + 1]! * across
        blue += data[at + 2]! * across
        tap++
      }
      pixels[to]! += red * down
      pixels[to + 1]! += green * down
      pixels[to + 2]! += blue * down
    }
  }
}
